import Addresses
import CredentialProtocol
import FoundationEssentials
import Secrets

/// The credentials that `docker login`, podman and similar tools store without a credential helper: `auths` in
/// `config.json` or `auth.json`, by registry. `auth` is user name, colon and password in base64; `identitytoken` is a
/// token that replaces the password.
enum DockerLogins {
    private struct Configuration: Decodable {
        var auths: [String: Login?]?
    }

    private struct Login: Decodable {
        var auth: String?
        var username: String?
        var password: String?
        var identitytoken: String?
        /// Whether a member is no text. The other entries of the file are read.
        var isOdd = false

        private enum CodingKeys: CodingKey { case auth, username, password, identitytoken }

        init(from decoder: any Decoder) {
            do {
                let members = try decoder.container(keyedBy: CodingKeys.self)
                auth = try members.decodeIfPresent(String.self, forKey: .auth)
                username = try members.decodeIfPresent(String.self, forKey: .username)
                password = try members.decodeIfPresent(String.self, forKey: .password)
                identitytoken = try members.decodeIfPresent(String.self, forKey: .identitytoken)
            } catch {
                isOdd = true
            }
        }
    }

    /// The user name that stands for an identity token (docker/docker-credential-helpers).
    private static let tokenUser = "<token>"

    /// - Parameter registry: returns the request for a registry as Docker writes it, often without a scheme, or nil.
    static func read(
        _ bytes: [UInt8], file: String, registry: (String) -> CredentialRequest?, _ findings: inout Findings
    ) {
        let place = FoundCredential.Place(file: file)
        guard let configuration = try? JSONDecoder().decode(Configuration.self, from: Data(bytes)) else {
            return findings.note(.malformed("an object in JSON with auths"), at: place)
        }
        for (name, login) in (configuration.auths ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let login else { continue }
            // With a helper, only an empty object is left here.
            if login.auth == nil, login.password == nil, login.identitytoken == nil, !login.isOdd { continue }
            guard !login.isOdd, let request = registry(name), let (user, secret, kind) = credential(login),
                let found = CredentialRequest(found: Array(url(request).utf8), username: user, password: Secret(secret))
            else {
                findings.note(.malformed("a registry with user name and password"), at: .init(file: file, entry: name))
                continue
            }
            findings.add(FoundCredential(keeper: .docker, kind: kind, request: found, place: place, name: name))
        }
    }

    private static func url(_ request: CredentialRequest) -> String {
        request.url?.description ?? ""
    }

    private static func credential(_ login: Login) -> (user: String, secret: [UInt8], FoundCredential.Kind)? {
        if let token = login.identitytoken, !token.isEmpty { return (tokenUser, Array(token.utf8), .token) }
        if let user = login.username, let password = login.password { return (user, Array(password.utf8), .password) }
        guard let auth = login.auth, let decoded = Data(base64Encoded: auth) else { return nil }
        // Docker pads the text with NUL when it encodes a buffer of fixed length.
        let bytes = Array(decoded.prefix { $0 != 0 })
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let user = String(validating: bytes[..<colon], as: UTF8.self)
        else { return nil }
        return (user, Array(bytes[(colon + 1)...]), .password)
    }
}
