import Addresses
import Console
import CredentialProtocol
import KeyfobCore

extension Report {
    /// The report of an error of a command that named this service and gave these options: its hints repeat them.
    init(_ error: any Error, about url: String?, options: [String]) {
        self.init(error)
        let service = url.flatMap { try? ServiceURL($0) }
        hints = hints.map { HintedCommand.completed($0, service: service, options: options) }
    }
}
