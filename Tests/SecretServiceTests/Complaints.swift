import CLibsecret
import TestSupport

/// Makes the calling process, the child of an exit test, a program of the session that aborts on any warning of GLib or
/// libsecret.
func enter(_ session: PrivateSession, with more: [String: String] = [:]) {
    session.enter(with: more)
    _ = g_log_set_always_fatal(GLogLevelFlags(rawValue: G_LOG_LEVEL_CRITICAL.rawValue | G_LOG_LEVEL_WARNING.rawValue))
}
