import Addresses
import Glibc
import KernelKeyring
import OAuth
import Secrets
import Synchronization
import TestSupport
import Testing

@testable import KeyfobCore

@Suite struct `The time before which a server gets no request` {
    private static let start: Int64 = 1_800_000_000

    /// One of several processes. Its state is its own, except the kernel keyring and the time.
    private static func process(_ keyring: String, at now: Int64) -> NotBefore {
        .inKernelMemory(keyring: keyring, now: { now })
    }

    private func withKeyring(_ body: (String) async throws -> Void) async throws {
        let name = "keyfob-test-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        do {
            try await body(name)
        } catch {
            KernelKeyring.existing(named: name)?.discard()
            throw error
        }
        KernelKeyring.existing(named: name)?.discard()
    }

    /// Sends one request; the server gives `answers` in this order.
    private func send(
        _ answers: [ScriptedTransport.Answer], to url: String = "https://login.example.com/token",
        _ notBefore: NotBefore,
        at now: Int64
    ) async throws(OAuthError) -> Int {
        guard let endpoint = try? EndpointURL(url) else { return 0 }
        let transport = PatientTransport(ScriptedTransport([url: answers]), notBefore: notBefore, now: { now })
        var refresh = HTTPRequest(post: Secret("a=b"), to: endpoint)
        refresh.repetition = .ifUnprocessed
        return try await transport.send(refresh).status
    }

    private static func later(_ seconds: Int64) -> ScriptedTransport.Answer {
        .status(429, fields: [(name: "Retry-After", value: String(seconds))])
    }

    @Test func `is known to the next process until it has passed`() async throws {
        try await withKeyring { keyring in
            let first = Self.process(keyring, at: Self.start)
            let refused = try await send([Self.later(60)], first, at: Self.start)
            #expect(refused == 429)
            let second = Self.process(keyring, at: Self.start + 20)
            await #expect(throws: OAuthError.heldBack(host: "login.example.com", seconds: 40)) {
                try await send([.json("{}")], second, at: Self.start + 20)
            }
            let third = Self.process(keyring, at: Self.start + 60)
            let welcome = try await send([.json("{}")], third, at: Self.start + 60)
            #expect(welcome == 200)
        }
    }

    @Test func `counts for one endpoint`() async throws {
        try await withKeyring { keyring in
            let process = Self.process(keyring, at: Self.start)
            _ = try await send([Self.later(60)], process, at: Self.start)
            for url in ["https://login.example.com:8443/token", "https://login.example.com/revoke"] {
                let elsewhere = try await send([.json("{}")], to: url, process, at: Self.start)
                #expect(elsewhere == 200)
            }
        }
    }

    @Test func `is deleted by the kernel, and lasts an hour at most`() async throws {
        try await withKeyring { keyring in
            let process = Self.process(keyring, at: Self.start)
            _ = try await send([Self.later(86_400)], process, at: Self.start)
            await #expect(throws: OAuthError.heldBack(host: "login.example.com", seconds: 3_600)) {
                try await send([.json("{}")], process, at: Self.start)
            }
            #expect(KernelKeyring.existing(named: keyring)?.names() == ["not-before:https://login.example.com/token"])
        }
    }

    @Test(arguments: ["", "soon", "1799999999", "1800003601", "99999999999999999999"])
    func `is ignored if it is impossible`(_ text: String) async throws {
        try await withKeyring { keyring in
            let name = KeyNames.notBefore(address: "https://login.example.com/token")
            if !text.isEmpty { try KernelKeyring.open(named: keyring).write(name, Secret(text), lifetime: 60) }
            let process = Self.process(keyring, at: Self.start)
            let status = try await send([.json("{}")], process, at: Self.start)
            #expect(status == 200)
        }
    }
}
