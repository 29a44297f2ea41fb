/// Tells of the steps of one run, each with the time since its beginning: what is asked of whom, and what came of it. Never
/// a secret, nor what might hold one: no query, no header field, no body, no attribute, no argument.
package struct Tracer: Sendable {
    /// Tells nobody.
    package static let none = Tracer { nil }

    private let line: (@Sendable (_ at: Duration, _ step: String) -> Void)?
    private let beginning = ContinuousClock.now

    private init(_ line: () -> (@Sendable (Duration, String) -> Void)?) {
        self.line = line()
    }

    /// - Parameter line: takes what is told: the time since the beginning of the run, and one line of words.
    package init(line: @escaping @Sendable (_ at: Duration, _ step: String) -> Void) {
        self.line = line
    }

    /// Whether anybody listens.
    package var isOn: Bool { line != nil }

    /// Tells of a step that is over, or takes no time.
    package func note(_ step: @autoclosure () -> String) {
        line?(ContinuousClock.now - beginning, step())
    }

    /// Does `body`, and tells of it with what came of it and how long it took.
    func step<Result, Failure: Error>(
        _ name: String, _ outcome: (Result) -> String, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard isOn else { return try body() }
        let begun = ContinuousClock.now
        do {
            let result = try body()
            note("\(name): \(outcome(result)), \(Self.seconds(ContinuousClock.now - begun))")
            return result
        } catch {
            note("\(name): failed, \(Self.seconds(ContinuousClock.now - begun))")
            throw error
        }
    }

    /// `0.42 s`.
    package static func seconds(_ duration: Duration) -> String {
        let hundredths = duration.components.seconds * 100 + duration.components.attoseconds / 10_000_000_000_000_000
        let digits = "\(hundredths % 100)"
        return "\(hundredths / 100)." + (digits.count < 2 ? "0" : "") + digits + " s"
    }
}
