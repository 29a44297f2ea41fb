package import Addresses
package import CredentialProtocol
import Secrets

/// What a question from another machine asks for, as far as the user decides about it.
package struct Wish: Sendable, Hashable {
    package var service: ServiceURL
    /// The user that the question names; nil for the user of the default sign-in.
    package var username: String?
    /// The scopes that the question names, also by the challenge of a service, in the order of their bytes.
    package var scopes: [String]
    /// The resource that the token would be for (RFC 8707); nil for that of the sign-in.
    package var resource: String?

    package init(service: ServiceURL, username: String? = nil, scopes: [String] = [], resource: String? = nil) {
        (self.service, self.username, self.resource) = (service, username, resource)
        self.scopes = Set(scopes).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Returns nil if no user can decide about the request: its service is not one of http or https, or its path can be
    /// read in more than one way.
    package init?(_ request: CredentialRequest) {
        guard let service = request.url, !service.isAmbiguous else { return nil }
        // The service would get a token with these scopes (CredentialHelper).
        let challenge = AuthenticationChallenge.bearer(in: request.wwwauth)
        let challenged = challenge?.error == "insufficient_scope" ? challenge?.scope ?? [] : []
        self.init(
            service: service, username: request.username.flatMap { $0.isEmpty ? nil : $0 },
            scopes: request.scope + challenged, resource: request.resource)
    }
}

/// A service that questions of one forward may be about.
package struct Allowance: Sendable, Hashable {
    package var service: ServiceURL
    /// The user that questions may name; nil if they may name none.
    package var username: String?
    /// The scopes that questions may name. Any question may name none.
    package var scopes: [String]
    package var resource: String?

    package init(service: ServiceURL, username: String? = nil, scopes: [String] = [], resource: String? = nil) {
        (self.service, self.username, self.scopes, self.resource) = (service, username, scopes, resource)
    }

    /// The allowance that a yes to `wish` means: no other path, user, scope or resource.
    package init(_ wish: Wish) {
        self.init(service: wish.service, username: wish.username, scopes: wish.scopes, resource: wish.resource)
    }

    /// Reads the value of `--allow`: `https://host[:port][/path]`, or `https://user@host...` for the sign-in of one user.
    package init?(_ text: String) {
        guard let scheme = Array(text.utf8).place(of: Array("://".utf8)) else { return nil }
        let bytes = Array(text.utf8)
        let authorityEnd = bytes[scheme.upperBound...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.endIndex
        let authority = bytes[scheme.upperBound..<authorityEnd]
        guard let at = authority.firstIndex(of: UInt8(ascii: "@")) else {
            guard let service = try? ServiceURL(text) else { return nil }
            self.init(service: service)
            return
        }
        let username = String(decoding: bytes[scheme.upperBound..<at], as: UTF8.self)
        let bare = String(decoding: bytes[..<scheme.upperBound] + bytes[(at + 1)...], as: UTF8.self)
        guard !username.isEmpty, !username.holds(":"), let service = try? ServiceURL(bare) else { return nil }
        self.init(service: service, username: username)
    }

    /// The value of `--allow`.
    package var text: String {
        guard let username else { return service.description }
        return service.scheme + "://" + username + "@" + service.description.dropFirst(service.scheme.utf8.count + 3)
    }

    /// Whether this allowance covers `wish`.
    ///
    /// - Parameter names: user names that are as good as none.
    package func covers(_ wish: Wish, namesOfAll names: Set<String>) -> Bool {
        let isUser =
            wish.username.map { name in username.map { $0.isSame(as: name) } ?? names.contains(name) } ?? true
        return service.contains(wish.service) && isUser && wish.scopes.allSatisfy(scopes.holdsSame)
            && (wish.resource == nil || wish.resource == resource)
    }
}
