/// What a caller asks for: the one argument of a credential helper (gitcredentials(7), "Custom helpers").
///
/// `capability` is not among them: it takes no request and has one answer, ``Capability/announcement``.
package enum Operation: String, Sendable, CaseIterable {
    /// Give a credential for the request.
    case get
    /// The credential in the request was accepted: keep it.
    case store
    /// The credential in the request was refused: forget it.
    case erase
}
