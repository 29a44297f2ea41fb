import Glibc

/// Opens an address in the person's browser.
///
/// `$BROWSER` is honoured (a list separated by colons; each may have arguments, `%s` stands for the address), then `wslview`,
/// which is there on WSL alone, then GIO's default handler (`gio open`), then `xdg-open`, and last the desktop's portal, where
/// a sandbox has none of these. No shell sees the address. The child is on its own: a session of its own, standard input,
/// output and error on /dev/null, so that neither can it speak into an answer nor can we wait on it.
package struct BrowserLauncher: Sendable {
    let search: ExecutableSearch
    let browser: String?
    let environment: [String: String]
    let tracer: Tracer
    let activation: @Sendable () -> String?
    let portal: Portal

    /// - Parameters:
    ///   - browser: the value of `$BROWSER`.
    ///   - environment: what the child gets.
    ///   - activation: what lets the browser come to the front, where a desktop has given that by now (XDG Activation).
    ///   - portal: the desktop's.
    package init(
        search: ExecutableSearch, browser: String?, environment: [String: String],
        activation: @escaping @Sendable () -> String? = { nil }, portal: Portal = .none, tracer: Tracer = .none
    ) {
        (self.activation, self.portal) = (activation, portal)
        self.search = search
        self.tracer = tracer
        self.browser = browser
        self.environment = environment
    }

    /// Starts the first browser that can be started; whether there was one.
    package func open(_ address: String) -> Bool {
        commands(for: address).contains { command in
            guard let program = command.first.flatMap({ search.path(of: $0) }) else { return false }
            let isStarted = spawn(program, command)
            tracer.note("browser: \(program) " + (isStarted ? "started" : "cannot be started"))
            return isStarted
        } || opensByPortal(address)
    }

    private func opensByPortal(_ address: String) -> Bool {
        let isOpened = portal.open(address)
        tracer.note("browser: the desktop's portal " + (isOpened ? "opens it" : "is not there"))
        return isOpened
    }

    /// Whether there is anything that might open an address.
    package var mightOpen: Bool {
        programs.contains { $0.path != nil } || portal.isThere()
    }

    /// What opens addresses for those who may start no programs outside of their sandbox.
    package struct Portal: Sendable {
        let isThere: @Sendable () -> Bool
        let open: @Sendable (String) -> Bool

        package static let none = Portal(isThere: { false }, open: { _ in false })

        /// - Parameters:
        ///   - isThere: whether there is one.
        ///   - open: opens an address; whether the portal took that on.
        package init(isThere: @escaping @Sendable () -> Bool, open: @escaping @Sendable (String) -> Bool) {
            (self.isThere, self.open) = (isThere, open)
        }
    }

    /// The programs to try, in order: each as it is called, and where it is, if it is there.
    package var programs: [(name: String, path: String?)] {
        commands(for: "").compactMap { $0.first }.map { ($0, search.path(of: $0)) }
    }

    /// The command lines to try, in order.
    func commands(for address: String) -> [[String]] {
        let wanted = (browser ?? "").split(separator: ":").compactMap { entry -> [String]? in
            let words = entry.split(separator: " ").map(String.init)
            if words.isEmpty { return nil }
            guard words.contains(where: { $0.contains("%s") }) else { return words + [address] }
            return words.map { word in
                word.split(separator: "%s", omittingEmptySubsequences: false).joined(separator: address)
            }
        }
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
        return unsafe withCStrings(arguments) { argv in
            unsafe withCStrings(childEnvironment.map { $0.key + "=" + $0.value }) { envp in
                unsafe posix_spawn(&child, program, &actions, &attributes, argv, envp) == 0
            }
        }
    }

    /// With the token by the names that Wayland's and X11's programs look for.
    private var childEnvironment: [String: String] {
        guard let token = activation() else { return environment }
        return environment.merging(["XDG_ACTIVATION_TOKEN": token, "DESKTOP_STARTUP_ID": token]) { $1 }
    }

    /// Lends `strings` as a NULL-ended array of C strings.
    private func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = unsafe strings.map { unsafe strdup($0) }
        defer { unsafe copies.forEach { unsafe free($0) } }
        return unsafe body(copies + [nil])
    }
}
