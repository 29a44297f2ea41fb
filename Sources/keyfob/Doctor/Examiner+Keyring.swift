import CredentialProtocol
import Files
import Glibc
import KernelKeyring
import KeyfobCore
import SecretService
import Secrets

/// Checks the session bus, the keyring up to a written item, and the kernel's keyring.
extension Examiner {
    func bus() throws -> Finding {
        try keyring.connectToBus()
        notes.note { $0.busAnswers = true }
        return .ok(
            busIsInEnvironment ? "it answers" : "it answers, at the socket in the runtime directory",
            ["in_environment": .truth(busIsInEnvironment)])
    }

    func provider() throws -> Finding {
        guard let program = try keyring.provider().program else {
            return .ok("somebody keeps secrets; the system does not show which program")
        }
        let name = program.split(separator: "/").last.map(String.init) ?? program
        return .ok(name, ["program": .text(program)])
    }

    /// The finding at `check` if the bus or a program on it did not answer; nil for any other error.
    func silence(at check: Check, _ error: any Error) -> Finding? {
        guard let error = error as? SecretServiceError, case .timedOut(let seconds) = error else { return nil }
        if check == .bus {
            let summary = "the session bus does not answer within \(seconds) seconds"
            return .failed(summary, mend: ["log out, and in again"], exitStatus: 69)
        }
        var finding = Finding(FailureReport(error))
        finding.mend.append("start the program that keeps secrets again, or log out, and in again")
        return finding
    }

    func collection() throws -> Finding {
        if try keyring.collection(.default).isLocked { throw SecretServiceError.locked }
        return .ok("it is there, and unlocked")
    }

    func writable() throws -> Finding {
        switch try keyring.write() {
        case .worked: .ok("an item was written, and deleted again")
        case .asksFirst:
            .warning(
                "it asks before it takes an item: not tried",
                mend: ["allow keyfob in its settings, or else stay to answer while a token is refreshed"])
        }
    }

    func kernelKeyring() -> Finding {
        do throws(KernelKeyringError) {
            let keyring = try KernelKeyring.open()
            try keyring.write("probe", Secret([0]), lifetime: 1)
            notes.note { $0.kernelIsUsable = true }
            let names = keyring.names()
            let tokens = names.count { $0.hasPrefix(KeyNames.token(account: "")) }
            let unsaved = names.count { $0.hasPrefix(KeyNames.grant(account: "")) }
            let waiting = unsaved == 0 ? "" : ", \(unsaved) new sign-ins that the keyring has not taken yet"
            return .ok(
                "it keeps keys, now \(tokens) access tokens\(waiting)",
                ["access_tokens": .number(Int64(tokens)), "unsaved_grants": .number(Int64(unsaved))])
        } catch {
            return Self.finding(error)
        }
    }

    private static func finding(_ error: KernelKeyringError) -> Finding {
        let inPlace = "access tokens are kept in the keyring's session collection instead"
        return switch error {
        case .unavailable:
            .warning(
                "the kernel keeps no keys for this process: " + inPlace,
                mend: ["in a container: allow the system calls add_key and keyctl, if they shall last longer"])
        case .quotaExceeded:
            .warning(
                "this user's quota of keys is used up: " + inPlace,
                mend: ["see /proc/keys; root raises it: sysctl kernel.keys.maxkeys, kernel.keys.maxbytes"])
        case .failed(let operation, let code):
            .warning(
                "the kernel refuses (\(operation): \(FileError.text(of: code))): " + inPlace, mend: [])
        }
    }

    func kernelQuota() -> Finding {
        guard let text = SystemFile.text("/proc/key-users"), let quota = KeyQuota(text, user: getuid()) else {
            return .ok("the system does not show it")
        }
        let summary = "\(quota.keys) of \(quota.maximumKeys) keys, \(quota.bytes) of \(quota.maximumBytes) bytes"
        let details: [String: Finding.Detail] = [
            "keys": .number(quota.keys), "maximum_keys": .number(quota.maximumKeys), "bytes": .number(quota.bytes),
            "maximum_bytes": .number(quota.maximumBytes),
        ]
        guard quota.isNearlyUsedUp else { return .ok(summary, details) }
        return .warning(
            summary + ": nearly used up",
            mend: ["see /proc/keys; root raises it: sysctl kernel.keys.maxkeys, kernel.keys.maxbytes"], details)
    }

    func sessionCollection() throws -> Finding {
        let kernelIsUsable = notes.read { $0.kernelIsUsable }
        do {
            _ = try keyring.collection(.session)
            return .ok("it is there, for what the kernel does not take")
        } catch SecretServiceError.noCollection where kernelIsUsable {
            return .ok("there is none, and none is needed while the kernel keeps keys")
        } catch SecretServiceError.noCollection {
            return .warning(
                "there is none, and the kernel keeps no keys: each question costs a refresh",
                mend: ["allow the system calls add_key and keyctl, or use a provider with a session collection"])
        }
    }
}
