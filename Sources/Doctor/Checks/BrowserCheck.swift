import Desktop
import KeyfobCore
import Processes
import Secrets

/// If keyfob would open a browser, there is one.
struct BrowserCheck: Check {
    let id = "browser"
    let follows = ["bus"]

    func look(_ context: CheckContext) -> Finding {
        guard context.parts.hasBrowser else {
            return .ok("keyfob opens none here: there is no graphical session and no $BROWSER")
        }
        let browser = context.parts.browser
        guard let chosen = browser.programs.first(where: { $0.path != nil }), let path = chosen.path else {
            if context.desktopServices.contains(.portal), Portal.opensAddresses {
                return .ok("the desktop's portal opens it")
            }
            return .warning(
                "no program that opens a browser is installed",
                hints: ["install xdg-utils, or set BROWSER to a browser"])
        }
        if let missing = browser.missing.first, missing == browser.programs.first?.name {
            return .warning(
                "$BROWSER names \(Printable.text(missing)), which does not exist; keyfob tries \(path) instead",
                hints: ["set BROWSER to an existing program, or unset it"], ["program": .text(path)])
        }
        guard chosen.name == "gio" else { return .ok(path, ["program": .text(path)]) }
        let output = BoundProgram.text(
            of: path, ["mime", "x-scheme-handler/https"], environment: context.parts.environment)
        return Self.finding(gio: path, output: output ?? "")
    }

    /// - Parameter output: of `gio mime`: "Default application for “x-scheme-handler/https”: firefox.desktop" and a
    ///   list, or a line that there is none.
    static func finding(gio path: String, output: String) -> Finding {
        let handler = output.split(separator: "\n").first { $0.hasPrefix("Default application for") }
            .flatMap { $0.split(separator: " ").last }.map(String.init)
        guard let handler else {
            return .warning(
                "\(path) knows no browser",
                hints: ["install one, or choose one: xdg-settings set default-web-browser NAME.desktop"],
                ["program": .text(path)])
        }
        return .ok("\(path) opens \(handler)", ["program": .text(path), "handler": .text(handler)])
    }
}
