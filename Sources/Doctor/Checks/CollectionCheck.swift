import SecretService

/// There is a default collection, and it is unlocked.
struct CollectionCheck: Check {
    let id = "collection"
    let needs = ["provider"]
    let limit = Duration.seconds(4)

    func look(_ context: CheckContext) throws -> Finding {
        context.notes.note { $0.keyringTrouble = id }
        let collection = try context.keyring.collection(.default)
        if collection.isLocked { throw SecretServiceError.locked }
        context.notes.note { ($0.keyringTrouble, $0.hasCollection) = (nil, true) }
        if collection.asksForEachProcess {
            return .warning(
                "exists, and is unlocked, but asks you for each program that reads an item",
                hints: [
                    "each start of keyfob is a new program to it: in KeePassXC's settings, under Secret Service"
                        + " Integration, turn off \"Confirm when passwords are retrieved by clients\""
                ])
        }
        return .ok("exists, and is unlocked")
    }
}
