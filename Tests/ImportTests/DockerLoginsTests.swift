import CredentialProtocol
import Dialects
import FoundationEssentials
import Secrets
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
            ("control.example.com", auth("a\nb:c")), ("nobody.example.com", auth(":c")),
            ("odd.example.com", #"{"auth": 1}"#), ("text.example.com", #""YTpi""#),
            ("http://plain.example.com", auth("a:b")),
        ])
    func `may hold a login that is not taken`(_ registry: String, _ login: String) {
        let findings = read(registry, login)
        #expect(findings.credentials.isEmpty)
        #expect(findings.problems.map(\.reason) == [Self.entryForm])
        #expect(findings.problems.map(\.place.entry) == [registry])
    }

    @Test(arguments: ["1", "null", "[]", #""text""#, #"{"auth": 1}"#, #"{"username": []}"#, #"{"identitytoken": {}}"#])
    func `may hold an odd entry beside others`(_ odd: String) {
        let text = #"{"auths": {"a.example.com": \#(odd), "b.example.com": \#(Self.auth("u:p"))}}"#
        let findings = read(Array(text.utf8))
        #expect(Found(findings).credentials == ["https://b.example.com u:p"])
        #expect(findings.problems.map(\.place.entry) == (odd == "null" ? [] : ["a.example.com"]))
    }

    @Test func `may hold a secret with several lines, which is taken whole`() {
        let findings = read("registry.example.com", Self.auth("_json_key:{\n  \"a\": 1\n}\n"))
        #expect(findings.credentials.map(\.request.password?.exposedText) == ["{\n  \"a\": 1\n}\n"])
        #expect(findings.problems.isEmpty)
    }

    @Test(arguments: ["", "{", "[]", #"{"auths": []}"#])
    func `is an object in JSON with auths`(_ text: String) {
        #expect(read(Array(text.utf8)).problems.map(\.reason) == [Self.fileForm])
        #expect(read([0xFF]).problems.map(\.reason) == [Self.fileForm])
        #expect(read(Array(#"{"a": 1}"#.utf8)) == Findings())
    }
}
