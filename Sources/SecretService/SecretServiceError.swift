/// The reason why the keyring, or the kernel memory in its place, returned or stored nothing. Each case needs a
/// different action of the user.
package enum SecretServiceError: Error, Sendable, Equatable {
    /// There is no session bus, or the connection failed; the text is GIO's or keyfob's.
    case noBus(String)

    /// There is a session bus, and it refuses or closes the connection.
    case busRefused(String)

    /// libsecret is not installed.
    case noLibrary

    /// There is a session bus, but no program on it provides `org.freedesktop.secrets`.
    case noProvider

    /// The item is in a locked collection, and keyfob may not prompt for its password.
    case locked

    /// The user dismissed the keyring's prompt, or there is no display.
    case promptDismissed

    /// Nobody answered the keyring's prompt within the deadline.
    case promptUnanswered(seconds: Int)

    /// The user was asked a short while ago whether the keyring may ask, did not agree, and is not asked again for so many
    /// seconds.
    case notAskedAgain(seconds: Int64)

    /// There is no collection with the alias `default` or `login`; for the session collection, none with the alias
    /// `session`.
    case noCollection(KeyringProgram)

    /// The bus was still starting the keyring at the deadline.
    case starting(seconds: Int)

    /// The keyring did not answer within the deadline.
    case timedOut(seconds: Int)

    /// The kernel refuses to keep keys, and the setting `store` allows no other place. The number is its errno.
    case noKernelMemory(errno: Int32)

    /// The user's quota of kernel keys is used up.
    case kernelMemoryFull

    /// Any other failure, in the words of the keyring or of libsecret. Never a secret, but still text from another
    /// program.
    case failed(String)

    /// Whether the keyring has items that it does not show now.
    package var isLocked: Bool {
        switch self {
        case .locked, .promptDismissed, .promptUnanswered, .notAskedAgain: true
        default: false
        }
    }
}
