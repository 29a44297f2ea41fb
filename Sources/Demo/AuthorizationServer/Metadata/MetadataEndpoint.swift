extension ServerState {
    /// The paths of the metadata: RFC 8414 section 3.1 (inserted before the issuer's path) and OpenID Connect Discovery
    /// section 4 (appended to it). RFC 8414 section 5 allows both for the latter's name.
    var metadataPaths: [String] {
        let path = configuration.issuerPath
        return [
            "/.well-known/oauth-authorization-server" + path,
            "/.well-known/openid-configuration" + path,
            path + "/.well-known/openid-configuration",
        ]
    }

    /// The metadata of RFC 8414 section 2.
    func metadataReply() -> Reply {
        let methods = JSONValue.strings(configuration.authenticationMethods.map(\.rawValue))
        var members: [String: JSONValue] = [
            "issuer": .string(configuration.announcedIssuer ?? issuer),
            "authorization_endpoint": .string(issuer + "/authorize"),
            "token_endpoint": .string(issuer + "/token"),
            "revocation_endpoint": .string(issuer + "/revoke"),
            "scopes_supported": .strings(configuration.scopes),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": .strings(configuration.grantTypes),
            "token_endpoint_auth_methods_supported": methods,
            "revocation_endpoint_auth_methods_supported": methods,
        ]
        if configuration.introspectionSecret != nil {
            members["introspection_endpoint"] = .string(issuer + "/introspect")
        }
        if configuration.registration.access != .off {
            members["registration_endpoint"] = .string(issuer + "/register")
        }
        if configuration.pushedRequests != .off {
            members["pushed_authorization_request_endpoint"] = .string(issuer + "/par")
            members["require_pushed_authorization_requests"] = .boolean(configuration.pushedRequests == .required)
        }
        if configuration.device.isOffered {
            members["device_authorization_endpoint"] = .string(issuer + "/device_authorization")
        }
        if configuration.advertisesPKCE { members["code_challenge_methods_supported"] = ["S256"] }
        if configuration.advertisesIssuerParameter {
            members["authorization_response_iss_parameter_supported"] = true
        }
        var reply = Reply.json(JSONValue.merging(members, configuration.extraMetadata))
        reply.headers = [("Content-Type", "application/json"), ("Cache-Control", "no-cache")]
        return reply
    }
}

extension AuthorizationServerConfiguration {
    /// The grant types that the token endpoint accepts (RFC 8414 section 2, `grant_types_supported`).
    var grantTypes: [String] {
        ["authorization_code", "refresh_token"] + (device.isOffered ? [ServerState.deviceGrantType] : [])
    }
}
