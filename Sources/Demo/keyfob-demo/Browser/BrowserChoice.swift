import FoundationEssentials
import Glibc

/// The one who signs in: the user in their own browser, or keyfob-demo itself if there is no browser.
struct BrowserChoice {
    enum Mode: String {
        case open = "open-in-own-browser"
        case walk = "walk-the-page"
    }

    let mode: Mode

    /// The name in the private session under which keyfob finds its `$BROWSER`. It is a link to this executable, so
    /// that no program has to split a command into words.
    static let linkName = "browser"

    /// Chooses the mode and creates the link. The user's browser needs `$BROWSER`, or a graphical session with an
    /// opener.
    init(mayOpenBrowser: Bool, session: PrivateSession) throws {
        mode = mayOpenBrowser && Self.opener(ProcessInfo.processInfo.environment) != nil ? .open : .walk
        try FileManager.default.createSymbolicLink(
            atPath: "\(session.root)/\(mode.rawValue)", withDestinationPath: try Self.thisExecutable())
        try FileManager.default.createSymbolicLink(
            atPath: "\(session.root)/\(Self.linkName)", withDestinationPath: mode.rawValue)
    }

    /// The mode in the name with which this executable was started, or nil if that name has none.
    static func mode(calledAs path: String) -> Mode? {
        let name = String(path.split(separator: "/").last ?? "")
        guard name == linkName else { return Mode(rawValue: name) }
        return (try? FileManager.default.destinationOfSymbolicLink(atPath: path)).flatMap(Mode.init)
    }

    /// The command that opens a URL in the user's browser, without the URL.
    static func opener(_ environment: [String: String]) -> [String]? {
        // $BROWSER as xdg-utils reads it: commands separated by colons, of which the first existing one is used.
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

    /// The absolute path of this executable, with links resolved (proc(5)).
    static func thisExecutable() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }
}
