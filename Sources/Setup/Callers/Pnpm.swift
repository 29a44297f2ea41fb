import Addresses
import Console
import CredentialProtocol
import KeyfobCore
import Secrets

/// pnpm (pnpm.io/npmrc#urltokenhelper). It starts a program without arguments, so a script passes the URL to keyfob.
extension SetupCaller {
    static let pnpm = SetupCaller(
        name: "pnpm", programs: ["pnpm"], summary: "pnpm: tokenHelper in ~/.npmrc, and a script",
        steps: { scene in
            let path = scene.url.map { $0.description.dropFirst($0.origin.count) } ?? ""
            let setting = "//\(scene.host)\(path)/:"
            let line = setting + "tokenHelper=" + script(scene)
            let program = ShellWords.quoted(scene.installation.path(of: "keyfob"))
            let lines = [
                "#!/bin/sh", "exec \(program) get --dialect pnpm \(ShellWords.quoted(scene.address))",
            ]
            return [
                .edit(script(scene), lines, mode: 0o700) { old in
                    guard let text = old.text else { return TextLines("").appending(lines) }
                    guard text.isSame(as: lines.map { $0 + "\n" }.joined()) else {
                        throw SetupFailure.scriptTaken(path: old.path)
                    }
                    return nil
                },
                .edit(scene.variable("NPM_CONFIG_USERCONFIG") ?? scene.home + "/.npmrc", [line]) { old in
                    try LineSettings(old.text ?? "").adding(line, setting: setting) { other in
                        // The value may be a token, so it is not shown.
                        other.begins(with: setting) ? "" : nil
                    }
                },
            ]
        },
        question: { scene, _ in
            SetupQuestion(program: script(scene), isOurs: false, isCredential: SetupQuestion.saysSomething)
        })

    private static func script(_ scene: SetupScene) -> String {
        let name = scene.address.split(separator: "://").last ?? "HOST"
        let file = name.map { $0.isASCII && ($0.isLetter || $0.isNumber || ".-".contains($0)) ? $0 : "_" }
        return scene.ownDirectory + "/pnpm-" + String(file)
    }
}
