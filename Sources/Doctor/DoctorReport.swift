import Console

/// The report of `keyfob doctor`, which the user may publish. It holds no secret and does not name the user:
/// the home directory is `~`, and text before an at sign is left out.
package struct DoctorReport: Encodable {
    private let entries: [Entry]

    /// One check, as in appendix B of protocol.md.
    private struct Entry: Encodable {
        var check: String
        var status: String
        var summary: String
        var details: [String: Finding.Detail]?
        var hints: [String]?
        var because: String?

        /// The JSON calls a check a rung and hints `mend`: its names are fixed.
        enum CodingKeys: String, CodingKey {
            case check = "rung"
            case hints = "mend"
            case status, summary, details, because
        }
    }

    /// - Parameters:
    ///   - home: the user's home directory.
    ///   - names: the user's names at services.
    package init(_ results: [CheckRun.Result], home: String?, names: Set<String> = []) {
        func shown(_ text: String) -> String { Shareable.text(text, home: home, names: names) }
        entries = results.map { id, finding in
            let details = finding.details.mapValues { detail -> Finding.Detail in
                switch detail {
                case .text(let text): .text(shown(text))
                case .texts(let texts): .texts(texts.map(shown))
                case .number, .truth: detail
                }
            }
            return Entry(
                check: id, status: finding.status.rawValue, summary: shown(finding.summary),
                details: details.isEmpty ? nil : details, hints: finding.hints.isEmpty ? nil : finding.hints.map(shown),
                because: finding.because)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        try entries.encode(to: encoder)
    }

    /// One line for each check, followed by its hints.
    ///
    /// - Parameter emphasises: whether failures are shown in bold, for a terminal.
    package func lines(emphasises: Bool) -> [String] {
        let widths = (entries.map(\.status.count).max() ?? 0, entries.map(\.check.count).max() ?? 0)
        return entries.flatMap { entry -> [String] in
            let status = Self.padded(entry.status, widths.0)
            let stands = emphasises && entry.status == Finding.Status.failed.rawValue
            let line = "\(stands ? "\u{1B}[1m\(status)\u{1B}[0m" : status)  \(Self.padded(entry.check, widths.1))  "
            return [line + entry.summary] + (entry.hints ?? []).map { "hint: " + $0 }
        }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 0))
    }
}

extension Finding.Detail: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        case .truth(let truth): try container.encode(truth)
        case .texts(let texts): try container.encode(texts)
        }
    }
}
