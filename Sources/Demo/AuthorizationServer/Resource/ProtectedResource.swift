/// A resource on the server's own origin that accepts its tokens. A client asks it first, and it names the
/// authorization server (RFC 9728).
package struct ProtectedResource: Sendable {
    /// The path on the origin, for instance `/mcp`; the resource's URL is the origin and this path.
    package var path: String
    /// The scopes that a token needs; without them the response is 403 (RFC 6750 section 3.1).
    package var requiredScopes: Set<String> = []
    /// The `WWW-Authenticate` fields of a 401 as they are sent; nil for one `Bearer` challenge that names the metadata.
    package var challenges: [String]?
    /// The same for a 403; nil for `insufficient_scope` with the required scopes.
    package var scopeChallenges: [String]?
    /// The paths of the metadata on the origin; nil for the well-known path with the resource's path inserted (section
    /// 3.1).
    package var metadataPlaces: [String]?
    /// Members that replace or add to those of the metadata; `.null` removes one.
    package var extraMetadata: [String: JSONValue] = [:]

    package init(path: String = "/mcp") { self.path = path }

    /// The paths of the metadata on the origin.
    var places: [String] { metadataPlaces ?? ["/.well-known/oauth-protected-resource" + path] }
}

extension ServerState {
    /// The response of a resource or of its metadata, or nil if the path belongs to neither.
    func resourceReply(to request: IncomingRequest) -> Reply? {
        if let resource = configuration.resources.first(where: { $0.places.contains(request.path) }) {
            return metadata(of: resource)
        }
        return configuration.resources.first { $0.path == request.path }.map { answer(of: $0, to: request) }
    }

    /// The metadata (RFC 9728 section 2).
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

    /// The challenge (RFC 9728 section 5.1).
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
