import Glibc
import Synchronization

/// Keeps a terminal from showing what is typed, and from cutting a line at 4095 bytes (termios(3), canonical mode).
///
/// The terminal is given back however the process ends, but for SIGKILL. One terminal at a time: a process has one.
enum HiddenTyping {
    /// -1: none.
    private static let terminal = Atomic<Int32>(-1)
    /// The local modes that were taken from the terminal.
    private static let taken = Atomic<UInt32>(0)

    /// Hides what is typed on the terminal `descriptor`, and goes on hiding it where somebody has undone it, as a shell
    /// does whose person stopped us and let us go on. Whether it is hidden: no, where the terminal is not ours now.
    static func begin(on descriptor: Int32) -> Bool {
        guard isForeground(descriptor) else { return false }
        var settings = termios()
        guard unsafe tcgetattr(descriptor, &settings) == 0 else { return false }
        let shown = settings.c_lflag & tcflag_t(ECHO | ICANON)
        if shown == 0 { return true }
        taken.bitwiseOr(shown, ordering: .sequentiallyConsistent)
        if terminal.exchange(descriptor, ordering: .sequentiallyConsistent) == -1 { catchSignals() }
        settings.c_lflag &= ~shown
        return unsafe tcsetattr(descriptor, TCSANOW, &settings) == 0
    }

    /// Gives the terminal back. Does only what a signal handler may do (signal-safety(7)).
    static func end() {
        let descriptor = terminal.exchange(-1, ordering: .sequentiallyConsistent)
        let modes = taken.exchange(0, ordering: .sequentiallyConsistent)
        // Where another process group has the terminal, its shell has long given it its own modes; and whoever sets
        // them from the background is stopped.
        guard descriptor >= 0, isForeground(descriptor) else { return }
        var settings = termios()
        guard unsafe tcgetattr(descriptor, &settings) == 0 else { return }
        settings.c_lflag |= modes
        _ = unsafe tcsetattr(descriptor, TCSANOW, &settings)
    }

    /// Whether what is typed on the terminal is meant for our process group.
    static func isForeground(_ descriptor: Int32) -> Bool { tcgetpgrp(descriptor) == getpgrp() }

    /// The signals that people and their shells end programs with, or stop them; each then does so as if it had not been
    /// caught.
    private static func catchSignals() {
        for number in [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP] {
            var (ours, before) = (sigaction(), sigaction())
            unsafe ours.__sigaction_handler.sa_handler = { number in
                HiddenTyping.end()
                raise(number)
            }
            ours.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
            guard unsafe sigaction(number, &ours, &before) == 0 else { continue }
            // Who started us to outlive a hang-up is obeyed.
            let (handler, ignore) = unsafe (before.__sigaction_handler.sa_handler, SIG_IGN)
            guard unsafe unsafeBitCast(handler, to: Int.self) == unsafeBitCast(ignore, to: Int.self) else { continue }
            _ = unsafe sigaction(number, &before, nil)
        }
    }
}
