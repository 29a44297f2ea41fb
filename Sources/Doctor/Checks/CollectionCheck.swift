import SecretService

/// There is a default collection, and it is unlocked.
struct CollectionCheck: Check {
    let id = "collection"
    let needs = ["provider"]
    let limit = Duration.seconds(4)

    func look(_ context: CheckContext) throws -> Finding {
        context.notes.note { $0.keyringTrouble = id }
        if try context.keyring.collection(.default).isLocked { throw SecretServiceError.locked }
        context.notes.note { ($0.keyringTrouble, $0.hasCollection) = (nil, true) }
        return .ok("exists, and is unlocked")
    }
}
