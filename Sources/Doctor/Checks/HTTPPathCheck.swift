import Addresses
import CredentialProtocol
import KeyfobCore

/// git tells helpers the path of a URL, if the sign-in is for a path.
struct HTTPPathCheck: Check {
    let id = "http-path"
    let needs = ["git", "issuer"]
    let condition = CheckCondition.service

    func look(_ context: CheckContext) -> Finding {
        guard context.notes.read({ $0.gitVersion }) != nil else { return .noGit }
        guard let request = context.request, let account = context.notes.read({ $0.account }) else {
            return .nothingToCheck
        }
        return Self.finding(account, tellsPath: context.parts.git.tellsPath(for: request))
    }

    static func finding(_ account: Account, tellsPath: Bool) -> Finding {
        let details: [String: Finding.Detail] = ["use_http_path": .truth(tellsPath)]
        if !account.service.pathSegments.isEmpty, !tellsPath {
            let setting = "credential.\(account.service.origin).useHttpPath true"
            return .warning(
                "git sends helpers no path, and this sign-in is only for \(account.service)",
                hints: ["to let git use this sign-in: git config --global \(setting)"], details)
        }
        return .ok(
            tellsPath ? "git sends helpers the path" : "git asks for the whole host, and so does this sign-in", details)
    }
}
