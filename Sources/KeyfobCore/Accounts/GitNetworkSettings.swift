package import OAuth
package import Secrets

/// What git is told about reaching one URL, which holds for keyfob's requests too: who has set git up for a company's
/// network need not do it again.
///
/// As in git, `http.proxy` counts more than the variables of the environment and is none where it is empty, and `no_proxy`
/// is heeded all the same; `GIT_SSL_CAINFO` counts more than `http.sslCAInfo`, and either is believed in place of the
/// system's authorities. `http.sslVerify` is not heeded: there is no way to do without certificates.
package struct GitNetworkSettings: Sendable {
    /// As git writes it, which is how ``NetworkSettings/proxy`` is written; nil: not set; empty: none.
    package let proxy: Secret?
    /// A PEM file.
    package let authorities: String?
    /// Whether git is told to believe every certificate (`http.sslVerify=false`), which keyfob does not do.
    package let believesAll: Bool

    /// - Parameters:
    ///   - output: what `git config -z --get-urlmatch http URL` printed; nil where git was not asked.
    ///   - environment: read for `GIT_SSL_CAINFO`, and for `HOME`, which git means by `~`.
    package init(output: [UInt8]? = nil, environment: [String: String]) {
        let values = output.map { GitConfigOutput.values($0, section: "http") } ?? [:]
        let file = environment["GIT_SSL_CAINFO"] ?? values["sslcainfo"].map { Self.expand($0, environment["HOME"]) }
        proxy = values["proxy"].map { Secret($0) }
        authorities = file.flatMap { $0.isEmpty ? nil : NetworkSettings.absolute($0) }
        believesAll = values["sslverify"].map { ["false", "no", "off", "0", ""].contains($0.lowercased()) } ?? false
    }

    /// Puts git's settings over `settings`, those of the environment.
    package func apply(to settings: inout NetworkSettings) {
        if let proxy { settings.proxy = proxy }
        if let authorities { settings.authorities = authorities }
    }

    /// The variables that ``init(output:environment:)`` reads.
    package static let variables = ["GIT_SSL_CAINFO", "HOME"]

    /// `~/file` is below the person's home; git's other forms are no paths of ours.
    private static func expand(_ path: String, _ home: String?) -> String {
        guard path.hasPrefix("~/"), let home else { return path }
        return home + path.dropFirst()
    }
}
