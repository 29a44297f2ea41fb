import Addresses
import ArgumentParser
import Console
import CredentialProtocol
import Files
import KeyfobCore
import OAuth
import SecretService
import Setup

/// The only place that turns an error into a message.
extension Report {
    /// The report of any error with which a command can fail.
    init(_ error: any Error) {
        self.init(words: error)
        code = Self.code(of: error) ?? Code(status: status)
    }

    private init(words error: any Error) {
        switch error {
        case let error as Report: self = error
        case let error as RequestError: self.init(error)
        case let error as ResponseError: self.init(error)
        case let error as ConfigurationError: self.init(configuration: error)
        case let error as SecretServiceError: self.init(secretService: error)
        case let error as CredentialFailure: self.init(credential: error)
        case let error as OAuthError: self.init(oauth: error)
        case let error as AccountLock.Failure: self.init(lock: error)
        case let error as NoCredential:
            let service = try? ServiceURL(error.url)
            self.init(
                "no credential for \(Messages.address(error.url))",
                hint: service.map { "to sign in there, run: " + Messages.login($0) }, status: 1)
        case let error as NotSignedIn:
            let place = error.url.map { "to " + Messages.address($0) } ?? "anywhere"
            let name = error.account.map { " as " + Messages.printable($0) } ?? ""
            self.init("not signed in \(place)\(name)", status: 1)
            if error.mayHaveMore { hints.append(Messages.onlyMemory) }
            if let file = error.fileOfApproval {
                hints.append(Messages.forgetApproval(in: file))
            }
            if error.url != nil { hints.append("to see your sign-ins, run: keyfob status") }
        case let error as StandardOutput.Unwritable:
            self.init(Descriptors.words(forUnwritten: error.code) ?? "", status: 74)
        case let error as ExitCode: self.init("", status: error.rawValue)
        case let error as SetupFailure: self.init(setup: error)
        case let error as RegistrationNeeded:
            self.init(clientNeeded: error.needed, isInDetail: true)
            status = 77
        case let error as EditedFile.Failure: self.init(file: error)
        case let error as FileError:
            self.init("\(Messages.printable(error.path)): \(Self.words(file: error.problem))", status: 78)
        case is TokenInSight:
            self.init(
                "the token would appear on the terminal", hint: "to show it: --show; or write it to a pipe",
                status: 64)
        case is NobodyAsked:
            self.init(
                "nothing was copied, because keyfob could not ask you",
                hint: "to copy without a question: --yes",
                status: 77)
        case let error as NoSuchProgram:
            self.init("there is no program \(Messages.printable(error.name))", status: 127)
        case is EndpointURL.ParsingError:
            self.init("the URL names no host to which keyfob would connect", status: 64)
        case is CancellationError: self.init("cancelled", status: 77)
        default: self.init(Messages.printable("unexpected: \(error)"), status: 70)
        }
    }

    /// Prints the report on standard error.
    ///
    /// - Returns: the error that ends the process with the exit status.
    func print() -> ExitCode {
        Terminal.say(lines: lines)
        return ExitCode(status)
    }
}

/// There is no credential for a request, and no account that could get one.
struct NoCredential: Error {
    var url: String

    init(request: CredentialRequest) {
        url = request.url?.description ?? "\(request.protocolName)://\(request.host)"
    }
}

/// There is no grant to log out of.
struct NotSignedIn: Error {
    var url: String?
    var account: String?
    /// Whether there may be a sign-in in a Secret Service that is not there now.
    var mayHaveMore = false
    /// The file with the approval of the service, if that stays.
    var fileOfApproval: String?
}
