/// The rules of the device flow (RFC 8628). There is no page for it: the settings determine the user's decision and the
/// number of polls before it.
package struct DeviceRules: Sendable {
    package enum Outcome: Sendable, Equatable {
        /// The user of this name agrees.
        case allowed(String)
        case denied
        /// The user does not decide in time.
        case expired
    }

    /// Whether the endpoint exists and is announced.
    package var isOffered = false
    /// The number of polls that are answered `slow_down`, before all others.
    package var slowDowns = 0
    /// The number of polls that are then answered `authorization_pending`.
    package var pendingPolls = 1
    package var outcome = Outcome.allowed("demo")
    /// Seconds between two polls.
    package var interval = 1
    /// Seconds until the codes expire.
    package var lifetime = 300
    /// Members that replace or add to those of the device authorization response; `.null` removes one.
    package var extraMembers: [String: JSONValue] = [:]

    package init() {}
}
