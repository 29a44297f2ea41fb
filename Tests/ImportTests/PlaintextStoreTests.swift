import CredentialProtocol
import Secrets
import Testing

@testable import Import

/// The file of git-credential-store.
@Suite struct `A file of git-credential-store` {
    private func read(_ bytes: [UInt8]) -> Findings {
        var findings = Findings()
        PlaintextStore.read(bytes, file: "f", &findings)
        return findings
    }

    @Test func `holds one URL on each line, percent-encoded`() {
        let found = Found(read(Array("https://al%40ice:p%2Fw@git.example.com:8443/a%20b.git\r\n\n# a comment\n".utf8)))
        #expect(found.credentials == ["https://git.example.com:8443/a b.git al@ice:p/w"])
        #expect(found.problems.isEmpty)
    }

    @Test(arguments: [
        "not a URL", "https://nobody@two.example.com", "https://a:%00b@three.example.com",
        "https://a:b%0ahost=evil.example.com@four.example.com", "https://a:b\u{1B}[31m@six.example.com",
        "https://a%1b%5b31m:b@seven.example.com", "://a:b@example.com",
    ])
    func `may hold a line that is not taken; the problem has its number`(_ line: String) {
        let findings = read(Array("\nhttps://a:b@one.example.com\n\(line)\nhttps://last:b@eight.example.com".utf8))
        #expect(Found(findings).credentials == ["https://one.example.com a:b", "https://eight.example.com last:b"])
        #expect(findings.problems.map(\.place.line) == [3])
        #expect(findings.problems.map(\.reason) == [.malformed("a URL with user name and password")])
    }

    @Test func `may hold a password that is not UTF-8`() {
        let findings = read(Array("https://a:".utf8) + [0xFF, 0xFE] + Array("@five.example.com\n".utf8))
        #expect(findings.credentials.map(\.request.password) == [Secret([0xFF, 0xFE])])
    }

    @Test func `may name a service and user twice; the first line counts`() {
        let findings = read(Array("https://a:1@one.example.com\nhttps://a:2@ONE.example.com:443\n".utf8))
        #expect(Found(findings).credentials == ["https://one.example.com a:1"])
        #expect(findings.problems == [.init(place: .init(file: "f", line: 2), reason: .repeated)])
    }
}
