/// How the server signs people in at another device (RFC 8628). There is no page for it: what a person would do is
/// decided here, after as many polls as are asked for.
package struct DeviceRules: Sendable {
    package enum Outcome: Sendable, Equatable {
        /// The user of this name agrees.
        case allowed(String)
        case denied
        /// Nobody comes.
        case expired
    }

    /// Whether there is an endpoint, and it is announced.
    package var isOffered = false
    /// How many polls are answered `slow_down`, before all others.
    package var slowDowns = 0
    /// How many polls are answered `authorization_pending` after those.
    package var pendingPolls = 1
    package var outcome = Outcome.allowed("demo")
    /// Seconds between two polls.
    package var interval = 1
    /// Seconds until the codes die.
    package var lifetime = 300
    /// Members that replace or join those of the device authorization response; `.null` removes one.
    package var extraMembers: [String: JSONValue] = [:]

    package init() {}
}
