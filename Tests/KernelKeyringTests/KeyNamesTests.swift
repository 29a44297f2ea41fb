import Glibc
import KernelKeyring
import Testing

/// The names that lead from a request to its account.
@Suite struct `The names of keys` {
    private static func route(
        _ scheme: String = "https", _ host: String = "h", path: String? = nil, username: String? = nil,
        stamp: UInt64 = 1
    ) -> String? {
        KeyNames.route(protocol: scheme, host: host, path: path, username: username, stamp: stamp)
    }

    @Test func `Different requests have different names`() throws {
        let questions: [String?] = [
            Self.route(), Self.route("http"), Self.route("https", "h:1"), Self.route(stamp: 2), Self.route("https", ""),
            // An empty value is not the same as none
            Self.route(path: ""), Self.route(username: ""), Self.route(path: "", username: ""),
            // The value of one attribute in another one
            Self.route(path: "x"), Self.route(username: "x"), Self.route(path: "x", username: "x"),
            Self.route(path: "user x"), Self.route(username: "path x"), Self.route("https", "h user x"),
            Self.route("https", "h path x"), Self.route("httpsh", ""), Self.route(username: "x path x"),
            Self.route(path: "x user x"), Self.route("https", "h", path: "user x", username: "path x"),
        ]
        let names = try questions.map { try #require($0) }
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: ["\t", "\n", "\u{0}", "\r", "\u{1F}"])
    func `A request with a control character has no name, because it could look like another request`(
        _ character: String
    ) {
        #expect(Self.route(path: "a\(character)b") == nil)
        #expect(Self.route(username: "a\(character)path b") == nil)
        #expect(Self.route("https", "h\(character)user a") == nil)
        #expect(Self.route("https\(character)", "h") == nil)
    }

    @Test func `A request that is too long for a description has no name`() throws {
        let longest = (1...4096).last { Self.route(path: String(repeating: "a", count: $0)) != nil }
        let length = try #require(longest)
        #expect(length > 3900)
        #expect(try #require(Self.route(path: String(repeating: "a", count: length))).utf8.count < 4096)
        #expect(Self.route(path: String(repeating: "\u{FC}", count: length / 2 + 1)) == nil)
    }

    @Test func `A token and a route never have the same name`() {
        #expect(KeyNames.token(account: "abc") == "token:abc")
        #expect(Self.route()?.hasPrefix("route:") == true)
    }

    @Test(
        arguments: [
            (["XDG_CONFIG_HOME": "/x", "HOME": "/h"], ["/x/keyfob/config.toml"]),
            (["HOME": "/h"], ["/h/.config/keyfob/config.toml"]),
            // The XDG Base Directory Specification: a relative path is invalid and ignored
            (["XDG_CONFIG_HOME": "x", "HOME": "/h"], ["/h/.config/keyfob/config.toml"]),
            (["XDG_CONFIG_HOME": "", "HOME": "/h"], ["/h/.config/keyfob/config.toml"]),
            (["HOME": "h"], []), ([:], []),
        ] as [([String: String], [String])])
    func `The user's configuration comes before the machine's`(
        _ environment: [String: String], _ files: [String]
    ) {
        #expect(
            KeyNames.configurationFiles { environment[$0] }.prefix { !$0.hasSuffix("approved.toml") }
                == (files + ["/etc/keyfob/config.toml"])[...])
    }

    @Test(
        arguments: [
            (["XDG_STATE_HOME": "/s", "HOME": "/h"], "/s/keyfob/approved.toml"),
            (["HOME": "/h"], "/h/.local/state/keyfob/approved.toml"),
            (["XDG_STATE_HOME": "s", "HOME": "/h"], "/h/.local/state/keyfob/approved.toml"),
            (["HOME": "h"], nil), ([:], nil),
        ] as [([String: String], String?)])
    func `The file that keyfob writes comes last`(_ environment: [String: String], _ file: String?) {
        #expect(KeyNames.approvals { environment[$0] } == file)
        if let file { #expect(KeyNames.configurationFiles { environment[$0] }.last == file) }
    }
}

/// The stamp makes an edit of the configuration effective at once.
@Suite struct `The stamp of the configuration` {
    /// Runs `body` with two names in a temporary directory.
    private func withFiles(_ body: (String, String) throws -> Void) throws {
        var template = Array("/tmp/keyfob-stamp-XXXXXX".utf8CString)
        let directory = try #require(unsafe mkdtemp(&template).map { unsafe String(cString: $0) })
        let (first, second) = (directory + "/first", directory + "/second")
        defer {
            for file in [first, second] { unsafe unlink(file) }
            unsafe rmdir(directory)
        }
        try body(first, second)
    }

    private func write(_ text: String, to file: String) throws {
        guard let stream = unsafe fopen(file, "w") else {
            Issue.record("\(file) cannot be written")
            return
        }
        defer { unsafe fclose(stream) }
        unsafe fputs(text, stream)
    }

    /// Sets the modification time, so that only the time differs, or nothing.
    private func touch(_ file: String, _ seconds: Int) {
        let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        unsafe utimensat(AT_FDCWD, file, times, 0)
    }

    @Test func `stays the same while no file changes`() throws {
        try withFiles { first, second in
            try write("a", to: first)
            #expect(KeyNames.stamp(of: [first, second]) == KeyNames.stamp(of: [first, second]))
        }
    }

    @Test func `changes when a file is created, grows, is touched, replaced or removed`() throws {
        try withFiles { first, second in
            var stamps = [KeyNames.stamp(of: [first, second])]
            try write("a", to: first)
            touch(first, 1000)
            stamps.append(KeyNames.stamp(of: [first, second]))
            try write("ab", to: first)
            touch(first, 1000)
            stamps.append(KeyNames.stamp(of: [first, second]))
            touch(first, 1001)
            stamps.append(KeyNames.stamp(of: [first, second]))
            try write("cd", to: second)
            touch(second, 1001)
            stamps.append(KeyNames.stamp(of: [first, second]))
            // Many editors save like this: the new file has the same size and time
            unsafe rename(second, first)
            stamps.append(KeyNames.stamp(of: [first, second]))
            #expect(Set(stamps).count == stamps.count)
            unsafe unlink(first)
            #expect(KeyNames.stamp(of: [first, second]) == stamps[0])
        }
    }

    @Test func `distinguishes two files`() throws {
        try withFiles { first, second in
            try write("a", to: first)
            #expect(KeyNames.stamp(of: [first, second]) != KeyNames.stamp(of: [second, first]))
        }
    }
}
