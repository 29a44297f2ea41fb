package import OAuth
package import Secrets

/// The settings with which git reaches one URL. They count for keyfob's requests too: a user who has set git up for the
/// network of a company need not do it again.
///
/// As in git, `http.proxy` counts before the variables of the environment, means no proxy if it is empty, and yields to
/// `no_proxy`. `GIT_SSL_CAINFO` counts before `http.sslCAInfo`, and either replaces the system's authorities.
/// `http.sslVerify` does not count: keyfob always verifies certificates.
package struct GitNetworkSettings: Sendable {
    /// In the form of ``NetworkSettings/proxy``; nil: not set; empty: no proxy.
    package let proxy: Secret?
    /// A PEM file.
    package let authorities: String?
    /// Whether git accepts every certificate (`http.sslVerify=false`). keyfob does not.
    package let believesAll: Bool

    /// - Parameters:
    ///   - output: the output of `git config -z --get-urlmatch http URL`; nil if git was not asked.
    ///   - environment: has `GIT_SSL_CAINFO`, and `HOME`, for which git writes `~`.
    package init(output: [UInt8]? = nil, environment: [String: String]) {
        let values = output.map { GitConfigOutput.values($0, section: "http") } ?? [:]
        let file = environment["GIT_SSL_CAINFO"] ?? values["sslcainfo"].map { Self.expand($0, environment["HOME"]) }
        proxy = values["proxy"].map { Secret($0) }
        authorities = file.flatMap { $0.isEmpty ? nil : NetworkSettings.absolute($0) }
        believesAll = values["sslverify"].map { ["false", "no", "off", "0", ""].contains($0.lowercased()) } ?? false
    }

    /// Replaces `settings`, those of the environment, by git's if git has some.
    package func apply(to settings: inout NetworkSettings) {
        if let proxy { (settings.proxy, settings.proxySetting) = (proxy, "git's http.proxy or http.<url>.proxy") }
        if let authorities { settings.authorities = authorities }
    }

    /// The variables that ``init(output:environment:)`` reads.
    package static let variables = ["GIT_SSL_CAINFO", "HOME"]

    /// `~/file` is below the user's home. git's other forms do not count.
    private static func expand(_ path: String, _ home: String?) -> String {
        guard path.hasPrefix("~/"), let home else { return path }
        return home + path.dropFirst()
    }
}
