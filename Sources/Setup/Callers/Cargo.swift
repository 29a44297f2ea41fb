import Addresses
import CredentialProtocol
import Dialects
import Files
import KeyfobCore

/// Cargo (doc.rust-lang.org/cargo/reference/registry-authentication.html).
extension SetupCaller {
    static let cargo = SetupCaller(
        name: "cargo", programs: ["cargo"],
        summary: "cargo 1.74 or newer: global-credential-providers in ~/.cargo/config.toml", needsURL: false,
        steps: { scene in
            let home = scene.variable("CARGO_HOME") ?? scene.home + "/.cargo"
            // Cargo reads the file with the older name if both exist.
            let file = Paths.exists(home + "/config") ? home + "/config" : home + "/config.toml"
            let provider = try scene.unspaced(scene.installation.path(of: providerName), for: "cargo")
            // Cargo asks the last provider first. The first one still finds the tokens that Cargo stored itself.
            let value = "[\"cargo:token\", \(JSONTree.string(provider).line)]"
            return [
                .edit(file, ["[registry]", "global-credential-providers = " + value]) { old in
                    try TOMLSettings(old.text ?? "").setting("global-credential-providers", of: "registry", to: value)
                }, .link(provider, scene),
            ]
        },
        question: { scene, url in
            SetupQuestion(
                program: scene.installation.path(of: providerName), arguments: ["--cargo-plugin"],
                input: JSONTree.object([
                    "v": .number(1), "kind": .string("get"), "operation": .string("read"),
                    "registry": .object(["index-url": .string("sparse+" + url.description)]),
                ]).line + "\n",
                isCredential: { answer($0)?[["Ok", "token"]]?.text?.isEmpty == false },
                complaint: { output in
                    let refusal = answer(output)?[["Err"]]
                    return [refusal?[["message"]], refusal?[["caused-by"]]?.elements.first].compactMap { $0?.text }
                })
        })

    private static let providerName = CargoDialect.link

    /// The response, which is the line after the greeting.
    private static func answer(_ output: [UInt8]) -> JSONTree? {
        let lines = output.split(separator: UInt8(ascii: "\n"))
        return lines.count < 2 ? nil : JSONTree(Array(lines[1]))
    }
}
