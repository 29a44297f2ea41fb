import Addresses
import Forwarding
import Testing

/// The values of `--allow`.
@Suite struct AllowanceTests {
    @Test(arguments: [
        ("https://git.example.com", nil as String?), ("https://git.example.com:8443/group", nil),
        ("https://alice@git.example.com/group", "alice"), ("http://localhost:3000", nil),
    ])
    func `The URL of a service is read, and written as it was`(text: String, username: String?) throws {
        let allowance = try #require(Allowance(text))
        #expect(allowance.username == username)
        #expect(allowance.text == text)
    }

    @Test(arguments: [
        "", "git.example.com", "https://", "ftp://git.example.com", "https://alice:secret@git.example.com",
        "https://@git.example.com", "https://a@b@git.example.com", "https://git.example.com/../x",
        "https://git.example.com/?q", "https://git.example.com\n", "https://git.example.com/%2Fx",
    ])
    func `Everything else is refused`(text: String) {
        #expect(Allowance(text) == nil)
    }
}
