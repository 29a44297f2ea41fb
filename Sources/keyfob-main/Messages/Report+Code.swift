import CredentialProtocol
import KeyfobCore
import OAuth
import SecretService

extension Report {
    /// The code of an error for which the exit status is not specific enough; nil for all others.
    static func code(of error: any Error) -> Code? {
        switch error {
        case let error as SecretServiceError where error.isLocked: .keyringLocked
        case CredentialFailure.notAService: .unsupportedService
        case CredentialFailure.signInRefused, CredentialFailure.anotherAccount, AccountLock.Failure.personDeclined,
            CredentialFailure.declinedElsewhere(_, _, .refused), CredentialFailure.declinedElsewhere(_, _, .dismissed):
            .denied
        case OAuthError.unreachable, OAuthError.proxyRefused: .offline
        case OAuthError.refused(_, _, "access_denied", _): .denied
        default: nil
        }
    }
}
