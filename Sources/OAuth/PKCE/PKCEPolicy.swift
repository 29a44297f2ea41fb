/// What to do where the metadata does not announce S256.
package enum PKCEPolicy: String, Sendable {
    /// Refuse the login.
    case required
    /// Send the S256 challenge all the same.
    case assumed
}
