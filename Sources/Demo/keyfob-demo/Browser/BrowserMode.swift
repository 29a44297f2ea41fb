import FoundationEssentials
import Glibc

/// The actions of this executable when keyfob runs it as the browser, with the start address as the only argument.
enum BrowserMode {
    /// Replaces this process with the user's own browser, in the user's own environment. If there is no browser after
    /// all, fills in the page itself. None of our processes waits for the browser to end.
    static func open(_ address: String) async -> Int32 {
        let environment = personalEnvironment()
        if let command = BrowserChoice.opener(environment) {
            // Leaves the private session's directory, which is soon removed.
            _ = unsafe chdir(environment["HOME"] ?? "/")
            unsafe withCStrings(command + [address]) { arguments in
                unsafe withCStrings(environment.map { $0.key + "=" + $0.value }) { variables in
                    _ = unsafe execve(command[0], arguments, variables)
                }
            }
        }
        return await walk(address)
    }

    /// The environment before the private session changed it.
    private static func personalEnvironment() -> [String: String] {
        let inherited = ProcessInfo.processInfo.environment
        let prefix = PrivateSession.keptPrefix
        let kept = inherited.filter { $0.key.hasPrefix(prefix) }
        let others = inherited.filter { !$0.key.hasPrefix(prefix) && !PrivateSession.isPersonal($0.key) }
        return others.merging(kept.map { (String($0.key.dropFirst(prefix.count)), $0.value) }) { $1 }
    }

    /// Passes `texts` to `body` as an array of C strings that ends with NULL.
    private static func withCStrings(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Void) {
        let copies = unsafe texts.map { unsafe strdup($0) }
        defer { for index in texts.indices { unsafe free(copies[index]) } }
        unsafe body(copies + [nil])
    }

    /// Does what a user would do: opens the address, signs in, agrees, and follows the redirect.
    static func walk(_ address: String) async -> Int32 {
        do {
            try await PageWalker.walk(address, name: Program.account.name, password: Program.account.password)
            return 0
        } catch {
            Narrator.complain("the page could not be walked: \(error)")
            return 1
        }
    }
}
