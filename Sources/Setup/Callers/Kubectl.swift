import Addresses
import CredentialProtocol
import Dialects
import Files
import KeyfobCore
import Secrets

/// kubectl and the programs that read its configuration
/// (kubernetes.io/docs/reference/access-authn-authz/authentication, "client-go credential plugins").
extension SetupCaller {
    static let kubectl = SetupCaller(
        name: "kubectl", aliases: ["k9s"], programs: ["kubectl"],
        summary: "kubectl, k9s, helm: the user of a cluster, set by kubectl config",
        steps: { scene in
            [
                await .run([set("keyfob", scene)], of: files(scene)) { try await change(scene) },
                .link(scene.installation.path(of: plugin), scene),
            ]
        },
        notes: { scene in
            guard let view = try? await view(scene), user(of: scene.address, in: view) == nil else { return [] }
            return [
                "no context has \(scene.address) yet; once it has: kubectl config set-context NAME --user=keyfob"
            ]
        },
        question: { scene, url in
            SetupQuestion(
                program: scene.installation.path(of: plugin), arguments: ["get", url.description],
                environment: [
                    "KUBERNETES_EXEC_INFO": JSONTree.object([
                        "apiVersion": .string(version), "kind": .string("ExecCredential"),
                        "spec": .object(["interactive": .bool(false)]),
                    ]).line
                ],
                isCredential: SetupQuestion.holds("status", "token"))
        })

    private static let version = "client.authentication.k8s.io/v1"
    private static let plugin = KubernetesDialect.link

    /// The files that kubectl reads; it writes to one of them.
    private static func files(_ scene: SetupScene) -> [String] {
        scene.variable("KUBECONFIG")?.parts(at: ":").filter { !$0.isEmpty }.map(String.init)
            ?? [scene.home + "/.kube/config"]
    }

    private static func set(_ user: String, _ scene: SetupScene) -> [String] {
        [
            "kubectl", "config", "set-credentials", user, "--exec-api-version=" + version,
            "--exec-interactive-mode=IfAvailable", "--exec-command=" + scene.installation.path(of: plugin),
            "--exec-arg=get", "--exec-arg=" + scene.address,
        ]
    }

    /// The settings as kubectl reads them, without secrets; empty if there is no file.
    private static func view(_ scene: SetupScene) async throws -> JSONTree {
        JSONTree(try await scene.output(of: "kubectl", ["config", "view", "-o", "json"])) ?? .object([:])
    }

    /// The user for the cluster at that address: from the current context, otherwise from the first context of that
    /// cluster.
    private static func user(of address: String, in view: JSONTree) -> String? {
        let clusters = view[["clusters"]]?.elements.filter { cluster in
            let server = cluster[["cluster", "server"]]?.text
            return server.flatMap { try? ServiceURL($0) } == (try? ServiceURL(address))
        }.compactMap { $0[["name"]]?.text }
        let contexts = view[["contexts"]]?.elements.filter { context in
            context[["context", "cluster"]]?.text.map { clusters?.contains($0) == true } ?? false
        }
        let current = contexts?.first { $0[["name"]] == view[["current-context"]] } ?? contexts?.first
        return current?[["context", "user"]]?.text
    }

    private static func change(_ scene: SetupScene) async throws -> ToolChange? {
        let view = try await view(scene)
        let user = user(of: scene.address, in: view) ?? "keyfob"
        let entry = view[["users"]]?.elements.first { $0[["name"]]?.text?.isSame(as: user) == true }
        if let present = entry?[["user"]], present.members?.isEmpty == false {
            let command = present[["exec", "command"]]?.text
            let arguments = present[["exec", "args"]]?.elements.compactMap(\.text)
            if command.map(scene.installation.isOurs) == true, arguments == ["get", scene.address] { return nil }
            throw SetupFailure.settings(
                file: files(scene).joined(separator: ":"), .taken(setting: "user " + user, value: command))
        }
        let undo = ["kubectl", "config"] + (entry == nil ? ["delete-user", user] : ["unset", "users.\(user).exec"])
        return ToolChange(commands: [set(user, scene)], undo: [undo])
    }
}
