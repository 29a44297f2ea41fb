import SecretService

/// There is a collection in memory, for access tokens that the kernel does not accept.
struct SessionCollectionCheck: Check {
    let id = "session-collection"
    let needs = ["provider"]
    let follows = ["kernel-keyring"]
    let limit = Duration.seconds(4)

    func look(_ context: CheckContext) throws -> Finding {
        let kernelIsUsable = context.notes.read { $0.kernelIsUsable }
        do {
            _ = try context.keyring.collection(.session)
            return .ok("exists, for tokens that the kernel does not accept")
        } catch SecretServiceError.noCollection where kernelIsUsable {
            return .ok("does not exist, and is not needed while the kernel keeps keys")
        } catch SecretServiceError.noCollection {
            return .warning(
                "does not exist, and the kernel keeps no keys: each request costs a refresh",
                hints: ["allow the system calls add_key and keyctl, or use a keyring with a session collection"])
        }
    }
}
