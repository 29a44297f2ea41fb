import FoundationEssentials
import Glibc

/// Who signs in: the person, in their own browser, or keyfob-demo, which walks the page itself where there is none.
struct BrowserChoice {
    enum Mode: String {
        case open = "open-in-own-browser"
        case walk = "walk-the-page"
    }

    let mode: Mode

    /// The name in the private session under which keyfob finds its `$BROWSER`: a link to this executable, so that no
    /// program on the way has to take a command apart.
    static let linkName = "browser"

    /// Chooses, and lays the link. The person's browser needs a `$BROWSER`, or a graphical session with an opener.
    init(mayOpenBrowser: Bool, session: PrivateSession) throws {
        mode = mayOpenBrowser && Self.opener(ProcessInfo.processInfo.environment) != nil ? .open : .walk
        try FileManager.default.createSymbolicLink(
            atPath: "\(session.root)/\(mode.rawValue)", withDestinationPath: try Self.thisExecutable())
        try FileManager.default.createSymbolicLink(
            atPath: "\(session.root)/\(Self.linkName)", withDestinationPath: mode.rawValue)
    }

    /// What this executable was called as, if that is one of the two.
    static func mode(calledAs path: String) -> Mode? {
        let name = String(path.split(separator: "/").last ?? "")
        guard name == linkName else { return Mode(rawValue: name) }
        return (try? FileManager.default.destinationOfSymbolicLink(atPath: path)).flatMap(Mode.init)
    }

    /// The command that shows an address to the person, without the address.
    static func opener(_ environment: [String: String]) -> [String]? {
        // xdg-utils' reading of $BROWSER: a list of commands, separated by colons; the first that is there.
        for command in environment["BROWSER"]?.split(separator: ":") ?? [] {
            let words = command.split(separator: " ").map(String.init)
            guard let name = words.first else { continue }
            let path = name.contains("/") ? name : Tools.path(of: name, in: environment)
            if let path, FileManager.default.isExecutableFile(atPath: path) { return [path] + words.dropFirst() }
        }
        guard ["DISPLAY", "WAYLAND_DISPLAY"].contains(where: { environment[$0]?.isEmpty == false }) else { return nil }
        if let path = Tools.path(of: "gio", in: environment) { return [path, "open"] }
        return Tools.path(of: "xdg-open", in: environment).map { [$0] }
    }

    /// The absolute path of this executable, links resolved (proc(5)).
    static func thisExecutable() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }
}
