import Files
import KeyfobCore
import OAuth

/// The files of certificate authorities are readable.
struct AuthoritiesCheck: Check {
    let id = "authorities"
    let limit = Duration.seconds(5)

    /// A file of certificate authorities, and the setting that names it.
    struct Source: Equatable {
        var file: String
        var setting: String
    }

    func look(_ context: CheckContext) throws -> Finding {
        let environment = context.networkEnvironment
        let git = try context.parts.git.network(for: context.destination(), environment: environment)
        let gitSetting = environment["GIT_SSL_CAINFO"] != nil ? "GIT_SSL_CAINFO" : "git's http.sslCAInfo"
        let replacement =
            git.authorities.map { Source(file: $0, setting: gitSetting) }
            ?? NetworkSettings(environment: environment).authorities.map { Source(file: $0, setting: "SSL_CERT_FILE") }
        let addition = context.host?.certificateAuthorityFile.map { Source(file: $0, setting: "ca_file") }
        return Self.finding(
            replacement: replacement, addition: addition, gitTrustsAll: git.believesAll, isReadable: Paths.isReadable)
    }

    /// - Parameters:
    ///   - replacement: the file in place of the system's.
    ///   - addition: the file beside it.
    static func finding(
        replacement: Source?, addition: Source?, gitTrustsAll: Bool, isReadable: (String) -> Bool
    ) -> Finding {
        for source in [replacement, addition].compactMap({ $0 }) where !isReadable(source.file) {
            return .failed(
                "\(source.file) cannot be read, which \(source.setting) names",
                hints: ["correct the path, or remove the setting"], exitStatus: 78)
        }
        if replacement == nil, !systemFiles.contains(where: isReadable) {
            return .warning("this system has no certificate authorities", hints: ["install ca-certificates"])
        }
        let first = replacement.map { "\($0.file) in place of the system's, by \($0.setting)" } ?? "the system's"
        let summary = first + (addition.map { ", and \($0.file), by \($0.setting)" } ?? "")
        guard !gitTrustsAll else {
            return .warning(
                "git trusts every certificate (http.sslVerify); keyfob trusts \(summary)",
                hints: ["name the authority of your network in http.sslCAInfo instead"])
        }
        return .ok(summary)
    }

    /// The files in which swift-nio-ssl looks for certificate authorities.
    private static let systemFiles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]
}
