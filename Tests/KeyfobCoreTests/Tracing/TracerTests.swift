import KernelKeyring
import SecretService
import Secrets
import Synchronization
import TestSupport
import Testing

@testable import KeyfobCore

@Suite struct `The steps of a run` {
    /// The steps that the tracer reports while `body` runs, without their times.
    private func told(_ body: (Tracer) throws -> Void) rethrows -> [String] {
        let steps = Mutex<[String]>([])
        try body(Tracer { _, step in steps.withLock { $0.append(step) } })
        return steps.withLock { $0 }.map { $0.replacing(/, \d+\.\d\d s$/, with: "") }
    }

    @Test(arguments: [
        (Duration.zero, "0.00 s"), (.milliseconds(9), "0.00 s"), (.milliseconds(10), "0.01 s"),
        (.milliseconds(420), "0.42 s"), (.seconds(61), "61.00 s"), (.milliseconds(1999), "1.99 s"),
    ])
    func `are reported with their time`(duration: Duration, text: String) {
        #expect(Tracer.seconds(duration) == text)
    }

    @Test func `in the keyring tell the operation and its result, never the content`() throws {
        let keyring = InMemoryItemStore()
        let attributes = ["kind": "grant", "service": "canary", "issuer": "canary", "id": "canary"]
        let steps = try told { tracer in
            let items = TracedItems(keyring, tracer)
            try items.probeWritable()
            try items.store(
                GrantStore.schema, attributes: attributes, label: "canary", secret: Secret("canary"), in: .default)
            #expect(try items.search(GrantStore.schema, matching: attributes).map(\.secret) == [Secret("canary")])
            #expect(try items.delete(GrantStore.schema, exactly: attributes, in: nil))
            #expect(try !items.delete(GrantStore.schema, exactly: attributes, in: nil))
            keyring.refuseWrites(.locked)
            #expect(throws: SecretServiceError.self) {
                try items.store(
                    GrantStore.schema, attributes: ["id": "canary"], label: "", secret: Secret("canary"), in: .default)
            }
        }
        #expect(
            steps == [
                "keyring: probe: can be written", "keyring: store grant: done", "keyring: search grant: 1 found",
                "keyring: delete grant: done", "keyring: delete grant: none found", "keyring: store password: failed",
            ])
    }

    @Test func `in kernel memory tell whether there was a token`() {
        let token = CachedAccessToken(
            token: Secret("canary"), username: "canary", expiresAt: 100, lifetime: 100, freshUntil: 50)
        let steps = told { tracer in
            for isUsable in [true, false] {
                let memory = InMemoryAccessTokenCache(isUsable: isUsable, now: { 0 })
                let cache = TracedAccessTokenCache(memory, name: "memory", tracer)
                #expect(cache.keep(token, account: "canary", at: 0) == isUsable)
                #expect(cache.token(account: "canary")?.token == (isUsable ? Secret("canary") : nil))
                cache.remove(account: "canary")
                #expect(cache.token(account: "canary") == nil)
            }
        }
        let after = ["memory: forget access token: done", "memory: access token: none"]
        #expect(
            steps == ["memory: keep access token: done", "memory: access token: found"] + after
                + ["memory: keep access token: refused", "memory: access token: none"] + after)
    }

    @Test func `are not even composed if tracing is off`() {
        Tracer.none.note(
            { () -> String in
                Issue.record("nobody wanted this")
                return ""
            }())
    }
}
