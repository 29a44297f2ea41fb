package import Addresses
import Glibc
import Secrets

/// Wording that more than one command uses. Each library and the executable extend it with their own messages.
package enum Messages {
    package static func printable(_ text: String) -> String { Printable.text(text) }

    /// For what the user is to copy.
    package static func whole(_ text: String) -> String { Printable.whole(text) }

    /// A text of several words, without what may be secret in the addresses among them.
    package static func withoutSecrets(_ text: String) -> String {
        text.parts(at: "\n").map { line in
            line.parts(at: " ").map { Printable.withoutSecrets(String($0)) }.joined(separator: " ")
        }.joined(separator: "\n")
    }

    package static func address(_ url: String) -> String { Printable.address(url) }

    /// The command `keyfob` with `words` and a service, to paste into a shell: a path may hold characters that a shell
    /// interprets.
    package static func command(_ words: String, _ service: ServiceURL) -> String {
        "keyfob \(words) \(ShellWords.quoted(service.description))"
    }

    /// The command that signs the user in.
    package static func login(_ service: ServiceURL) -> String { command("login", service) }

    /// The same with options.
    package static func login(_ options: String, _ service: ServiceURL) -> String {
        command(options.isEmpty ? "login" : "login " + options, service)
    }

    /// Seconds in the largest fitting unit.
    package static func span(_ seconds: Int64) -> String {
        switch seconds {
        case 1: "1 second"
        case ..<120: "\(max(seconds, 0)) seconds"
        case ..<7200: "\(seconds / 60) minutes"
        case ..<172_800: "\(seconds / 3600) hours"
        default: "\(seconds / 86_400) days"
        }
    }

    /// Seconds as minutes and seconds: `4:59`.
    package static func clock(_ seconds: Int64) -> String {
        let left = max(seconds, 0)
        return "\(left / 60):" + (left % 60 < 10 ? "0" : "") + "\(left % 60)"
    }

    /// A Unix time in the local time zone.
    ///
    /// - Parameter format: as in strftime(3).
    package static func localTime(_ time: Int64, _ format: String) -> String {
        var seconds = time_t(time)
        var parts = unsafe tm()
        var text = [CChar](repeating: 0, count: 32)
        _ = unsafe localtime_r(&seconds, &parts)
        let count = unsafe strftime(&text, text.count, format, &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
