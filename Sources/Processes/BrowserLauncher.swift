import Glibc

/// Opens an address in the user's browser. It tries, in this order:
///
/// 1. `$BROWSER`: a list of commands separated by colons. ``BrowserVariable`` reads it.
/// 2. `wslview`, which only WSL has.
/// 3. GIO's default handler (`gio open`), then `xdg-open`.
/// 4. The desktop's portal, for a sandbox that has none of these.
///
/// A program that fails within two seconds has opened nothing, so the next one is tried.
///
/// No shell sees the address. The child has a session of its own, and its standard input, output and error are /dev/null, so
/// it cannot write into an answer.
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

    /// Why a program has not opened the browser.
    package enum Failure: Sendable, Equatable {
        /// `$BROWSER` names it, and it is not there.
        case missing(program: String)
        case cannotStart(program: String)
        /// It ended with this exit status; nil if a signal ended it.
        case ended(program: String, status: Int32?)
    }

    /// A browser that is opening.
    package struct Opening: Sendable {
        fileprivate var address: String
        /// The program; nil for the desktop's portal.
        fileprivate var program: (path: String, process: pid_t)?
        /// The commands to try if it fails.
        fileprivate var others: ArraySlice<[String]>
    }

    /// Starts the first browser that can be started. Returns nil if there is none.
    ///
    /// - Parameter failed: receives each program that cannot be started, if the user named it.
    package func open(_ address: String, failed: (Failure) -> Void = { _ in }) -> Opening? {
        for named in wanted(for: address) where path(of: named) == nil { failed(.missing(program: named[0])) }
        return open(address, by: commands(for: address)[...], failed)
    }

    private func open(_ address: String, by commands: ArraySlice<[String]>, _ failed: (Failure) -> Void) -> Opening? {
        for (index, command) in zip(commands.indices, commands) {
            guard let program = path(of: command) else { continue }
            let process = spawn(program, command)
            note("browser: \(program) " + (process == nil ? "cannot be started" : "started"))
            if let process {
                let others = commands[(index + 1)...]
                return Opening(address: address, program: (program, process), others: others)
            }
            failed(.cannotStart(program: program))
        }
        return opensByPortal(address) ? Opening(address: address, program: nil, others: []) : nil
    }

    /// Follows the program for a while, and starts the next one if it fails. Returns whether one may have opened the
    /// browser.
    ///
    /// - Parameter patience: longer than a script needs to find that it has no browser.
    /// - Throws: `CancellationError` soon after the task is cancelled.
    package func follow(
        _ opening: Opening, for patience: Duration = .seconds(2), failed: (Failure) -> Void
    ) async throws -> Bool {
        var opening = opening
        while let (program, process) = opening.program {
            guard let failure = try await failure(of: process, program, within: patience) else { return true }
            note("browser: \(program) failed")
            failed(failure)
            guard let next = open(opening.address, by: opening.others, failed) else { return false }
            opening = next
        }
        return true
    }

    /// How the process failed; nil if it succeeded or still runs.
    private func failure(
        of process: pid_t, _ program: String, within patience: Duration
    ) async throws -> Failure? {
        let end = ContinuousClock.now + patience
        while true {
            let isLast = ContinuousClock.now >= end
            var status: CInt = 0
            if unsafe waitpid(process, &status, WNOHANG) != 0 {
                let isExit = status & 0x7F == 0
                return status == 0 ? nil : .ended(program: program, status: isExit ? status >> 8 & 0xFF : nil)
            }
            if isLast { return nil }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func path(of command: [String]) -> String? { command.first.flatMap { search.path(of: $0) } }

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

    /// The programs that the user names, and that are not there.
    package var missing: [String] { wanted(for: "").filter { path(of: $0) == nil }.compactMap(\.first) }

    /// The command lines to try, in order.
    func commands(for address: String) -> [[String]] {
        wanted(for: address) + [["wslview", address], ["gio", "open", address], ["xdg-open", address]]
    }

    /// Those of `$BROWSER`. A shell expands the tilde only outside of quotation marks, and a file of settings never; a path
    /// that begins with one means nothing else.
    private func wanted(for address: String) -> [[String]] {
        func expanded(_ program: String) -> String {
            guard program.hasPrefix("~/"), let home = environment["HOME"] else { return program }
            return home + program.dropFirst()
        }
        return BrowserVariable(browser ?? "") { search.path(of: expanded($0)) != nil }.commands(for: address)
            .map { [expanded($0[0])] + $0.dropFirst() }
    }

    /// POSIX_SPAWN_SETSID (glibc 2.26), which the C module shows to GNU sources alone.
    private static let newSession: Int16 = 0x80

    /// Returns the process; nil if it cannot be started.
    private func spawn(_ program: String, _ arguments: [String]) -> pid_t? {
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
        let isStarted = unsafe CStrings.with(arguments) { argv in
            unsafe CStrings.with(childEnvironment.map { $0.key + "=" + $0.value }) { envp in
                unsafe posix_spawn(&child, program, &actions, &attributes, argv, envp) == 0
            }
        }
        return isStarted ? child : nil
    }

    /// With the token in the variables that programs on Wayland and X11 read.
    private var childEnvironment: [String: String] {
        guard let token = activation() else { return environment }
        return environment.merging(["XDG_ACTIVATION_TOKEN": token, "DESKTOP_STARTUP_ID": token]) { $1 }
    }
}
