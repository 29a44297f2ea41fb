/// An optional part of the protocol that a caller says it understands (git-credential(1), `capability[]`, git 2.46).
///
/// Capabilities are announced in the order of the cases.
package enum Capability: String, Sendable, CaseIterable {
    /// The attributes `authtype`, `credential` and `ephemeral`.
    case authtype
    /// The attributes `state[]` and `continue`.
    case state

    /// The complete answer to the operation `capability`: a version line, then one line for each capability.
    package static let announcement: [UInt8] = Array(
        ("version 0\n" + allCases.map { "capability \($0.rawValue)\n" }.joined()).utf8)
}
