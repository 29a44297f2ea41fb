/// The operation that a caller requests: the one argument of a credential helper (gitcredentials(7), "Custom helpers").
///
/// `capability` is not a case: it takes no request and has one fixed answer, ``Capability/announcement``.
package enum Operation: String, Sendable, CaseIterable {
    /// Return a credential for the request.
    case get
    /// The service accepted the credential in the request: store it.
    case store
    /// The service refused the credential in the request: delete it.
    case erase
}
