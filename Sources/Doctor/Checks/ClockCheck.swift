import Console

/// The clock of this machine agrees with those of the servers.
struct ClockCheck: Check {
    let id = "clock"
    let follows = ["service", "metadata"]
    let condition = CheckCondition.service

    func look(_ context: CheckContext) -> Finding { Self.finding(context.parts.clocks.all) }

    /// - Parameter skews: by origin of the server.
    static func finding(_ skews: [String: ClockSkew]) -> Finding {
        guard let (server, skew) = skews.max(by: { $0.value.seconds.magnitude < $1.value.seconds.magnitude }) else {
            return .skipped(because: "service", "no server sent its time")
        }
        let details: [String: Finding.Detail] = ["skew_seconds": .number(skew.seconds), "server": .text(server)]
        let distance = Messages.span(Int64(clamping: skew.seconds.magnitude))
        let summary = "\(distance) \(skew.seconds > 0 ? "ahead of" : "behind") \(server)"
        let hint = "set the clock of this machine: timedatectl set-ntp true; or the server's clock is wrong"
        return switch skew.verdict {
        case .close: .ok("correct, to within \(ClockSkew.warning) seconds", details)
        case .off: .warning(summary, hints: [hint], details)
        case .wrong: .failed(summary, hints: [hint], exitStatus: 75, details)
        }
    }
}
