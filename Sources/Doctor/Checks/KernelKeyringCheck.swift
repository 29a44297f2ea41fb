import Files
import KernelKeyring
import Secrets

/// The kernel keeps keys for this process.
struct KernelKeyringCheck: Check {
    let id = "kernel-keyring"

    func look(_ context: CheckContext) -> Finding {
        do throws(KernelKeyringError) {
            let keyring = try KernelKeyring.open()
            try keyring.write("probe", Secret([0]), lifetime: 1)
            context.notes.note { $0.kernelIsUsable = true }
            return Self.finding(names: keyring.names())
        } catch {
            return Self.finding(error)
        }
    }

    /// - Parameter names: the names of all keys.
    static func finding(names: [String]) -> Finding {
        let tokens = names.count { $0.hasPrefix(KeyNames.token(account: "")) }
        let unsaved = names.count { $0.hasPrefix(KeyNames.grant(account: "")) }
        let waiting = unsaved == 0 ? "" : ", and \(unsaved) new sign-ins that are not yet in the keyring"
        return .ok(
            "keeps keys, now \(tokens) access tokens\(waiting)",
            ["access_tokens": .number(Int64(tokens)), "unsaved_grants": .number(Int64(unsaved))])
    }

    static func finding(_ error: KernelKeyringError) -> Finding {
        let instead = "access tokens are kept in the keyring's session collection instead"
        return switch error {
        case .unavailable:
            .warning(
                "the kernel keeps no keys for this process: " + instead,
                hints: ["in a container, to keep tokens in kernel memory: allow the system calls add_key and keyctl"])
        case .quotaExceeded:
            .warning(
                "the quota of keys of this user is used up: " + instead, hints: [KernelQuotaCheck.hint])
        case .failed(let operation, let code):
            .warning("the kernel refuses (\(operation): \(FileError.text(of: code))): " + instead, hints: [])
        }
    }
}
