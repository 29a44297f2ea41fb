import CredentialProtocol
import Dialects
import KeyfobCore

/// kubectl and the programs that read its configuration
/// (kubernetes.io/docs/reference/access-authn-authz/authentication, "client-go credential plugins").
extension SetupCaller {
    static let kubectl = SetupCaller(
        name: "kubectl", aliases: ["k9s"], programs: ["kubectl"],
        summary: "kubectl, k9s, helm: the user of a cluster, set by kubectl config",
        steps: { scene in
            let file = scene.variable("KUBECONFIG") ?? scene.home + "/.kube/config"
            guard !file.contains(":") else {
                throw SetupFailure.settings(file: "KUBECONFIG", .unusual(setting: "more than one file"))
            }
            let view = try await view(of: file, scene)
            let user = user(of: scene.address, in: view) ?? "keyfob"
            let command = ["kubectl"] + arguments(user, scene)
            return [
                .commands([command], of: file) { old in try await changed(old, user, view, scene) },
                .link(scene.installation.path(of: plugin), scene),
            ]
        },
        notes: { scene in
            guard let view = try? await view(of: scene.variable("KUBECONFIG") ?? scene.home + "/.kube/config", scene),
                user(of: scene.address, in: view) == nil
            else { return [] }
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

    private static func arguments(_ user: String, _ scene: SetupScene) -> [String] {
        [
            "config", "set-credentials", user, "--exec-api-version=" + version,
            "--exec-interactive-mode=IfAvailable", "--exec-command=" + scene.installation.path(of: plugin),
            "--exec-arg=get", "--exec-arg=" + scene.address,
        ]
    }

    /// The file as kubectl reads it, without its secrets; empty if there is no file or no kubectl.
    private static func view(of file: String, _ scene: SetupScene) async throws -> JSONTree {
        guard Installation.exists(file), scene.installation.search.path(of: "kubectl") != nil else {
            return .object([:])
        }
        let output = try await scene.output(
            of: "kubectl", ["config", "view", "-o", "json"], environment: ["KUBECONFIG": file])
        return JSONTree(output) ?? .object([:])
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

    private static func changed(
        _ old: EditedFile, _ user: String, _ view: JSONTree, _ scene: SetupScene
    ) async throws -> String {
        let now = view[["users"]]?.elements.first { $0[["name"]]?.text == user }?[["user"]]
        if let now, now.members?.isEmpty == false {
            let arguments = now[["exec", "args"]]?.elements.compactMap(\.text)
            let isThere =
                now[["exec", "command"]]?.text.map(scene.installation.isOurs) == true
                && arguments == ["get", scene.address]
            if isThere { return old.text ?? "" }
            throw SettingsProblem.taken(setting: "user " + user, value: now[["exec", "command"]]?.text)
        }
        return try await old.changedCopy { copy in
            _ = try await scene.output(of: "kubectl", arguments(user, scene), environment: ["KUBECONFIG": copy])
            let after = try await self.view(of: copy, scene)
            guard others(in: after, than: user) == others(in: view, than: user) else {
                throw SettingsProblem.notAlone(setting: "user " + user)
            }
        }
    }

    /// The clusters, the contexts and the users other than `user`.
    private static func others(in view: JSONTree, than user: String) -> [JSONTree] {
        ["clusters", "contexts"].map { view[[$0]] ?? .null }.map { $0 == .null ? .array([]) : $0 }
            + (view[["users"]]?.elements.filter { $0[["name"]]?.text != user } ?? [])
    }
}
