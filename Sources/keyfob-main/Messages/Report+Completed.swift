import Addresses
import Console
import CredentialProtocol
import KeyfobCore

extension Report {
    /// The report of an error of a command that named this service, account and scopes: its hints name them, too.
    init(_ error: any Error, about url: String?, account: String?, scopes: [String] = []) {
        self.init(error)
        let service = url.flatMap { try? ServiceURL($0) }
        hints = hints.map { HintedCommand.completed($0, service: service, account: account, scopes: scopes) }
    }
}
