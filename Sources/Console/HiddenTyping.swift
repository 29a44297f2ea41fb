import Glibc
import Synchronization

/// Switches off a terminal's echo and its limit of 4095 bytes in a line (termios(3), canonical mode).
///
/// The modes are restored when the process ends, except by SIGKILL. One terminal at a time: a process has one.
enum HiddenTyping {
    /// The descriptor, or -1 if no modes were changed.
    private static let terminal = Atomic<Int32>(-1)
    /// The local modes that were switched off.
    private static let taken = Atomic<UInt32>(0)

    /// The address of the text for ``onInterrupt(_:)``, or 0.
    private static let lastWords = Atomic<UInt>(0)

    /// Sets the text that Ctrl-C writes to standard error while the echo is off; nil for none.
    static func onInterrupt(_ text: String?) {
        let copy = text.flatMap { unsafe UInt(bitPattern: strdup($0)) } ?? 0
        let before = lastWords.exchange(copy, ordering: .sequentiallyConsistent)
        unsafe free(UnsafeMutableRawPointer(bitPattern: before))
    }

    /// Switches off the echo on the terminal `descriptor`; again if it is back, as it is after the user stopped and
    /// continued the process. Returns false if our process group does not have the terminal.
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

    /// Restores the modes. Uses only functions that a signal handler may call (signal-safety(7)).
    static func end() {
        let descriptor = terminal.exchange(-1, ordering: .sequentiallyConsistent)
        let modes = taken.exchange(0, ordering: .sequentiallyConsistent)
        // If another process group has the terminal, the shell has set its own modes, and setting them from the
        // background would stop this process.
        guard descriptor >= 0, isForeground(descriptor) else { return }
        var settings = termios()
        guard unsafe tcgetattr(descriptor, &settings) == 0 else { return }
        settings.c_lflag |= modes
        _ = unsafe tcsetattr(descriptor, TCSANOW, &settings)
    }

    /// Uses only functions that a signal handler may call.
    private static func writeLastWords() {
        guard let text = unsafe UnsafePointer<CChar>(bitPattern: lastWords.load(ordering: .sequentiallyConsistent))
        else { return }
        _ = unsafe write(STDERR_FILENO, text, strlen(text))
    }

    /// Whether our process group has the terminal.
    static func isForeground(_ descriptor: Int32) -> Bool { tcgetpgrp(descriptor) == getpgrp() }

    /// Catches the signals by which users and shells end or stop programs. Each one then takes its usual effect.
    private static func catchSignals() {
        for number in [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP] {
            var (ours, before) = (sigaction(), sigaction())
            unsafe ours.__sigaction_handler.sa_handler = { number in
                HiddenTyping.end()
                if number == SIGINT { HiddenTyping.writeLastWords() }
                raise(number)
            }
            ours.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
            guard unsafe sigaction(number, &ours, &before) == 0 else { continue }
            // A signal that was ignored stays ignored (nohup(1)).
            let (handler, ignore) = unsafe (before.__sigaction_handler.sa_handler, SIG_IGN)
            guard unsafe unsafeBitCast(handler, to: Int.self) == unsafeBitCast(ignore, to: Int.self) else { continue }
            _ = unsafe sigaction(number, &before, nil)
        }
    }
}
