import Console
import Files
import KeyfobCore
import Processes
import Secrets

/// git finds keyfob, and the names of keyfob lead to this installation.
struct DoorsCheck: Check {
    let id = "doors"

    private static let door = "git-credential-keyfob"

    func look(_ context: CheckContext) -> Finding {
        let (installation, search) = (context.parts.installation, context.parts.search)
        let found = search.path(of: Self.door)
        let callers = installation.callers.compactMap { search.path(of: $0) }
        let details: [String: Finding.Detail] = [
            "directory": .text(installation.directory), "version": .text(installation.version),
            "is_on_path": .truth(found != nil), "callers": .texts(callers.filter(installation.isOurs)),
        ]
        return finding(installation, found, callers, context.parts.environment, details)
    }

    private func finding(
        _ installation: CheckedInstallation, _ found: String?, _ callers: [String], _ environment: [String: String],
        _ details: [String: Finding.Detail]
    ) -> Finding {
        let (door, directory) = (Self.door, installation.directory)
        guard Paths.exists(directory + "/" + door) else {
            return .warning(
                "\(door) is not beside keyfob in \(directory)", hints: ["install both into one directory"], details)
        }
        guard let found else {
            return .warning(
                "git does not find \(door), which is not on PATH",
                hints: ["put \(directory) on PATH, or set credential.helper to \(directory)/\(door)"], details)
        }
        let names = [found] + callers.filter { $0.hasSuffix("-keyfob") }
        if let other = names.first(where: { !installation.isOurs($0) }) {
            if let real = Paths.real(other), Paths.parent(of: real).isSame(as: Paths.real(directory) ?? directory) {
                return .warning(
                    "\(other) leads to \(Paths.name(of: real)) in \(directory), which is not this version of keyfob",
                    hints: [
                        "let it lead to keyfob: " + ShellWords.line(["ln", "-sfn", directory + "/keyfob", other])
                    ], details)
            }
            let version = version(inDirectoryOf: other, environment).map { "version " + $0 } ?? "of unknown version"
            return .warning(
                "\(other) belongs to another keyfob, \(version)", hints: ["remove one of the two"], details)
        }
        return .ok("keyfob and \(door) \(installation.version), both in \(directory)", details)
    }

    private func version(inDirectoryOf path: String, _ environment: [String: String]) -> String? {
        BoundProgram.text(of: Paths.parent(of: path) + "/keyfob", ["--version"], environment: environment)
            .map { Printable.text(String($0.prefix { $0 != "\n" })) }
    }
}
