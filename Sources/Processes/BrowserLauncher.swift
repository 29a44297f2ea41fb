import Glibc

/// Opens an address in the user's browser. It tries, in this order:
///
/// 1. `$BROWSER`: a list of commands separated by colons. ``BrowserVariable`` reads it.
/// 2. `wslview`, which only WSL has.
/// 3. GIO's default handler (`gio open`), then `xdg-open`.
/// 4. The desktop's portal, for a sandbox that has none of these.
///
/// No shell sees the address. The child is not waited for. It has a session of its own, and its standard input, output and
/// error are /dev/null, so it cannot write into an answer.
package struct BrowserLauncher: Sendable {
    let search: ExecutableSearch
    let browser: String?
    let environment: [String: String]
    let note: @Sendable (String) -> Void
    let activation: @Sendable () -> String?
    let portal: Portal

    /// - Parameters:
    ///   - browser: the value of `$BROWSER`.
    ///   - environment: the complete environment of the child.
    ///   - activation: returns the token with which the browser can come to the front, if the desktop has given one
    ///     (XDG Activation).
    ///   - note: receives a line about each attempt, for the trace.
    package init(
        search: ExecutableSearch, browser: String?, environment: [String: String],
        activation: @escaping @Sendable () -> String? = { nil }, portal: Portal = .none,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        (self.activation, self.portal) = (activation, portal)
        self.search = search
        self.note = note
        self.browser = browser
        self.environment = environment
    }

    /// Starts the first browser that can be started. Returns whether there was one.
    package func open(_ address: String) -> Bool {
        commands(for: address).contains { command in
            guard let program = command.first.flatMap({ search.path(of: $0) }) else { return false }
            let isStarted = spawn(program, command)
            note("browser: \(program) " + (isStarted ? "started" : "cannot be started"))
            return isStarted
        } || opensByPortal(address)
    }

    private func opensByPortal(_ address: String) -> Bool {
        let isOpened = portal.open(address)
        note("browser: the desktop's portal " + (isOpened ? "opens it" : "is not there"))
        return isOpened
    }

    /// Whether there is anything that might open an address.
    package var mightOpen: Bool {
        programs.contains { $0.path != nil } || portal.isThere()
    }

    /// Opens addresses for a program that cannot start programs outside of its sandbox.
    package struct Portal: Sendable {
        let isThere: @Sendable () -> Bool
        let open: @Sendable (String) -> Bool

        package static let none = Portal(isThere: { false }, open: { _ in false })

        /// - Parameters:
        ///   - isThere: returns whether there is a portal.
        ///   - open: opens an address. Returns whether the portal accepted that.
        package init(isThere: @escaping @Sendable () -> Bool, open: @escaping @Sendable (String) -> Bool) {
            (self.isThere, self.open) = (isThere, open)
        }
    }

    /// The programs to try, in order: the name of each, and its absolute path if it is installed.
    package var programs: [(name: String, path: String?)] {
        commands(for: "").compactMap { $0.first }.map { ($0, search.path(of: $0)) }
    }

    /// The command lines to try, in order.
    func commands(for address: String) -> [[String]] {
        let wanted = BrowserVariable(browser ?? "") { search.path(of: $0) != nil }.commands(for: address)
        return wanted + [["wslview", address], ["gio", "open", address], ["xdg-open", address]]
    }

    /// POSIX_SPAWN_SETSID (glibc 2.26), which the C module shows to GNU sources alone.
    private static let newSession: Int16 = 0x80

    private func spawn(_ program: String, _ arguments: [String]) -> Bool {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 0...2 as ClosedRange<CInt> {
            unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        unsafe posix_spawnattr_setflags(&attributes, Self.newSession)
        var child = pid_t()
        return unsafe CStrings.with(arguments) { argv in
            unsafe CStrings.with(childEnvironment.map { $0.key + "=" + $0.value }) { envp in
                unsafe posix_spawn(&child, program, &actions, &attributes, argv, envp) == 0
            }
        }
    }

    /// With the token in the variables that programs on Wayland and X11 read.
    private var childEnvironment: [String: String] {
        guard let token = activation() else { return environment }
        return environment.merging(["XDG_ACTIVATION_TOKEN": token, "DESKTOP_STARTUP_ID": token]) { $1 }
    }
}
