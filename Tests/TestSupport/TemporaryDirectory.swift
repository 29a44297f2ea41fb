import FoundationEssentials
import Subprocess

/// Runs `body` with a new directory of mode 0700, and removes it.
package func withTemporaryDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appending(path: "keyfob-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
        at: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: directory) }
    return try await body(directory.path)
}

/// Writes a file and returns its path.
@discardableResult
package func write(_ text: String, to path: String) throws -> String {
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
}

/// Makes an executable shell script.
///
/// Another process writes it. If this one did, a program that another test starts at that moment could inherit the open
/// file, and the script could not be executed as long as it is open (`ETXTBSY`, execve(2)).
package func writeScript(_ text: String, to path: String) async throws {
    let done = try await run(
        .name("sh"), arguments: ["-c", #"cat >"$1" && chmod 700 "$1""#, "sh", path],
        input: .string("#!/bin/sh\n" + text + "\n"), output: .discarded, error: .discarded)
    guard done.terminationStatus.isSuccess else { throw CocoaError(.fileWriteUnknown) }
}
