import CredentialProtocol
import Dialects
import FoundationEssentials
import Testing

@testable import Import

/// The logins that docker and podman store in a file.
@Suite struct `A docker configuration` {
    private static let entryForm = Findings.Reason.malformed("a registry with user name and password")
    private static let fileForm = Findings.Reason.malformed("an object in JSON with auths")

    private func read(_ bytes: [UInt8]) -> Findings {
        var findings = Findings()
        DockerLogins.read(bytes, file: "f", registry: { try? CredentialRequest(registry: $0) }, &findings)
        return findings
    }

    private func read(_ registry: String, _ login: String) -> Findings {
        read(Array(#"{"auths": {"\#(registry)": \#(login)}}"#.utf8))
    }

    private static func auth(_ text: String) -> String { #"{"auth": "\#(Data(text.utf8).base64EncodedString())"}"# }

    @Test func `holds user name and password in base64, which docker may pad with NUL`() {
        let findings = read("registry.example.com", Self.auth("alice:se:cret\0\0"))
        #expect(Found(findings).credentials == ["https://registry.example.com alice:se:cret"])
        #expect(findings.credentials.map(\.kind) == [.password])
    }

    @Test func `may hold an identity token, which replaces the password`() {
        let findings = read("registry.example.com", #"{"auth": "", "identitytoken": "t"}"#)
        #expect(Found(findings).credentials == ["https://registry.example.com <token>:t"])
        #expect(findings.credentials.map(\.kind) == [.token])
    }

    @Test func `holds an empty object for each registry that has a credential helper`() {
        #expect(read("registry.example.com", "{}") == Findings())
    }

    @Test(
        arguments: [
            ("a b", auth("a:b")), ("no-colon.example.com", auth("abc")), ("not64.example.com", #"{"auth": "%%%"}"#),
            ("control.example.com", auth("a:b\nc")), ("http://plain.example.com", auth("a:b")),
        ])
    func `may hold a login that is not taken`(_ registry: String, _ login: String) {
        let findings = read(registry, login)
        #expect(findings.credentials.isEmpty)
        #expect(findings.problems.map(\.reason) == [Self.entryForm])
    }

    @Test(arguments: ["", "{", "[]", #"{"auths": []}"#, #"{"auths": {"a": "b"}}"#])
    func `is an object in JSON with auths`(_ text: String) {
        #expect(read(Array(text.utf8)).problems.map(\.reason) == [Self.fileForm])
        #expect(read([0xFF]).problems.map(\.reason) == [Self.fileForm])
        #expect(read(Array(#"{"a": 1}"#.utf8)) == Findings())
    }
}
