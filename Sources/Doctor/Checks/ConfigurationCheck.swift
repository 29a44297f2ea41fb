import Files
import KeyfobCore

/// The configuration files are readable and valid, and only trusted users can write to them.
struct ConfigurationCheck: Check {
    let id = "configuration"

    func look(_ context: CheckContext) throws -> Finding {
        let configured = try context.parts.configured()
        context.notes.note { $0.configured = configured }
        let configuration = configured.accounts.configuration
        if let error = configuration.unreadableApprovals { throw error }
        let files = context.parts.configurationFiles.filter { Paths.exists($0) }
        return .ok(
            files.isEmpty ? "no file; only the known hosts are configured" : files.joined(separator: ", "),
            ["files": .texts(files), "hosts": .number(Int64(configuration.hosts.count))])
    }
}
