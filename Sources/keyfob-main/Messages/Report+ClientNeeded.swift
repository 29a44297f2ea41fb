import Addresses
import Console
import CredentialProtocol
import KeyfobCore
import OAuth
import Secrets

/// What the user has to do if keyfob cannot register itself at a server.
extension Report {
    /// Says exactly what to register, and where.
    ///
    /// - Parameter isInDetail: whether to give all facts instead of the command that guides the user.
    init(clientNeeded needed: CredentialFailure.ClientNeeded, isInDetail: Bool = false) {
        let isFailing = if case .failing = needed.reason { true } else { false }
        self.init(Self.why(needed), status: isFailing ? 75 : 78)
        defer {
            if isFailing {
                hints = [Self.nothingDeleted] + hints.enumerated().map { $0 == 0 ? Self.lasting($1) : $1 }
            }
            if case .unusable = needed.reason {
                hints.append(
                    "or, if the server has changed since, run: \(Messages.login("--register", needed.service))")
            }
        }
        if !needed.known.isEmpty {
            hints = needed.known.map {
                "to use the client that you registered there, run: "
                    + Messages.login("--client-id " + ShellWords.quoted(Messages.whole($0)), needed.service)
            }
            return
        }
        let scopes = needed.scopes.isEmpty ? "" : " and the scopes " + needed.scopes.joined(separator: " ")
        hints = [
            "register a client" + (needed.page.map { " at " + Messages.whole($0) } ?? " there")
                + " with the redirect URI " + needed.redirectURI + Messages.whole(scopes) + ", then run: "
                + Messages.login("--client-id ID" + (needed.wantsSecret ? " --client-secret" : ""), needed.service)
        ]
        if needed.page != nil, !isInDetail {
            hints[0] = "or " + hints[0]
            hints.insert("to be guided through that, run: \(Messages.command("setup git", needed.service))", at: 0)
            return
        }
        hints += needed.notes
        if needed.notes.isEmpty, needed.redirectURI == RedirectTemplate.loopback.uri(port: nil) {
            let fixed = ClientMetadataDocument.redirect.uri(port: nil)
            hints.append(
                "if the server compares the port, register \(fixed) and set redirect_uri = \"\(fixed)\" for"
                    + " [host.\"\(needed.service)\"] in the configuration")
        }
    }

    /// Why the user has to register a client.
    private static func why(_ needed: CredentialFailure.ClientNeeded) -> String {
        switch needed.reason {
        case .closed:
            "keyfob is not registered at \(Messages.printable(needed.issuer)), and cannot register itself there"
        case .refused(let error), .failing(let error):
            "the server did not register keyfob: \(Report(oauth: error).message)"
        case .unusable(let member, nil):
            "\(Messages.printable(needed.issuer)) has registered keyfob in a form that keyfob cannot use "
                + "(\(Messages.printable(member)))"
        case .unusable(let member, .malformed):
            "\(Messages.printable(needed.issuer)) has registered keyfob, but its answer cannot be used "
                + "(\(Messages.printable(member)))"
        case .unusable(_, let error?): Report(oauth: error).message
        }
    }

    /// The lines to write for a service that the configuration does not name any more, so that its sign-in is used again.
    ///
    /// - Parameter client: the id of the user's own client, if the sign-in is of one.
    static func configure(_ service: String, again issuer: String, _ client: String?) -> String {
        let file = Environment.configurationFiles.first.map { "into " + Messages.whole($0) } ?? "there"
        let lines =
            ["issuer = \"\(Messages.whole(issuer))\""]
            + (client.map { ["client_id = \"\(Messages.whole($0))\""] } ?? [])
        return
            "your sign-in there is of the authorization server \(Messages.whole(issuer)); to use it again, write "
            + "\(file): [host.\"\(Messages.whole(service))\"], and below it "
            + lines.joined(separator: " and ")
    }
}
