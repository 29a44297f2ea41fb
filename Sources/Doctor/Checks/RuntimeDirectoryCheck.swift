import KeyfobCore

/// The directory of the locks is usable, and belongs to this user alone.
struct RuntimeDirectoryCheck: Check {
    let id = "runtime-directory"

    func look(_ context: CheckContext) throws -> Finding {
        let directory = context.parts.runtimeDirectory
        let exists = try context.parts.lock.examineDirectory() != nil
        return .ok(directory + (exists ? "" : ", created when it is needed"), ["directory": .text(directory)])
    }
}
