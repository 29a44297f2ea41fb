import TestSupport

/// Makes the calling process, the child of an exit test, a program of the session that aborts on any warning of GLib or
/// libsecret.
func enter(_ session: PrivateSession, with more: [String: String] = [:]) {
    session.enter(with: more.merging(["G_DEBUG": "fatal-warnings"]) { own, _ in own })
}
