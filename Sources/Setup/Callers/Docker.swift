import Dialects
import KeyfobCore

/// Programs that store the credentials of container registries as Docker does
/// (docs.docker.com/reference/cli/docker/login, "Credential helpers"; containers-auth.json(5)).
extension SetupCaller {
    static let docker = SetupCaller(
        name: "docker", aliases: ["helm"], programs: ["docker", "helm", "skopeo", "podman", "buildah"],
        summary: "docker, helm; podman, skopeo and buildah read the same file: credHelpers in ~/.docker/config.json",
        needsURL: false,
        steps: { scene in
            let path = scene.url.map { _ in ["credHelpers", scene.host] } ?? ["credsStore"]
            return [helper(of: path, in: dockerFile(scene))]
                + [.link(scene.installation.path(of: helperName), scene)]
        },
        notes: { scene in plainText(scene, "docker", in: dockerFile(scene)) },
        question: { scene, _ in asked(scene.host) })

    static let podman = SetupCaller(
        name: "podman", aliases: ["skopeo", "buildah"], programs: ["podman", "skopeo", "buildah"],
        summary: "podman, skopeo, buildah by a file of their own: credHelpers in ~/.config/containers/auth.json",
        steps: { scene in
            [helper(of: ["credHelpers", scene.host], in: containersFile(scene))]
                + [.link(scene.installation.path(of: helperName), scene)]
        },
        notes: { scene in plainText(scene, "podman", in: containersFile(scene)) },
        question: { scene, _ in asked(scene.host) })

    private static let helperName = DockerDialect.link

    private static func dockerFile(_ scene: SetupScene) -> String {
        (scene.variable("DOCKER_CONFIG") ?? scene.home + "/.docker") + "/config.json"
    }

    private static func containersFile(_ scene: SetupScene) -> String {
        scene.variable("REGISTRY_AUTH_FILE") ?? scene.configurationHome + "/containers/auth.json"
    }

    private static func helper(of path: [String], in file: String) -> SetupStep {
        let snippet =
            path.count == 1
            ? "{\"\(path[0])\": \"keyfob\"}" : "{\"\(path[0])\": {\"\(path[1])\": \"keyfob\"}}"
        return .edit(file, [snippet]) { old in
            try JSONSettings(old.text ?? "").setting(.string("keyfob"), at: path)
        }
    }

    /// A note about a password that is still in the file in plain text.
    private static func plainText(_ scene: SetupScene, _ tool: String, in file: String) -> [String] {
        guard scene.url != nil, let text = (try? EditedFile(file))?.text,
            JSONTree(Array(text.utf8))?[["auths", scene.host, "auth"]]?.text?.isEmpty == false
        else { return [] }
        return [
            "\(file) contains a password for \(scene.host) in plain text; to delete it: \(tool) logout \(scene.host)"
        ]
    }

    private static func asked(_ host: String) -> SetupQuestion {
        SetupQuestion(
            program: helperName, arguments: ["get"], input: host, isCredential: SetupQuestion.holds("Secret"),
            complaint: { JSONTree($0) == nil ? [String(decoding: $0, as: UTF8.self)] : [] })
    }
}
