import CredentialProtocol
import Files
import Glibc
import KeyfobCore

/// Checks the files and directories that keyfob uses.
extension Examiner {
    func runtimeDirectory() throws -> Finding {
        let directory = Environment.runtimeDirectory
        let isThere = try composition.lock.examineDirectory() != nil
        return .ok(directory + (isThere ? "" : ", made when it is needed"), ["directory": .text(directory)])
    }

    func locks() -> Finding {
        let states = composition.lock.states(LockHolders(SystemFile.text("/proc/locks") ?? ""))
        let held = states.filter { $0.holder != nil }
        let details: [String: Finding.Detail] = [
            "locks": .number(Int64(states.count)), "held": .number(Int64(held.count)),
        ]
        if let busy = held.first, let process = busy.holder {
            return .ok("held by process \(process), \(Self.words(busy.activity))", details)
        }
        if states.contains(where: { $0.activity == .answerLost || $0.activity == .refreshing }) {
            return .warning(
                "none is held; the answer to the last refresh was lost on its way",
                mend: ["nothing, if the next question works: keyfob token URL"], details)
        }
        return .ok("none is held", details)
    }

    private static func words(_ activity: AccountLock.Activity) -> String {
        switch activity {
        case .asking: "which is asking somebody to sign in"
        case .refreshing: "which is refreshing a token"
        case .unknown, .answerLost: "which is at work"
        }
    }

    func configuration() throws -> Finding {
        let parts = try composition.parts()
        notes.note { $0.parts = parts }
        let files = Environment.configurationFiles.filter { Paths.exists($0) }
        let details: [String: Finding.Detail] = [
            "files": .texts(files), "hosts": .number(Int64(parts.accounts.configuration.hosts.count)),
        ]
        if let error = parts.accounts.configuration.unreadableApprovals { return Finding(FailureReport(error)) }
        return .ok(files.isEmpty ? "no file; what is known of hosts holds" : files.joined(separator: ", "), details)
    }
}
