import KernelKeyring
import SecretService
import Testing

@testable import Doctor

/// The checks of the session bus, the keyring and the kernel's keyring.
@Suite struct `Checks of the keyring` {
    private let parts = FakeParts()

    @Test func `the bus fails if it does not answer in time`() async throws {
        let finding = try await parts.look(BusCheck(), keyring: .init(busError: .timedOut(seconds: 3)))
        #expect(finding.summary == "the session bus does not answer within 3 seconds")
        #expect((finding.status, finding.exitStatus) == (.failed, 69))
    }

    @Test func `another error has the report of a command, and a time-out of the keyring one more hint`() async throws {
        let noBus = try await parts.look(BusCheck(), keyring: .init(busError: .noBus("why")))
        #expect((noBus.hints, noBus.exitStatus) == (["do something"], 70))
        let missing: [SecretService.Collection: SecretServiceError] = [.default: .timedOut(seconds: 3)]
        let late = try await parts.look(CollectionCheck(), keyring: .init(missing: missing))
        #expect(late.hints.count == 2 && late.hints[1].hasPrefix("restart the keyring"))
    }

    @Test func `the provider has the name of its program`() async throws {
        let finding = try await parts.look(ProviderCheck(), keyring: .init(program: "/usr/bin/oo7-daemon"))
        #expect(finding == .ok("oo7-daemon", ["program": .text("/usr/bin/oo7-daemon")]))
        #expect(try await parts.look(ProviderCheck()).details.isEmpty)
        let known = try await parts.look(
            ProviderCheck(), keyring: .init(kind: .kwallet, program: "/usr/bin/kwalletd5"))
        #expect(known.summary == "KWallet (kwalletd5)")
        #expect(try await parts.look(ProviderCheck(), keyring: .init(kind: .gnomeKeyring)).summary == "GNOME Keyring")
    }

    @Test func `a locked collection is a failure, and a keyring that asks first a warning`() async throws {
        #expect(try await parts.look(CollectionCheck()).status == .ok)
        #expect(try await parts.look(CollectionCheck(), keyring: .init(isLocked: true)).status == .failed)
        #expect(try await parts.look(WritableCheck()).status == .ok)
        #expect(try await parts.look(WritableCheck(), keyring: .init(writing: .asksFirst(.other))).status == .warning)
        #expect(try await parts.look(WritableCheck(), keyring: .init(writing: .asksFirst(.keepassxc))).status == .ok)
        let asking = try await parts.look(CollectionCheck(), keyring: .init(asks: true))
        #expect(asking.status == .warning)
        #expect(asking.hints.first?.contains("Confirm when passwords are retrieved") == true)
    }

    @Test(arguments: [(true, Finding.Status.ok), (false, .warning)])
    func `a session collection is needed only if the kernel keeps no keys`(
        _ kernelIsUsable: Bool, _ status: Finding.Status
    ) async throws {
        let finding = try await parts.look(
            SessionCollectionCheck(), keyring: .init(missing: [.session: .noCollection(.other)]),
            after: { $0.notes.note { $0.kernelIsUsable = kernelIsUsable } })
        #expect(finding.status == status)
    }

    @Test func `the kernel's keyring counts tokens, and sign-ins that wait for the keyring`() {
        let names = [KeyNames.token(account: "a"), KeyNames.token(account: "b"), KeyNames.grant(account: "a"), "probe"]
        let finding = KernelKeyringCheck.finding(names: names)
        #expect(finding.details == ["access_tokens": .number(2), "unsaved_grants": .number(1)])
    }

    @Test(
        arguments: [.unavailable(errno: 1), .quotaExceeded, .failed(operation: "add_key", errno: 13)]
            as [KernelKeyringError])
    func `a kernel that keeps no keys is a warning, because the session collection takes its place`(
        _ error: KernelKeyringError
    ) {
        let finding = KernelKeyringCheck.finding(error)
        #expect(finding.status == .warning && finding.summary.hasSuffix("the keyring's session collection instead"))
    }

    @Test func `a quota that is nearly used up is a warning`() {
        func status(_ keys: Int) -> Finding.Status {
            KernelQuotaCheck.finding(KeyQuota("5: 2 2/2 \(keys)/200 0/20000", user: 5)).status
        }
        #expect((status(160), status(161)) == (.ok, .warning))
        #expect(KernelQuotaCheck.finding(nil) == .ok("the system does not show it"))
    }
}
