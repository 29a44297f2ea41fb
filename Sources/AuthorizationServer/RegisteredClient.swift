package import Secrets

/// A client as it was registered (RFC 7591 section 2): its id, where its answers go, and how it proves itself.
package struct RegisteredClient: Sendable {
    package var id: String
    /// Compared as strings; on loopback the port is left out of the comparison (RFC 8252 section 7.3).
    package var redirectURIs: [String]
    /// nil for a public client, which says `client_id` in the body and proves nothing.
    package var secret: Secret?
    /// What the sign-in page calls it.
    package var name: String

    package init(id: String, redirectURIs: [String], secret: Secret? = nil, name: String? = nil) {
        self.id = id
        self.redirectURIs = redirectURIs
        self.secret = secret
        self.name = name ?? id
    }

    /// The client of the demo: public, answers on loopback at `/callback`.
    package static let demo = RegisteredClient(
        id: "keyfob-demo",
        redirectURIs: ["http://127.0.0.1/callback", "http://[::1]/callback", "http://localhost/callback"],
        name: "keyfob")
}
