/// How one kind of caller speaks: bytes to a ``CredentialRequest``, a ``CredentialResponse`` to bytes.
///
/// A dialect decides nothing but form; it reads no file, no clock and no environment.
package protocol Dialect: Sendable {
    /// Reads a whole request, as it came from standard input.
    func decode(_ input: [UInt8], for operation: Operation) throws(RequestError) -> CredentialRequest

    /// The whole answer, to be written at once. The request says what the caller understands.
    func encode(_ response: CredentialResponse, for request: CredentialRequest) throws(ResponseError) -> [UInt8]

    /// Whether a request that is not ours, or for which we have nothing, ends in silence and exit status 0.
    var silentWhenNotOurs: Bool { get }
}
