import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Processes

@Suite struct `The search for programs` {
    @Test(
        arguments: [
            ("/a:/b", ["/a", "/b"]), ("/a:relative:/b", ["/a", "/b"]), (":/a", ["/a"]), ("/a:", ["/a"]),
            ("/a::/b", ["/a", "/b"]),
            (".:..:./x:~/bin", []),
            ("", ["/usr/local/bin", "/usr/bin", "/bin"]), (nil, ["/usr/local/bin", "/usr/bin", "/bin"]),
        ] as [(String?, [String])])
    func `looks only in absolute directories, never in the working directory`(_ path: String?, _ directories: [String])
    {
        #expect(ExecutableSearch(path: path).directories == directories)
    }

    @Test func `finds the first executable file of that name`() async throws {
        try await withTemporaryDirectory { directory in
            for name in ["a", "b", "c"] {
                try FileManager.default.createDirectory(
                    atPath: "\(directory)/\(name)", withIntermediateDirectories: false)
            }
            try FileManager.default.createDirectory(atPath: "\(directory)/a/tool", withIntermediateDirectories: false)
            try write("", to: directory + "/b/tool")
            try write("", to: directory + "/c/tool")
            unsafe chmod(directory + "/c/tool", 0o755)
            let search = ExecutableSearch(path: "\(directory)/a:\(directory)/b:\(directory)/c")
            #expect(search.path(of: "tool") == directory + "/c/tool")
            #expect(search.path(of: "other") == nil)
            #expect(search.path(of: "") == nil)
            #expect(search.path(of: ".") == nil)
            #expect(search.path(of: "..") == nil)
            // An absolute path is returned if it is executable, a relative path never
            #expect(search.path(of: directory + "/c/tool") == directory + "/c/tool")
            #expect(search.path(of: directory + "/b/tool") == nil)
            #expect(search.path(of: directory + "/a/tool") == nil)
            #expect(search.path(of: "c/tool") == nil)
            #expect(search.path(of: "./tool") == nil)
        }
    }

    @Test(.counted(.hostileNeighbours)) func `never finds a file in the working directory`() async throws {
        try await withTemporaryDirectory { directory in
            try write("", to: directory + "/tool")
            unsafe chmod(directory + "/tool", 0o755)
            await #expect(processExitsWith: .success) { [directory = directory as String] in
                let status = unsafe chdir(directory)
                #expect(status == 0)
                for path in [nil, "", ".", ":", "/usr/bin:", ":/usr/bin", "./:."] {
                    let search = ExecutableSearch(path: path)
                    #expect(search.path(of: "tool") == nil)
                    #expect(search.path(of: "./tool") == nil)
                }
            }
        }
    }
}
