import CredentialProtocol
import FoundationEssentials
import Secrets

/// The store of Git Credential Manager in plain text: `SERVICE/ACCOUNT.credential` in directories below one directory. The
/// first line of a file is the secret; lines `service=` and `account=` follow (git-ecosystem/git-credential-manager,
/// `docs/credstores.md` and PlaintextCredentialStore).
enum ManagerFiles {
    private static let ending = ".credential"
    /// The most files that are read.
    private static let most = 1_000

    /// The files of the store in their order; none if there is no such directory.
    static func files(in directory: String) -> [String] {
        let below = (try? FileManager.default.subpathsOfDirectory(atPath: directory)) ?? []
        return below.filter { $0.hasSuffix(ending) }.sorted().prefix(most).map { directory + "/" + $0 }
    }

    static func read(_ bytes: [UInt8], file: String, _ findings: inout Findings) {
        let place = FoundCredential.Place(file: file)
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        }
        func value(_ name: String) -> String? {
            lines.dropFirst().lazy.map { String(decoding: $0, as: UTF8.self) }.first { $0.hasPrefix(name + "=") }
                .map { String($0.dropFirst(name.count + 1)) }
        }
        guard let secret = lines.first, let account = value("account"),
            let url = value("service").flatMap({ KeyringFindings.url($0) }),
            let request = CredentialRequest(found: Array(url.utf8), username: account, password: Secret(Array(secret)))
        else { return findings.note(.malformed("a secret, then service= with a URL and account="), at: place) }
        if KeyringFindings.isRefreshToken(request) {
            findings.note(.refreshToken, at: place)
        } else {
            findings.add(FoundCredential(keeper: .manager, kind: .password, request: request, place: place))
        }
    }
}
