import KeyfobCore

/// Tells which process holds a lock.
struct LocksCheck: Check {
    let id = "locks"
    let needs = ["runtime-directory"]

    func look(_ context: CheckContext) -> Finding {
        Self.finding(context.parts.lock.states(.current))
    }

    static func finding(_ states: [AccountLock.State]) -> Finding {
        let held = states.filter { $0.holder != nil }
        let details: [String: Finding.Detail] = [
            "locks": .number(Int64(states.count)), "held": .number(Int64(held.count)),
        ]
        if let busy = held.first, let process = busy.holder {
            return .ok("process \(process) holds one and \(words(busy.activity))", details)
        }
        if states.contains(where: { $0.activity == .answerLost || $0.activity == .refreshing }) {
            return .warning(
                "none is held; the response to the last refresh was lost",
                hints: ["the next request shows whether that sign-in still works; to see your sign-ins: keyfob status"],
                details)
        }
        return .ok("none is held", details)
    }

    private static func words(_ activity: AccountLock.Activity) -> String {
        switch activity {
        case .asking: "asks the user to sign in"
        case .refreshing: "refreshes a token"
        case .unknown, .answerLost: "is working"
        }
    }
}
