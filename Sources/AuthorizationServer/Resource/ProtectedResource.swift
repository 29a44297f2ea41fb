/// A resource that stands on the server's own origin and takes its tokens: what a client asks first, and what tells it
/// where to sign in (RFC 9728).
package struct ProtectedResource: Sendable {
    /// The path on the origin, for instance `/mcp`; the resource's URL is the origin and this.
    package var path: String
    /// The scopes without which a token is answered 403 (RFC 6750 section 3.1).
    package var requiredScopes: Set<String> = []
    /// The `WWW-Authenticate` fields of a 401, as they go over the wire; nil: one `Bearer` challenge that names the
    /// metadata.
    package var challenges: [String]?
    /// The same for a 403; nil: `insufficient_scope` with the scopes that are required.
    package var scopeChallenges: [String]?
    /// Where the metadata stand on the origin; nil: the well-known place with the path inserted (section 3.1).
    package var metadataPlaces: [String]?
    /// Members that replace or join those of the metadata; `.null` removes one.
    package var extraMetadata: [String: JSONValue] = [:]

    package init(path: String = "/mcp") { self.path = path }

    /// The paths of the metadata on the origin.
    var places: [String] { metadataPlaces ?? ["/.well-known/oauth-protected-resource" + path] }
}

extension ServerState {
    /// The answer of a resource, or of its metadata; nil where the path is neither's.
    func resourceReply(to request: IncomingRequest) -> Reply? {
        if let resource = configuration.resources.first(where: { $0.places.contains(request.path) }) {
            return metadata(of: resource)
        }
        return configuration.resources.first { $0.path == request.path }.map { answer(of: $0, to: request) }
    }

    /// Section 2 of RFC 9728.
    private func metadata(of resource: ProtectedResource) -> Reply {
        let members: [String: JSONValue] = [
            "resource": .string(origin + resource.path), "authorization_servers": .strings([issuer]),
            "bearer_methods_supported": ["header"],
        ]
        return .json(JSONValue.merging(members, resource.extraMetadata))
    }

    private func answer(of resource: ProtectedResource, to request: IncomingRequest) -> Reply {
        guard let token = request.bearer, let info = info(token),
            info.resources.isEmpty || info.resources.contains(origin + resource.path)
        else { return Self.refusal(401, resource.challenges ?? [challenge(of: resource)]) }
        guard resource.requiredScopes.isSubset(of: info.scopes) else {
            let scopes = resource.requiredScopes.sorted().joined(separator: " ")
            let missing = challenge(of: resource) + ", error=\"insufficient_scope\", scope=\"\(scopes)\""
            return Self.refusal(403, resource.scopeChallenges ?? [missing])
        }
        return .json(["username": .string(info.username)])
    }

    /// RFC 9728 section 5.1.
    private func challenge(of resource: ProtectedResource) -> String {
        guard let place = resource.places.first else { return "Bearer" }
        return "Bearer resource_metadata=\"\(origin + place)\""
    }

    private static func refusal(_ status: Int, _ challenges: [String]) -> Reply {
        var reply = Reply.empty(status)
        reply.headers += challenges.map { ("WWW-Authenticate", $0) }
        return reply
    }
}
