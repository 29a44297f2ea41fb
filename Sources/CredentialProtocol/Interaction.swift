/// Whether the person may be asked for this request: the attribute `interaction` of the line dialect.
package enum Interaction: String, Sendable, CaseIterable {
    /// Answer from what is at hand, or not at all.
    case never
    /// Ask where somebody can be expected to see it. The default.
    case auto
    /// Ask even where nothing shows that somebody is there.
    case always
}
