import FoundationEssentials

extension PrivateSession {
    /// Runs `body` with a private bus and a private keyring. So the user's own keyring is not touched, and none is
    /// needed.
    func withKeyring<Result: Sendable>(_ tools: Tools, _ body: () async throws -> Result) async throws -> Result {
        // No directory of services: we could not end a program that the bus starts by itself.
        try Self.write(
            """
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
             "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>session</type>
              <listen>unix:path=\(root)/run/bus</listen>
              <auth>EXTERNAL</auth>
              <policy context="default">
                <allow send_destination="*"/>
                <allow eavesdrop="false"/>
                <allow own="*"/>
              </policy>
            </busconfig>

            """, to: "\(root)/bus.conf")
        let bus = Command(
            executable: tools.dbusDaemon, arguments: ["--config-file=\(root)/bus.conf", "--nofork", "--nopidfile"],
            environment: environment)
        let keyring = Command(
            executable: tools.keyringDaemon, arguments: ["--unlock", "--foreground", "--components=secrets"],
            environment: environment)
        let password = String((0..<32).map { _ in Character(Unicode.Scalar(UInt8.random(in: 0x61...0x7a))) })
        return try await Daemon.run(bus) {
            try await wait(for: "the private session bus") {
                FileManager.default.fileExists(atPath: "\(root)/run/bus")
            }
            return try await Daemon.run(keyring, input: password) {
                try await wait(for: "the private keyring") { try await keyringIsThere(tools) }
                return try await body()
            }
        }
    }

    private func keyringIsThere(_ tools: Tools) async throws -> Bool {
        let answer = try await Command(
            executable: tools.dbusSend,
            arguments: [
                "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/",
                "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets",
            ], environment: environment
        ).run()
        return answer.text.contains("boolean true")
    }

    private func wait(for what: String, _ isThere: () async throws -> Bool) async throws {
        let limit = ContinuousClock.now + .seconds(15)
        while try await !isThere() {
            guard ContinuousClock.now < limit else { throw DemoFailure(description: "\(what) did not start") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
