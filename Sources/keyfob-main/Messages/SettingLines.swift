import Console
import KeyfobCore

extension EffectiveSettings {
    /// The lines of `keyfob config URL` for users.
    var lines: [String] {
        let shown = rows.filter { row in
            row.absent != nil || (row.setting.source != .nobody && row.setting.value != nil)
        }
        return ["service: " + Messages.whole(service)] + steps.map { "step: " + Messages.whole($0) }
            + shown.map {
                "\($0.label): \(Messages.whole($0.setting.value ?? $0.absent ?? ""))  (\($0.setting.place))"
            }
            + notes.map { "note: " + Messages.whole($0) }
    }
}

extension EffectiveSettings.Setting {
    /// The source of the setting for users: a file and its line, or words.
    var place: String {
        switch source {
        case .file: Messages.whole(file ?? "") + (line.map { ":\($0)" } ?? "")
        case .discovery: "discovery"
        case .knownHost: "what is known of this host"
        case .git: "git's settings"
        case .nobody: "default"
        }
    }
}
