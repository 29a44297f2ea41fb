/// Reports the steps of one run, each with the time since the start of the run, the request and the result. It never
/// reports a secret or anything that may hold one: no query, header field, body, attribute or argument.
package struct Tracer: Sendable {
    /// Reports nothing.
    package static let none = Tracer { nil }

    private let line: (@Sendable (_ at: Duration, _ step: String) -> Void)?
    private let beginning = ContinuousClock.now

    private init(_ line: () -> (@Sendable (Duration, String) -> Void)?) {
        self.line = line()
    }

    /// - Parameter line: receives the time since the start of the run and one line of text.
    package init(line: @escaping @Sendable (_ at: Duration, _ step: String) -> Void) {
        self.line = line
    }

    /// Whether tracing is on.
    package var isOn: Bool { line != nil }

    /// Reports a step that is finished or takes no time.
    package func note(_ step: @autoclosure () -> String) {
        line?(ContinuousClock.now - beginning, step())
    }

    /// Runs `body` and reports its result and its duration.
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

    /// The duration in seconds, such as `0.42 s`.
    package static func seconds(_ duration: Duration) -> String {
        let hundredths = duration.components.seconds * 100 + duration.components.attoseconds / 10_000_000_000_000_000
        let digits = "\(hundredths % 100)"
        return "\(hundredths / 100)." + (digits.count < 2 ? "0" : "") + digits + " s"
    }
}
