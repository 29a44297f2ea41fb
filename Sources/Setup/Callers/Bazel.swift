import Addresses
import CredentialProtocol
import Dialects
import KeyfobCore
import Secrets

/// Bazel (bazel.build/reference/command-line-reference#flag--credential_helper).
extension SetupCaller {
    static let bazel = SetupCaller(
        name: "bazel", programs: ["bazel", "bazelisk"],
        summary: "bazel: --credential_helper in ~/.bazelrc",
        steps: { scene in
            let helper = try scene.unspaced(scene.installation.path(of: helperName), for: "bazel")
            let host = scene.url?.host ?? "HOST"
            let line = "common --credential_helper=\(host)=\(helper)"
            return [
                .edit(scene.home + "/.bazelrc", [line]) { old in
                    try LineSettings(old.text ?? "").adding(line, setting: "--credential_helper=\(host)") { other in
                        other.parts(at: " ").contains { $0.begins(with: "--credential_helper=\(host)=") }
                            ? String(other) : nil
                    }
                }, .link(helper, scene),
            ]
        },
        question: { scene, url in
            SetupQuestion(
                program: scene.installation.path(of: helperName), arguments: ["get"],
                input: JSONTree.object(["uri": .string(url.description)]).line,
                isCredential: { JSONTree($0)?[["headers", "Authorization"]]?.elements.first?.text?.isEmpty == false })
        })

    private static let helperName = BazelDialect.link
}
