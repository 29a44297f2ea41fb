import Addresses
import CredentialProtocol
import TestSupport
import Testing

@testable import KeyfobCore

/// The service whose sign-in answers for a mail server.
@Suite struct `Mail servers` {
    private static let file = """
        [host."https://mail.example.com"]
        issuer = "https://l.example.com"
        mail = ["smtp.example.com:587", "imap.example.com", "[::1]:2525"]

        [host."https://mail.google.com"]
        client_id = "mine"

        [host."https://git.example.com"]
        issuer = "https://l.example.com"
        """

    private func service(_ protocolName: String, _ host: String, in file: String = file) throws -> String? {
        let configuration = try TOMLConfiguration(file, file: "f").decode()
        let request = CredentialRequest(protocolName: protocolName, host: host, username: "alice@example.com")
        return try AccountDirectory(configuration: configuration).configuredAccount(for: request)?.service.description
    }

    static let requests: [(String, String, String?)] = [
        ("smtp", "smtp.example.com:587", "https://mail.example.com"),
        ("SMTP", "SMTP.example.com:587", "https://mail.example.com"),
        ("imap", "imap.example.com", "https://mail.example.com"),
        ("imaps", "imap.example.com:1993", "https://mail.example.com"),
        ("smtps", "[::1]:2525", "https://mail.example.com"),
        ("smtp", "smtp.gmail.com:465", "https://mail.google.com"),
        ("imaps", "imap.gmail.com", "https://mail.google.com"),
        // Another port, and the port of the protocol
        ("smtp", "smtp.example.com:25", nil), ("smtp", "smtp.example.com", nil), ("smtps", "smtp.example.com", nil),
        // Another host, a part of a name, another protocol, a service without mail
        ("smtp", "example.com:587", nil), ("smtp", "xsmtp.example.com:587", nil), ("imap", "a.imap.example.com", nil),
        ("imap", "imap.example.com.", nil), ("smtp", "smtp.example.com:587:1", nil), ("smtp", "", nil),
        ("ftp", "imap.example.com", nil), ("cert", "imap.example.com", nil), ("pop3", "imap.example.com", nil),
        // What git's curl would read as another host, and what is no port
        ("imap", "imap.example.com:pw@evil.example:143", nil), ("imap", "imap.example.com:@evil.example", nil),
        ("imap", "imap.example.com:", nil), ("imap", "imap.example.com:0", nil), ("imap", "imap.example.com:x", nil),
        ("imap", "imap.example.com:99999", nil), ("imap", "imap.example.com:0143", nil),
        ("imap", "imap.example.com:1/x", nil), ("imap", "imap.example.com:1 x", nil),
        ("imap", "imap.example.com#a", nil),
        ("imap", "imap.example.com:1#a", nil), ("imap", "imap.example.com/x", nil), ("imap", "x@imap.example.com", nil),
        ("imap", "imap.gmail.com:x@evil.example", nil), ("imap", "imap.example.com?x", nil),
        ("smtp", "smtp.office365.com:587", nil), ("smtp", "git.example.com", nil), ("smtp", "mail.google.com", nil),
    ]

    @Test(arguments: requests)
    func `have the sign-in of the service that lists them`(
        _ protocolName: String, _ host: String, _ expected: String?
    ) throws {
        #expect(try service(protocolName, host) == expected)
    }

    @Test func `that a file lists replace those of the known host`() throws {
        let file = "[host.\"https://mail.google.com\"]\nclient_id = \"mine\"\nmail = [\"smtp.gmail.com:465\"]\n"
        #expect(try service("smtp", "smtp.gmail.com:465", in: file) == "https://mail.google.com")
        #expect(try service("smtp", "smtp.gmail.com:587", in: file) == nil)
        #expect(try service("imaps", "imap.gmail.com:993", in: file) == nil)
    }

    @Test(arguments: KnownHost.rows.filter { !$0.mailServers.isEmpty })
    func `of a known host are names, each listed once`(_ row: KnownHost) {
        let all = KnownHost.rows.flatMap(\.mailServers)
        #expect(row.mailServers.allSatisfy { (try? EndpointURL("https://" + $0))?.authority == $0 })
        #expect(Set(all).count == all.count)
    }

    @Test func `name the user of the sign-in`() throws {
        let configuration = try TOMLConfiguration(Self.file, file: "f").decode()
        let request = CredentialRequest(
            protocolName: "smtp", host: "smtp.gmail.com:465", username: "alice@gmail.com")
        let account = try #require(try AccountDirectory(configuration: configuration).configuredAccount(for: request))
        #expect(account.name == "alice@gmail.com")
        #expect(account.nameSource == .url)
        #expect(account.scopes == ["https://mail.google.com/"])
    }
}
