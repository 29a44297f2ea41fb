import Addresses
import CredentialProtocol
import Dialects
import Files
import KeyfobCore
import Processes

/// pip (pip.pypa.io/en/stable/topics/authentication) and uv (docs.astral.sh/uv/concepts/authentication). Both start a
/// program called `keyring`. Ours is in a directory of its own, so that Python's own keyring on `PATH` stays usable.
extension SetupCaller {
    static let pip = SetupCaller(
        name: "pip", programs: ["pip", "pip3"],
        summary: "pip: keyring-provider in ~/.config/pip/pip.conf, and a program called keyring", needsURL: false,
        steps: { scene in
            let old = scene.home + "/.pip/pip.conf"
            let file = scene.variable("PIP_CONFIG_FILE") ?? scene.configurationHome + "/pip/pip.conf"
            // pip's own command removes comments, so it is not used.
            return [
                .edit(
                    Paths.exists(old) && !Paths.exists(file) ? old : file,
                    ["[global]", "keyring-provider = subprocess"]
                ) { old in
                    try LineSettings(old.text ?? "").setting("keyring-provider", of: "global", to: "subprocess")
                }
            ] + keyring(scene, index: "index-url = ")
        },
        notes: userName, question: asked)

    static let uv = SetupCaller(
        name: "uv", programs: ["uv"],
        summary: "uv: keyring-provider in ~/.config/uv/uv.toml, and a program called keyring", needsURL: false,
        steps: { scene in
            let line = "keyring-provider = \"subprocess\""
            return [
                .edit(scene.configurationHome + "/uv/uv.toml", [line]) { old in
                    try TOMLSettings(old.text ?? "").setting("keyring-provider", of: nil, to: "\"subprocess\"")
                }
            ] + keyring(scene, index: "--default-index ")
        },
        notes: userName, question: asked)

    private static func keyring(_ scene: SetupScene, index: String) -> [SetupStep] {
        // The directory that the package installed, if there is one.
        let packaged = Paths.parent(of: scene.installation.directory) + "/lib/keyfob/keyring"
        let isPackaged = scene.installation.isOurs(packaged + "/" + KeyringDialect.link)
        let directory = isPackaged ? packaged : scene.ownDirectory + "/keyring"
        let path = "export PATH=\"\(directory):$PATH\""
        let isFirst = scene.installation.search.path(of: KeyringDialect.link).map(scene.installation.isOurs) == true
        var steps = [SetupStep.link(directory + "/" + KeyringDialect.link, scene)]
        if isFirst { steps = [] } else { steps.append(.shown("in ~/.profile or what your shell reads", [path])) }
        if let url = scene.url {
            let path = url.description.dropFirst(url.origin.count)
            steps.append(
                .shown("in the setting of the index", [index + "\(url.scheme)://__token__@\(scene.host)\(path)/"]))
        }
        return steps
    }

    private static let userName: @Sendable (SetupScene) async -> [String] = { _ in
        ["the URL of the index must contain a user name, or the program asks for no password: use __token__"]
    }

    private static let asked: @Sendable (SetupScene, ServiceURL) -> SetupQuestion = { _, url in
        SetupQuestion(
            program: KeyringDialect.link, arguments: ["get", url.description, "__token__"],
            isCredential: SetupQuestion.saysSomething)
    }
}
