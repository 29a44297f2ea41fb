import Addresses
import Console
import CredentialProtocol
import KeyfobCore

/// Google's libraries (google.aip.dev/auth/4117, "Executable-sourced credentials").
extension SetupCaller {
    static let google = SetupCaller(
        name: "google", programs: ["gcloud"],
        summary: "Google's libraries: credential_source in the file of GOOGLE_APPLICATION_CREDENTIALS",
        steps: { scene in
            let command = ShellWords.quoted(scene.installation.path(of: "keyfob"))
            let source = JSONTree.object([
                "executable": .object([
                    "command": .string("\(command) get --dialect google \(ShellWords.quoted(scene.address))"),
                    "timeout_millis": .number(5000),
                ])
            ])
            let snippet = JSONTree.object(["credential_source": source]).line
            let variable = SetupStep.shown(
                "in ~/.profile or what your shell reads", ["export GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1"])
            guard let file = scene.variable("GOOGLE_APPLICATION_CREDENTIALS") else {
                return [.shown("in the file of your workload identity pool", [snippet]), variable]
            }
            return [
                .edit(file, [snippet]) { old in
                    let settings = try JSONSettings(old.text ?? "")
                    guard settings.tree[["type"]]?.text == "external_account" else {
                        throw SettingsProblem.taken(setting: "type", value: settings.tree[["type"]]?.text)
                    }
                    return try settings.setting(source, at: ["credential_source"])
                }, variable,
            ]
        },
        notes: { _ in ["Google's libraries accept only access tokens that are JWTs"] },
        question: { scene, url in
            SetupQuestion(
                program: scene.installation.path(of: "keyfob"),
                arguments: ["get", "--dialect", "google", url.description],
                environment: ["GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE": "urn:ietf:params:oauth:token-type:jwt"],
                isCredential: SetupQuestion.holds("id_token"),
                complaint: { [JSONTree($0)?[["message"]]?.text].compactMap { $0 } })
        })
}
