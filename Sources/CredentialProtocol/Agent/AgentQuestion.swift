import Secrets

/// A question that a door on another machine asks the agent of `keyfob forward` (protocol.md, section 12).
///
/// One connection carries one question: the version line, the operation, the attributes of the line dialect, and a blank
/// line. There are two operations: `get`, and `erase`, which says that the service refused a token.
package struct AgentQuestion: Sendable, Equatable {
    package enum Operation: String, Sendable, CaseIterable { case get, erase }

    package var operation: Operation
    package var request: CredentialRequest

    /// The first line of each side. Another version has another line.
    package static let version = "keyfob-agent=1"
    /// The maximum size of a question in bytes, with its blank line.
    package static let largest = 65_536

    package init(_ operation: Operation, _ request: CredentialRequest) {
        (self.operation, self.request) = (operation, request)
    }

    /// The reason why a question is refused. Nothing is looked up then.
    package enum Invalid: Error, Sendable, Equatable {
        case tooLarge
        /// The first line is not ``AgentQuestion/version``.
        case version
        /// The second line names no operation of an agent.
        case operation
        case request(RequestError)
    }

    /// Reads a whole question.
    package init(_ bytes: [UInt8]) throws(Invalid) {
        guard bytes.count <= Self.largest else { throw .tooLarge }
        guard bytes.starts(with: (Self.version + "\n").utf8) else { throw .version }
        let rest = bytes.dropFirst(Self.version.utf8.count + 1)
        guard
            let operation = Operation.allCases.first(where: { rest.starts(with: Self.line($0).utf8) })
        else { throw .operation }
        do throws(RequestError) {
            let lines = try AttributeLines(Array(rest.dropFirst(Self.line(operation).utf8.count)))
            self.init(operation, try RequestReader.read(lines, extensions: true))
        } catch {
            throw .request(error)
        }
    }

    /// The question as bytes; nil if a value cannot be written as a line.
    ///
    /// A question holds no stored secret of the other machine: `password` and `credential` are written for `erase` alone.
    package var bytes: [UInt8]? {
        var lines = AgentLines()
        lines.begin()
        lines.add("operation", operation.rawValue)
        lines.add(.protocolName, request.protocolName)
        lines.add(.host, request.host)
        lines.add(.path, request.path)
        lines.add(.username, request.username)
        for challenge in request.wwwauth { lines.add(.wwwauth, challenge, mayHoldTab: true) }
        for state in request.state where state.begins(with: "keyfob:") { lines.add(.state, state) }
        if !request.scope.isEmpty { lines.add(.scope, request.scope.joined(separator: " ")) }
        lines.add(.resource, request.resource)
        lines.add(.minTTL, request.minTTL.map { String($0) })
        lines.add(.interaction, request.interaction?.rawValue)
        if operation == .erase { lines.add(.password, request.credential ?? request.password) }
        return lines.ended(upTo: Self.largest)
    }

    private static func line(_ operation: Operation) -> String { "operation=\(operation.rawValue)\n" }
}

/// Lines `name=value` of a question or an answer. A value that would be another line makes the whole invalid.
struct AgentLines {
    private var bytes: [UInt8] = []
    private var isValid = true

    /// Writes the version line.
    mutating func begin() { bytes += (AgentQuestion.version + "\n").utf8 }

    mutating func add(_ attribute: Attribute, _ value: String?, mayHoldTab: Bool = false) {
        if let value { add(attribute.rawValue, Array(value.utf8), mayHoldTab: mayHoldTab) }
    }

    mutating func add(_ attribute: Attribute, _ value: Secret?) {
        if let value { add(attribute.rawValue, value.exposedBytes) }
    }

    mutating func add(_ name: String, _ value: String?) {
        if let value { add(name, Array(value.utf8)) }
    }

    private mutating func add(_ name: String, _ value: [UInt8], mayHoldTab: Bool = false) {
        let tab = UInt8(ascii: "\t")
        if value.contains(where: { AttributeLines.isControl($0) && !(mayHoldTab && $0 == tab) }) { isValid = false }
        let line = Array(name.utf8) + [UInt8(ascii: "=")] + value + [UInt8(ascii: "\n")]
        if line.count > AttributeLines.maxLine { isValid = false }
        bytes += line
    }

    /// The lines with the blank line at their end; nil if they are invalid or larger than `limit`.
    func ended(upTo limit: Int) -> [UInt8]? {
        isValid && bytes.count < limit ? bytes + [UInt8(ascii: "\n")] : nil
    }
}
