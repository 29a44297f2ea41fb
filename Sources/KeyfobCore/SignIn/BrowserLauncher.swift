import Glibc

/// Opens an address in the user's browser.
///
/// It tries, in this order:
/// 1. the programs in `$BROWSER`, separated by colons; each may have arguments, in which `%s` stands for the address;
/// 2. `wslview`, which exists only on WSL;
/// 3. `gio open`, GIO's default handler;
/// 4. `xdg-open`;
/// 5. the desktop's portal, for sandboxes that have none of these.
///
/// No shell sees the address. The child has a session of its own, and /dev/null as standard input, output and error: it
/// cannot write into an answer, and keyfob does not wait for it.
package struct BrowserLauncher: Sendable {
    let search: ExecutableSearch
    let browser: String?
    let environment: [String: String]
    let tracer: Tracer
    let activation: @Sendable () -> String?
    let portal: Portal

    /// - Parameters:
    ///   - browser: the value of `$BROWSER`.
    ///   - environment: the child's environment.
    ///   - activation: the token that lets the browser come to the front, if the desktop has given one (XDG Activation).
    ///   - portal: the desktop's portal.
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

    /// Starts the first program that can be started. Returns whether there was one.
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

    /// Whether there is a program or a portal for opening an address.
    package var mightOpen: Bool {
        programs.contains { $0.path != nil } || portal.isThere()
    }

    /// The desktop's portal, which opens addresses for programs in a sandbox.
    package struct Portal: Sendable {
        let isThere: @Sendable () -> Bool
        let open: @Sendable (String) -> Bool

        package static let none = Portal(isThere: { false }, open: { _ in false })

        /// - Parameters:
        ///   - isThere: whether there is a portal.
        ///   - open: opens an address. Returns whether the portal accepted it.
        package init(isThere: @escaping @Sendable () -> Bool, open: @escaping @Sendable (String) -> Bool) {
            (self.isThere, self.open) = (isThere, open)
        }
    }

    /// The programs to try, in order, each with its path if it exists.
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

    /// POSIX_SPAWN_SETSID (glibc 2.26), which the C module shows only to GNU sources.
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

    /// The environment, with the activation token under the names that Wayland and X11 use.
    private var childEnvironment: [String: String] {
        guard let token = activation() else { return environment }
        return environment.merging(["XDG_ACTIVATION_TOKEN": token, "DESKTOP_STARTUP_ID": token]) { $1 }
    }

    /// Lends `strings` as an array of C strings that ends with NULL.
    private func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = unsafe strings.map { unsafe strdup($0) }
        defer { unsafe copies.forEach { unsafe free($0) } }
        return unsafe body(copies + [nil])
    }
}
