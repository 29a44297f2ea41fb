import Glibc
import SecretService
import Secrets
import TestSupport
import Testing

/// Each missing part has its own error, because the user must do something different for each.
@Suite(.timeLimit(.minutes(3))) struct `Without a keyring` {
    /// With a display, GIO would start its own bus with `dbus-launch`, which no keyring joins.
    @Test(arguments: [
        [:], ["DISPLAY": ":7"], ["DBUS_SESSION_BUS_ADDRESS": ""],
        ["DBUS_SESSION_BUS_ADDRESS": "autolaunch:", "DISPLAY": ":7"],
        ["DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"], ["DBUS_SESSION_BUS_ADDRESS": "nonsense"],
    ])
    func `a missing bus is reported at once`(variables: [String: String]) async throws {
        try await PrivateSession.runWithoutBus { session in
            let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
                [session = session as PrivateSession, variables = variables as [String: String]] in
                enter(session, with: variables)
                let time = ContinuousClock().measure {
                    for error in failures(of: .silent) {
                        if case .noBus = error { continue }
                        Issue.record("\(String(describing: error))")
                    }
                }
                #expect(time < .seconds(5))
            }
            #expect(result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) } == "")
        }
    }

    @Test func `a missing provider is reported at once`() async throws {
        try await PrivateSession.run { session in
            let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
                [session = session as PrivateSession] in
                enter(session)
                #expect(failures(of: .silent) == [.noProvider, .noProvider, .noProvider, .noProvider])
            }
            #expect(result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) } == "")
        }
    }

    @Test func `a provider that never answers causes a timeout`() async throws {
        try await PrivateSession.run { session in
            try await session.withSilentOwner(of: "org.freedesktop.secrets") {
                _ = await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                    enter(session)
                    let service = SecretService(deadline: .milliseconds(400), mayPrompt: true)
                    let time = ContinuousClock().measure {
                        let timedOut = SecretServiceError.timedOut(seconds: 1)
                        #expect(failures(of: service) == [timedOut, timedOut, timedOut, timedOut])
                    }
                    #expect((.milliseconds(1_600) ... .seconds(9)).contains(time))
                }
            }
        }
    }

    @Test func `a bus that never answers causes a timeout`() async throws {
        try await PrivateSession.runWithoutBus { session in
            let listener = try SilentSocket(path: session.runtimeDirectory + "/bus")
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                let service = SecretService(deadline: .milliseconds(400), mayPrompt: false)
                let time = ContinuousClock().measure {
                    #expect(throws: SecretServiceError.timedOut(seconds: 1)) {
                        try service.search(.note, matching: ["id": "1"])
                    }
                }
                #expect((.milliseconds(400) ... .seconds(5)).contains(time))
            }
            listener.close()
        }
    }

    @Test func `a missing collection is reported, and none is created`() async throws {
        try await PrivateSession.run { session in
            try await session.withKeyring(.locked) {
                await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                    enter(session)
                    let attributes = ["id": "1", "kind": "k", "number": "1"]
                    let missing = SecretServiceError.noCollection(.gnomeKeyring)
                    #expect(throws: missing) { try SecretService.silent.probeWritable() }
                    #expect(throws: missing) {
                        try SecretService.silent.store(.note, attributes: attributes, label: "", secret: Secret("s"))
                    }
                    let found = try SecretService.silent.search(.note, matching: attributes)
                    #expect(found.isEmpty)
                }
            }
        }
    }
}

@Suite(.timeLimit(.minutes(3))) struct `The connection to the bus` {
    /// As after sudo, in cron, in some ssh sessions: GIO would find the bus, but not with an invalid variable.
    @Test(arguments: [[:], ["DBUS_SESSION_BUS_ADDRESS": "autolaunch:"], ["SECRET_BACKEND": "nonsense"]])
    func `uses the bus in the runtime directory`(variables: [String: String]) async throws {
        try await inUnlockedSession { session in
            await #expect(processExitsWith: .success) {
                [session = session as PrivateSession, variables = variables as [String: String]] in
                enter(session, with: ["DBUS_SESSION_BUS_ADDRESS": ""].merging(variables) { $1 })
                try SecretService.silent.probeWritable()
            }
        }
    }

    @Test(arguments: ["file", "nonsense", ""])
    func `does not depend on libsecret's backend`(backend: String) async throws {
        try await inUnlockedSession { session in
            await #expect(processExitsWith: .success) {
                [session = session as PrivateSession, backend = backend as String] in
                enter(session, with: ["SECRET_BACKEND": backend])
                try SecretService.silent.probeWritable()
            }
        }
    }
}

/// The error of each operation; nil if it succeeds.
private func failures(of service: SecretService) -> [SecretServiceError?] {
    let attributes = ["id": "1", "kind": "k", "number": "1"]
    return [
        failure { () throws(SecretServiceError) in _ = try service.search(.note, matching: attributes) },
        failure { () throws(SecretServiceError) in
            try service.store(.note, attributes: attributes, label: "", secret: Secret("s"))
        },
        failure { () throws(SecretServiceError) in _ = try service.delete(.note, exactly: attributes) },
        failure { () throws(SecretServiceError) in try service.probeWritable() },
    ]
}

private func failure(_ operation: () throws(SecretServiceError) -> Void) -> SecretServiceError? {
    do {
        try operation()
        return nil
    } catch {
        return error
    }
}
