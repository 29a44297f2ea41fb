/// Whether keyfob may ask the user during this request: the attribute `interaction` of the line dialect.
package enum Interaction: String, Sendable, CaseIterable {
    /// Never ask: answer with the credentials that are available, or not at all.
    case never
    /// Ask if the user is likely to see the question. The default.
    case auto
    /// Ask even if nothing shows that a user is present.
    case always
}
