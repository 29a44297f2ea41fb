import Addresses
import CredentialProtocol
import KeyfobCore
import Secrets

/// The go command, 1.24 or newer (`go help goauth`).
extension SetupCaller {
    static let go = SetupCaller(
        name: "go", programs: ["go"], summary: "go 1.24 or newer: GOAUTH, set by go env -w", needsURL: false,
        steps: { scene in
            let ours = try scene.unspaced(scene.installation.command(), for: "go") + " goauth"
            let file = scene.variable("GOENV") ?? scene.configurationHome + "/go/env"
            guard file != "off" else {
                throw SetupFailure.settings(file: "GOENV", .taken(setting: "GOENV", value: file))
            }
            // By default go reads ~/.netrc; `netrc` in the new value keeps that.
            return [await .run([write("netrc; " + ours)], of: [file]) { try await change(file, ours, scene) }]
        },
        notes: { scene in
            scene.variable("GOAUTH") == nil
                ? [] : ["GOAUTH is set in this shell and hides the setting of go env; to use that: unset GOAUTH"]
        },
        question: { scene, url in
            SetupQuestion(
                program: scene.installation.path(of: "keyfob"), arguments: ["goauth", url.description],
                input: "HTTP/1.1 401 Unauthorized\r\n\r\n",
                isCredential: { String(decoding: $0, as: UTF8.self).contains("\nAuthorization: ") })
        })

    private static func write(_ value: String) -> [String] { ["go", "env", "-w", "GOAUTH=" + value] }

    /// Adds our command to the value in go's settings file. A value of the shell lasts only as long as the shell, so it
    /// is not written to the file.
    private static func change(_ file: String, _ ours: String, _ scene: SetupScene) async throws -> ToolChange? {
        var scene = scene
        scene.variables["GOAUTH"] = nil
        let environment = ["GOFLAGS": "", "GOTOOLCHAIN": "local"]
        let output = try await scene.output(of: "go", ["env", "GOAUTH"], environment: environment)
        let now = String(decoding: output.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let commands = now.parts(at: ";").map { Substring($0.utf8.drop { $0 == 0x20 }) }
        if commands.contains(where: { $0.isSame(as: ours) }) { return nil }
        guard !now.isSame(as: "off") else {
            throw SetupFailure.settings(file: file, .taken(setting: "GOAUTH", value: now))
        }
        let isDefault = now.isEmpty || now.isSame(as: "netrc")
        return ToolChange(
            commands: [write((now.isEmpty ? "netrc" : now) + "; " + ours)],
            undo: [isDefault ? ["go", "env", "-u", "GOAUTH"] : write(now)], environment: environment)
    }
}
