import Addresses
import CredentialProtocol
import Secrets
import Testing

/// Known vulnerabilities of other helpers and their callers, with their numbers. keyfob must refuse each request, or
/// keep the two services separate.
@Suite struct `The security record` {
    private static let refused: [(id: String, request: String)] = [
        // A line break from an escape in a URL, which old versions of git and git-lfs passed on.
        ("CVE-2020-5260", "protocol=https\nhost=evil.example\nhost=github.com\n"),
        ("CVE-2020-5260", "url=https://evil.example/%0ahost=github.com\n"),
        ("CVE-2020-5260", "url=https://evil.example%0ahost=github.com/\n"),
        ("CVE-2024-53263", "protocol=https\nhost=evil.example\npath=a\nhost=github.com\nprotocol=https\n"),
        ("CVE-2024-53263", "protocol=https\nhost=evil.example\n\u{0}host=github.com\n"),
        // A missing value is not a wildcard.
        ("CVE-2020-11008", "protocol=https\nhost=\n"),
        ("CVE-2020-11008", "protocol=https\n"),
        ("CVE-2020-11008", "host=github.com\n"),
        ("CVE-2020-11008", "protocol=\nhost=github.com\n"),
        ("CVE-2020-11008", "url=https://\n"),
        ("CVE-2020-11008", "username=alice\npassword=x\n"),
        // A lone CR, which a text parser takes for a line end.
        ("CVE-2024-50338", "protocol=https\nhost=evil.example\rhost=github.com\n"),
        ("CVE-2024-50338", "protocol=https\nhost=evil.example\npath=a\rhost=github.com\n"),
        ("CVE-2024-50338", "protocol=https\nhost=evil.example\nwwwauth[]=Basic\rhost=github.com\n"),
        ("CVE-2024-52006", "url=https://evil.example/%0dhost=github.com\n"),
        ("CVE-2024-52006", "protocol=https\r\nhost=github.com\r\n\r\n"),
        // Characters that control a terminal.
        ("CVE-2024-50349", "protocol=https\nhost=github.com\u{1B}[2K.evil.example\n"),
        ("CVE-2024-50349", "protocol=https\nhost=github.com\nusername=a\u{08}b\n"),
        ("CVE-2024-50349", "url=https://a%1b%5b2K@github.com\n"),
        // CR and line separators, for a pattern with many line ends.
        ("CVE-2025-23040", "protocol=https\nhost=evil.example\r\nhost=github.com\n"),
        ("CVE-2025-23040", "protocol=https\nhost=evil.example\u{2028}host=github.com\n"),
        ("CVE-2025-23040", "protocol=https\nhost=evil.example\u{85}host=github.com\n"),
    ]

    @Test(arguments: refused)
    func `A known attack is refused in both dialects`(id: String, request: String) {
        for operation in Operation.allCases {
            #expect(throws: RequestError.self, "\(id)") { try git(request, operation) }
            #expect(throws: RequestError.self, "\(id)") { try line(request, operation) }
        }
    }

    @Test(arguments: [1_000, 1_023, 1_024, 1_025, 4_096, 65_000])
    func `A long challenge cannot smuggle a host (git 71201ab0)`(length: Int) throws {
        let challenge = String(repeating: "a", count: length) + "host=github.com"
        let request = try git("protocol=https\nhost=evil.example\nwwwauth[]=\(challenge)\n")
        #expect(request.host == "evil.example")
        #expect(request.wwwauth == [challenge])
    }

    @Test func `A challenge over the limit makes the request invalid and is not read further (git 71201ab0)`() {
        let challenge = String(repeating: "a", count: 65_536)
        #expect(throws: RequestError.lineTooLong(line: 3)) {
            try git("protocol=https\nhost=evil.example\nwwwauth[]=\(challenge)\nhost=github.com\n")
        }
    }

    @Test(arguments: [
        "protocol=https\nhost=github.com.evil.example\n", "protocol=https\nhost=evil-github.com\n",
        "protocol=https\nhost=github.com:8443\n", "protocol=http\nhost=github.com\n",
        "protocol=https\nhost=evil.example\npath=github.com\n",
        "protocol=https\nhost=evil.example\nusername=github.com\n",
    ])
    func `No other host gets the token of a host (CVE-2024-53858)`(request: String) throws {
        let service = try ServiceURL("https://github.com")
        let other = try #require(try git(request).url)
        #expect(!service.contains(other))
    }

    @Test(arguments: Array(UInt8(0)...UInt8(0x1F)) + [0x7F], ["protocol", "host", "path", "username", "wwwauth[]"])
    func `A control character in any attribute reveals nothing`(byte: UInt8, name: String) {
        guard !(name == "wwwauth[]" && byte == 0x09), byte != 0x0A else { return }
        let input = Array("protocol=https\nhost=github.com\n\(name)=https".utf8) + [byte, UInt8(ascii: "\n")]
        #expect(throws: RequestError.forbiddenByte(line: 3, byte: byte)) {
            try GitDialect().decode(input, for: .get)
        }
        #expect(throws: RequestError.forbiddenByte(line: 3, byte: byte)) {
            try LineDialect().decode(input, for: .get)
        }
    }
}
