import Addresses
import Console
import KeyfobCore

/// Describes what scopes allow, in words that follow "asks to:". A scope in no table is shown unchanged, because a
/// wrong description would be worse.
extension Messages {
    static func scope(_ scope: String) -> String {
        // Microsoft and Google write a resource before the name of the scope.
        let name = scope.split(separator: "/").last.map(String.init) ?? scope
        return scopes[scope] ?? scopes[name] ?? printable(scope)
    }

    /// A server that has granted other scopes than those that were requested.
    static func granted(_ others: [String], insteadOf requested: [String], _ service: ServiceURL) -> String {
        func list(_ scopes: [String]) -> String { printable(scopes.joined(separator: ", ")) }
        return "the server of \(service) granted \(list(others)), and not \(list(requested)) by that name"
    }

    /// The requested scopes that the server has not granted; nil if there are none. Many servers never name the two that
    /// every client sees by their effect.
    static func notGranted(_ grant: Grant, _ service: ServiceURL) -> String? {
        let missing = grant.requestedScopes.filter {
            !grant.scopes.contains($0) && !["openid", "offline_access"].contains($0)
        }
        let others = grant.scopes.filter { !grant.requestedScopes.contains($0) }
        if missing.isEmpty { return nil }
        return others.isEmpty
            ? "the server of \(service) did not grant " + printable(missing.joined(separator: ", "))
            : granted(others, insteadOf: missing, service)
    }

    private static let scopes = standard.merging(forges) { $1 }

    /// OpenID Connect Core section 5.4 and 11.
    private static let standard = [
        "openid": "know who you are", "profile": "see your name and profile", "email": "see your e-mail address",
        "address": "see your postal address", "phone": "see your telephone number",
        "offline_access": "stay signed in",
    ]

    /// As the services document them.
    private static let forges = [
        // GitHub
        "repo": "read and write your repositories, private ones too",
        "public_repo": "read and write public repositories",
        "gist": "write gists", "workflow": "change workflows of GitHub Actions", "read:org": "see your organisations",
        "read:user": "see your profile", "user:email": "see your e-mail addresses", "read:packages": "read packages",
        "write:packages": "write packages", "notifications": "read notifications",
        // GitLab
        "api": "do all that you may do", "read_api": "read all that you may read", "read_user": "see your profile",
        "read_repository": "read repositories", "write_repository": "write to repositories",
        "read_registry": "read container images", "write_registry": "write container images",
        // Gitea and Forgejo
        "read:repository": "read repositories", "write:repository": "read and write repositories",
        // Bitbucket
        "repository": "read repositories", "repository:write": "write to repositories",
        "REPO_READ": "read repositories", "REPO_WRITE": "read and write repositories",
        // Azure DevOps, Google, Hugging Face
        "vso.code": "read repositories", "vso.code_write": "read and write repositories",
        "gerritcodereview": "read and write repositories and reviews",
        "cloud-platform": "see and change your data in Google Cloud",
        "read-repos": "read repositories", "write-repos": "write to repositories",
        "contribute-repos": "make repositories, and write to those",
    ]
}
