import CredentialProtocol
import KeyfobCore

/// The go command, 1.24 or newer (`go help goauth`).
extension SetupCaller {
    static let go = SetupCaller(
        name: "go", programs: ["go"], summary: "go 1.24 or newer: GOAUTH, set by go env -w", needsURL: false,
        steps: { scene in
            let ours = try scene.unspaced(scene.installation.command(), for: "go") + " goauth"
            // By default go reads ~/.netrc; `netrc` in the new value keeps that.
            let file = scene.variable("GOENV") ?? scene.configurationHome + "/go/env"
            guard file != "off" else {
                throw SetupFailure.settings(file: "GOENV", .taken(setting: "GOENV", value: file))
            }
            return [
                .commands([["go", "env", "-w", "GOAUTH=netrc; " + ours]], of: file) { old in
                    try await changed(old, ours, scene)
                }
            ]
        },
        question: { scene, url in
            SetupQuestion(
                program: scene.installation.path(of: "keyfob"), arguments: ["goauth", url.description],
                input: "HTTP/1.1 401 Unauthorized\r\n\r\n",
                isCredential: { String(decoding: $0, as: UTF8.self).contains("\nAuthorization: ") })
        })

    private static func changed(_ old: EditedFile, _ ours: String, _ scene: SetupScene) async throws -> String {
        // A GOAUTH in the environment counts: the user has set it on purpose, for this shell alone.
        let environment = ["GOENV": old.path, "GOFLAGS": "", "GOTOOLCHAIN": "local"]
        let output = try await scene.output(of: "go", ["env", "GOAUTH"], environment: environment)
        let now = String(decoding: output.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let asked = now.split(separator: ";").map { $0.drop { $0 == " " } }
        if asked.contains(Substring(ours)) { return old.text ?? "" }
        guard asked != ["off"] else { throw SettingsProblem.taken(setting: "GOAUTH", value: now) }
        let value = (now.isEmpty ? "netrc" : now) + "; " + ours
        return try await old.changedCopy { copy in
            _ = try await scene.output(
                of: "go", ["env", "-w", "GOAUTH=" + value], environment: environment.merging(["GOENV": copy]) { $1 })
        }
    }
}
