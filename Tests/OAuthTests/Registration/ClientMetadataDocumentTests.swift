import Addresses
import FoundationEssentials
import Testing

@testable import OAuth

@Suite struct `The address of a client id metadata document` {
    @Test(arguments: [
        "https://keyfob.example/client.json", "https://keyfob.example/a/b/", "https://keyfob.example:8443/client",
        "https://keyfob.example/.well-known/client", "https://keyfob.example/a..b/...",
    ])
    func `is a client id`(url: String) throws {
        #expect(try ClientMetadataDocument.clientID(url).string == url)
    }

    @Test(arguments: [
        "", "keyfob", "http://keyfob.example/client", "http://127.0.0.1/client", "https://keyfob.example",
        "https://keyfob.example/", "https://keyfob.example/client#a", "https://keyfob.example/client?a=b",
        "https://u@keyfob.example/client", "https://u:p@keyfob.example/client", "https://keyfob.example/./client",
        "https://keyfob.example/a/../client", "https://keyfob.example/a/%2E%2e/client", "https://keyfob.example/a/..",
        "https://{host}/client", "https://169.254.169.254/client", "//keyfob.example/client", "/client",
    ])
    func `is not a client id`(url: String) {
        #expect(throws: OAuthError.invalidClientMetadataDocument(url: url)) {
            try ClientMetadataDocument.clientID(url)
        }
    }
}

/// The requirements of servers for the shipped document, at any URL.
@Suite struct `The client id metadata document` {
    private struct Document: Decodable {
        var client_id: String
        var client_name: String
        var application_type: String
        var redirect_uris: [String]
        var grant_types: [String]
        var response_types: [String]
        var token_endpoint_auth_method: String
    }

    private static func contents() throws -> Data {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        return try Data(contentsOf: URL(filePath: "/\(root)/Sources/OAuth/Registration/client-metadata.json"))
    }

    private static func document() throws -> Document {
        try JSONDecoder().decode(Document.self, from: contents())
    }

    @Test func `has only members of the draft, each once, and is small`() throws {
        let contents = try Self.contents()
        #expect(contents.count <= 5_000)
        _ = try JSONObject(Array(contents))
        let members = try JSONDecoder().decode([String: Anything].self, from: contents).keys.sorted()
        #expect(
            members == [
                "application_type", "client_id", "client_name", "grant_types", "redirect_uris", "response_types",
                "token_endpoint_auth_method",
            ])
    }

    @Test func `names its own address, except for the distributor's host`() throws {
        let address = try Self.document().client_id
        #expect(throws: OAuthError.invalidClientMetadataDocument(url: address)) {
            try ClientMetadataDocument.clientID(address)
        }
        let parts = address.split(separator: "{host}", omittingEmptySubsequences: false)
        try #require(parts.count == 2)
        let hosted = parts.joined(separator: "downloads.example.org")
        #expect(try ClientMetadataDocument.clientID(hosted).host == "downloads.example.org")
        #expect(hosted.hasSuffix("/client-metadata.json"))
    }

    @Test func `describes keyfob as a client`() throws {
        let document = try Self.document()
        #expect(document.client_name == ClientMetadata.clientName)
        #expect(document.application_type == "native")
        #expect(document.response_types == ["code"])
        #expect(document.grant_types == ClientMetadata.browserGrantTypes)
        // A secret that everybody can read protects nothing. Sections 4.1 and 6.2 of the draft forbid methods that need
        // one.
        #expect(document.token_endpoint_auth_method == ClientAuthentication.none.rawValue)
    }

    @Test func `lists loopback without a port, and with each port that keyfob tries`() throws {
        let uris = try Self.document().redirect_uris
        #expect(uris.allSatisfy { (try? RedirectTemplate($0)) != nil })
        #expect(Set(uris).count == uris.count)
        let redirect = ClientMetadataDocument.redirect
        let ours = [RedirectTemplate.loopback.uri(port: nil)] + redirect.ports.map { redirect.uri(port: $0) }
        #expect(uris == ours + ["http://localhost/callback"])
        // Linux uses ports from 32,768 up for temporary ports, and reserves those below 1,024 for root.
        #expect(redirect.ports.count >= 2 && redirect.ports.allSatisfy { (1_024..<32_768).contains($0) })
    }

    private struct Anything: Decodable {
        init(from decoder: any Decoder) {}
    }
}
