import Files
import Glibc
import Testing

struct WritingTests {
    @Test func `A replaced file has the new content and the given mode, and no temporary file is left`() throws {
        try withDirectory { path throws in
            let directory = try OpenFile(directory: path)
            // A process that was killed has left this file.
            try OpenFile(making: path + "/file.new").write([9])
            for content: [UInt8] in [[1, 2], [3]] {
                try directory.replace("file", with: content, .init(mode: 0o640), temporary: "file.new")
                let file = try OpenFile(reading: path + "/file")
                #expect(try file.bytes(upTo: 10) == content)
                #expect(try file.status().mode == 0o640)
                #expect(OwnDirectory.names(in: path).filter { !$0.hasPrefix(".") } == ["file"])
            }
        }
    }

    @Test func `A replacement that fails leaves the old content and no temporary file`() throws {
        try withDirectory { path throws in
            let directory = try OpenFile(directory: path)
            unsafe #expect(mkdir(path + "/file", 0o700) == 0)
            #expect(throws: FileError(path + "/file", .system(EISDIR))) {
                try directory.replace("file", with: [1], .init(mode: 0o600), temporary: "file.new")
            }
            #expect(OwnDirectory.names(in: path).filter { !$0.hasPrefix(".") } == ["file"])
        }
    }

    @Test func `A lock is held by one open file at a time`() throws {
        try withDirectory { path throws in
            let (one, other) = (try OpenFile(directory: path), try OpenFile(directory: path))
            #expect(try one.tryLock())
            #expect(try !other.tryLock())
            one.unlock()
            #expect(try other.tryLock())
        }
    }

    @Test func `The first byte of a file is set, replaced and removed`() throws {
        try withDirectory { path throws in
            let file = try OpenFile(directory: path).changing("mark")
            #expect(file.firstByte == nil)
            for byte: UInt8? in [0x21, 0x7E, nil] {
                file.firstByte = byte
                #expect(file.firstByte == byte)
            }
        }
    }

    @Test func `Missing directories are made for this user alone`() throws {
        try withDirectory { path throws in
            try OwnDirectory.make(path + "/a/b")
            #expect(try FileStatus(of: path + "/a").mode == 0o700)
            try OwnDirectory.refuseObstacle(to: path + "/a/b")
            #expect(throws: FileError(path + "/x/y", .system(ENOENT))) {
                try OwnDirectory.refuseObstacle(to: path + "/x/y")
            }
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a directory to another user"))
    func `Nothing is made in a directory of another user`() throws {
        try withDirectory { path throws in
            unsafe #expect(chown(path, 65_534, 65_534) == 0)
            #expect(throws: FileError(path, .ofAnotherUser(65_534))) { try OwnDirectory.make(path + "/a/b") }
            #expect(!Paths.exists(path + "/a"))
        }
    }

    @Test(arguments: [0, 65_536, 1_048_576]) func `A pipe holds all bytes before anybody reads`(count: Int) throws {
        let bytes = [UInt8](repeating: 7, count: count)
        let end = try #require(Descriptors.pipe(holding: bytes))
        defer { close(end) }
        var (read, buffer): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 65_536))
        while let piece = Descriptors.read(end, &buffer), !piece.isEmpty { read += piece }
        #expect(read == bytes)
        #expect(Descriptors.pipe(holding: [UInt8](repeating: 7, count: 1_048_577)) == nil)
    }

    @Test func `Writing to a descriptor that does not block waits until it is ready`() async throws {
        var ends: [CInt] = [-1, -1]
        unsafe #expect(pipe(&ends) == 0)
        for end in ends { #expect(fcntl(end, F_SETFL, O_NONBLOCK) == 0) }
        let (reading, writing) = (ends[0], ends[1])
        defer { close(reading) }
        let bytes = [UInt8](repeating: 7, count: 1_000_000)  // More than a pipe holds
        let writer = Task.detached { (Descriptors.write(bytes, to: writing), close(writing)) }
        var (read, buffer): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 65_536))
        while let piece = Descriptors.read(reading, &buffer), !piece.isEmpty { read += piece }
        #expect(read == bytes)
        #expect(await writer.value == (true, 0))
    }

    @Test(arguments: [("/a/b", "/a", "b"), ("/a", "/", "a"), ("a", ".", "a"), ("/a/\u{301}b", "/a", "\u{301}b")])
    func `A path is cut at its last slash, by its bytes`(path: String, parent: String, name: String) {
        #expect(Array(Paths.parent(of: path).utf8) == Array(parent.utf8))
        #expect(Array(Paths.name(of: path).utf8) == Array(name.utf8))
    }
}

/// Passes a new directory of this user to `body`, and deletes it afterwards.
func withDirectory(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/keyfob-files-XXXXXX".utf8CString)
    try #require(unsafe mkdtemp(&template) != nil)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
        for directory in [path + "/a/b", path + "/a", path + "/file"] { unsafe rmdir(directory) }
        for name in OwnDirectory.names(in: path) { unsafe unlink(path + "/" + name) }
        unsafe rmdir(path)
    }
    try body(path)
}
