/// The format of one kind of caller: decodes bytes to a ``CredentialRequest`` and encodes a ``CredentialResponse`` to
/// bytes.
///
/// A dialect decides only the format. It reads no file, no clock and no environment.
package protocol Dialect: Sendable {
    /// Decodes a whole request, as read from standard input.
    func decode(_ input: [UInt8], for operation: Operation) throws(RequestError) -> CredentialRequest

    /// Encodes the whole answer, which is written at once. `request` says which capabilities the caller understands.
    func encode(_ response: CredentialResponse, for request: CredentialRequest) throws(ResponseError) -> [UInt8]

    /// Whether keyfob writes nothing and exits with status 0 if it does not serve the request or has no credential for
    /// it.
    var silentWhenNotOurs: Bool { get }
}
