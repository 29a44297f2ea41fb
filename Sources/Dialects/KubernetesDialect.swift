package import CredentialProtocol
import JSON

/// Kubernetes' exec credential plugins, for kubectl, helm, k9s and other programs built on client-go
/// (kubernetes.io/docs/reference/access-authn-authz/authentication, "client-go credential plugins").
///
/// `get [URL]`. The dialect has a program name too, because kubectl asks with every command. The variable
/// `KUBERNETES_EXEC_INFO` holds an `ExecCredential` of the configured version, `client.authentication.k8s.io/v1` or `v1beta1`; it contains the
/// cluster's address if `provideClusterInfo` is set. A URL argument takes precedence over that address. The answer is
/// an `ExecCredential` of the same version with a token and, if known, the time at which to ask again.
///
/// - Not supported: stored passwords, which clusters do not accept; client certificates; `v1alpha1`.
/// - After a 401, client-go asks again with the same question, and does not tell that the token was refused.
/// - Not found: exit status 1 and one line on standard error, which kubectl shows.
/// - Deadline: kubectl has none; keyfob stops after 30 seconds. It may ask the user if `spec.interactive` is true.
package struct KubernetesDialect: Dialect {
    package static let name = "kubernetes"
    package static let executables = ["kubernetes-credential-keyfob"]

    private var version = ""

    package init() {}

    package mutating func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        guard invocation.arguments.first == "get", invocation.arguments.count <= 2 else {
            throw .usage("keyfob get --dialect kubernetes [URL]")
        }
        let info = try execInfo(invocation)
        version = try info?.text("apiVersion", Self.variable) ?? "client.authentication.k8s.io/v1beta1"
        guard Self.versions.contains(version) else { throw .malformed("the apiVersion of \(Self.variable)") }
        let spec = try info?.object("spec", Self.variable)
        let server = try spec?.object("cluster", Self.variable)?.text("server", Self.variable)
        guard let url = invocation.arguments.dropFirst().first ?? server else {
            throw .missing("cluster: set provideClusterInfo, or give its URL as an argument")
        }
        var request = try CredentialRequest(service: url)
        switch spec?["interactive"] {
        case .bool(true): request.interaction = nil
        case nil, .bool(false): break
        default: throw .malformed(Self.variable)
        }
        return .get(request)
    }

    private func execInfo(_ invocation: Invocation) throws(InvocationError) -> JSON? {
        guard let text = invocation.nonempty(Self.variable) else { return nil }
        guard text.utf8.count <= Invocation.maximumInput else { throw .tooLarge }
        return try JSON.parse(Array(text.utf8), Self.variable)
    }

    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        guard answer.response.authtype != nil else { return notFound(request) }
        let status = JSON.object([
            "expirationTimestamp": answer.renewalTimestamp.map { .string($0) },
            "token": .string(try answer.response.accessToken()),
        ])
        return Reply(
            JSON.object(["apiVersion": .string(version), "kind": .string("ExecCredential"), "status": status]).line)
    }

    private static let variable = "KUBERNETES_EXEC_INFO"
    private static let versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]
}
