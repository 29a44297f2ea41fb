import CredentialProtocol
import Dialects
import KeyfobCore
import OAuth
import SecretService

extension CallerFailure {
    /// Any error as a program is told of it: the words are those that a person gets.
    init(reporting error: any Error) {
        let report = FailureReport(error)
        self.init(Self.code(of: error, status: report.status), report.line, hints: report.hints, status: report.status)
    }

    private static func code(of error: any Error, status: Int32) -> Code {
        switch error {
        case SecretServiceError.locked, SecretServiceError.promptDismissed: .keyringLocked
        case is SecretServiceError: .keyringUnavailable
        case CredentialFailure.notAService: .unsupportedService
        case CredentialFailure.noAccountAndNoKeyring: .keyringUnavailable
        case CredentialFailure.signInRefused, CredentialFailure.anotherAccount, AccountLock.Failure.personDeclined:
            .denied
        case OAuthError.unreachable: .offline
        case OAuthError.refused(_, _, "access_denied", _): .denied
        default: code(of: status)
        }
    }

    private static func code(of status: Int32) -> Code {
        switch status {
        case 1: .noCredential
        case 64: .usage
        case 65: .malformedRequest
        case 69: .keyringUnavailable
        case 75: .temporary
        case 77: .loginRequired
        case 78: .configuration
        default: .internal
        }
    }
}
