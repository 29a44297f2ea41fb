package import KernelKeyring
package import SecretService
package import Secrets

/// An item store that traces each call. The trace names the kind of the item, but none of its attributes or secrets.
package struct TracedItems: ItemStore {
    private let items: any ItemStore
    private let place: String
    private let tracer: Tracer

    /// - Parameter place: the word for the store in the trace.
    package init(_ items: some ItemStore, place: String = "keyring", _ tracer: Tracer) {
        (self.items, self.place, self.tracer) = (items, place, tracer)
    }

    package func search(
        _ schema: ItemSchema, matching attributes: [String: String], in collection: SecretService.Collection?
    ) throws(SecretServiceError) -> [SecretItem] {
        try tracer.step(name("search", schema, attributes), { "\($0.count) found" }) { () throws(SecretServiceError) in
            try items.search(schema, matching: attributes, in: collection)
        }
    }

    package func store(
        _ schema: ItemSchema, attributes: [String: String], label: String, secret: Secret,
        in collection: SecretService.Collection
    ) throws(SecretServiceError) {
        try tracer.step(name("store", schema, attributes), { "done" }) { () throws(SecretServiceError) in
            try items.store(schema, attributes: attributes, label: label, secret: secret, in: collection)
        }
    }

    package func delete(
        _ schema: ItemSchema, exactly attributes: [String: String], in collection: SecretService.Collection?
    ) throws(SecretServiceError) -> Bool {
        try tracer.step(name("delete", schema, attributes), { $0 ? "done" : "none found" }) {
            () throws(SecretServiceError) in
            try items.delete(schema, exactly: attributes, in: collection)
        }
    }

    package func inMemory(
        _ schema: ItemSchema, matching attributes: [String: String]
    ) throws(SecretServiceError) -> [SecretItem] {
        try items.inMemory(schema, matching: attributes)
    }

    package var mayHaveMore: Bool { items.mayHaveMore }

    package func savesLate(_ schema: ItemSchema, _ attributes: [String: String]) -> Bool {
        items.savesLate(schema, attributes)
    }

    package func ensureRoom(
        _ schema: ItemSchema, attributes: [String: String], bytes: Int
    ) throws(SecretServiceError) {
        try items.ensureRoom(schema, attributes: attributes, bytes: bytes)
    }

    package func probeWritable() throws(SecretServiceError) {
        try tracer.step("\(place): probe", { "can be written" }) { () throws(SecretServiceError) in
            try items.probeWritable()
        }
    }

    /// The kinds are keyfob's own words; stored passwords have no kind.
    private func name(_ operation: String, _ schema: ItemSchema, _ attributes: [String: String]) -> String {
        "\(place): \(operation) " + (attributes["kind"] ?? "password")
    }
}

/// An access token cache that traces each call.
package struct TracedAccessTokenCache: AccessTokenCache {
    private let cache: any AccessTokenCache
    private let name: String
    private let tracer: Tracer

    package init(_ cache: some AccessTokenCache, name: String, _ tracer: Tracer) {
        (self.cache, self.name, self.tracer) = (cache, name, tracer)
    }

    package func token(account: String) -> CachedAccessToken? {
        tracer.step("\(name): access token", { $0 == nil ? "none" : "found" }) { cache.token(account: account) }
    }

    package func keep(_ token: CachedAccessToken, account: String, at now: Int64) -> Bool {
        tracer.step("\(name): keep access token", { $0 ? "done" : "refused" }) {
            cache.keep(token, account: account, at: now)
        }
    }

    package func remove(account: String) {
        tracer.step("\(name): forget access token", { "done" }) { cache.remove(account: account) }
    }
}
