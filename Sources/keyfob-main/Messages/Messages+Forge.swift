import Addresses
import Console
import CredentialProtocol
import KeyfobCore
import Secrets

/// The messages of ``ForgeWalk``.
extension Messages {
    static func thenSignIn(_ service: ServiceURL) -> String {
        "then sign in, once: \(login(service))"
    }

    static func looksLike(_ guess: ForgeGuess) -> String {
        let sign =
            switch guess.sign {
            case .realm(let realm): "it calls itself \"\(printable(realm))\""
            case .metadata: "its metadata say so"
            case .name: "its name says so"
            }
        return "\(guess.entry.service.host) looks like a host of \(guess.host.name): \(sign)"
    }

    /// The hint of a sign-in that failed at a forge of which keyfob did not know.
    static func setUp(_ guess: ForgeGuess, _ service: ServiceURL) -> String {
        looksLike(guess) + "; to set that up for git, run: " + command("setup git", service)
    }

    static func isThat(_ guess: ForgeGuess) -> String {
        let server = guess.entry.issuer.map { ", with the authorization server \(whole($0))" } ?? ""
        return "set up keyfob for \(guess.host.name) at all of \(guess.entry.service)\(server)? [y/N] "
    }

    /// The lines that the user would write.
    static func lines(of guess: ForgeGuess) -> String {
        let issuer = guess.entry.issuer.map { " and issuer = \"\(whole($0))\"" } ?? ""
        return "if that is right, set provider = \"\(guess.host.provider)\"\(issuer) for"
            + " [host.\"\(guess.entry.service)\"] in the configuration"
    }

    static func clientKnown(_ service: ServiceURL) -> String {
        "a client for \(Printable.text(service.description)) is known; to sign in: \(login(service))"
    }

    static func wantsRegistration(_ host: KnownHost) -> String {
        "\(host.name) requires that you register an application once"
    }

    static func shortestWay(_ client: KnownHost.OwnClient) -> String {
        switch client {
        case .withoutSecret: "easiest: a public client, which has no secret"
        case .withoutSecretByDevice: "easiest: enable the device flow; then no secret is needed"
        case .withSecret: "the page shows a client id and a secret; keyfob stores the secret in your keyring"
        }
    }

    /// A value to copy, in a column of its own.
    static func toCopy(_ name: String, _ value: String) -> String {
        "  " + name + String(repeating: " ", count: max(14 - name.count, 1)) + Printable.text(value)
    }

    static let openThat = "open that page in your browser? [Y/n] "
    static let noBrowser = "no browser can be started here: open the page yourself"
    static let clientID = "client id: "
    static let whereClientID = "after the registration the page shows the client id; Ctrl-C to give up"
    static let clientSecret = "client secret (not shown): "

    static func gitReads(_ repository: ServiceURL) -> String { "git reads \(Printable.text(repository.description))" }
}
