package import Addresses
import Secrets

/// The answer of the agent of `keyfob forward`, on one connection (protocol.md, section 12).
package enum AgentAnswer: Sendable, Equatable {
    /// A credential, and the service of its account (``Answer/service``).
    case credential(CredentialResponse, service: ServiceURL?)
    /// The token that the service refused is not given out again.
    case done
    case refused(Report)

    /// The maximum size of an answer in bytes: each of its lines may have 65,535 bytes.
    package static let largest = 262_144

    /// The answer as bytes.
    ///
    /// A refresh token that git stored with a password is never written.
    ///
    /// - Throws: ``ResponseError`` if the credential cannot be written as lines.
    package func bytes() throws(ResponseError) -> [UInt8] {
        var lines = AgentLines()
        lines.begin()
        switch self {
        case .credential(let response, let service):
            lines.add("status", "0")
            Self.add(response, to: &lines)
            lines.add("service", service?.description)
        case .done: lines.add("status", "0")
        case .refused(let report):
            lines.add("status", String(report.status == 0 ? Report.Code.internal.status : report.status))
            lines.add("code", report.code.rawValue)
            lines.add("message", Secrets.Printable.whole(report.message))
            for hint in report.hints { lines.add("hint", Secrets.Printable.whole(hint)) }
        }
        guard let bytes = lines.ended(upTo: Self.largest) else { throw .forbiddenByte(.password) }
        return bytes
    }

    private static func add(_ response: CredentialResponse, to lines: inout AgentLines) {
        lines.add(.authtype, response.authtype)
        lines.add(.ephemeral, response.ephemeral ? "1" : nil)
        lines.add(.username, response.username)
        lines.add(response.authtype == nil ? .password : .credential, response.password)
        lines.add(.passwordExpiryUTC, response.passwordExpiryUTC.map { String($0) })
        lines.add(.continue, response.continue ? "1" : nil)
        for state in response.state { lines.add(.state, state) }
    }

    /// Reads a whole answer. Returns nil if it is not one of this version.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count <= Self.largest, let lines = try? AttributeLines(bytes).lines,
            let first = lines.first, (first.name + "=" + Self.text(first.value)).isSame(as: AgentQuestion.version)
        else { return nil }
        var read = Read()
        for line in lines.dropFirst() { read.take(line) }
        guard let answer = read.answer else { return nil }
        self = answer
    }

    private static func text(_ value: ArraySlice<UInt8>) -> String { String(decoding: value, as: UTF8.self) }

    /// The lines of an answer, as far as they are read. Unknown names are ignored.
    private struct Read {
        private var status: Int32?
        private var report = Report(.internal, "")
        private var response = CredentialResponse(username: nil, password: Secret(""))
        private var hasSecret = false
        private var service: ServiceURL?

        mutating func take(_ line: AttributeLines.Line) {
            let text = AgentAnswer.text(line.value)
            switch line.name {
            case "status": status = Int32(text)
            case "code": report.code = Report.Code(rawValue: text) ?? .internal
            case "message": report.message = Secrets.Printable.whole(text)
            case "hint": report.hints.append(Secrets.Printable.whole(text))
            case "service": service = try? ServiceURL(text)
            case Attribute.authtype.rawValue: response.authtype = text
            case Attribute.ephemeral.rawValue: response.ephemeral = text == "1"
            case Attribute.username.rawValue: response.username = text
            case Attribute.password.rawValue, Attribute.credential.rawValue:
                response.password = Secret(line.value)
                hasSecret = true
            case Attribute.passwordExpiryUTC.rawValue: response.passwordExpiryUTC = Int64(text)
            case Attribute.continue.rawValue: response.continue = text == "1"
            case Attribute.state.rawValue: response.state.append(text)
            default: break
            }
        }

        var answer: AgentAnswer? {
            guard let status else { return nil }
            guard status == 0 else {
                var report = report
                report.status = status
                return .refused(report)
            }
            guard hasSecret else { return .done }
            var response = response
            response.isEncoded = response.authtype != nil && !response.ephemeral
            return .credential(response, service: service)
        }
    }
}

extension CredentialResponse {
    /// Whether this is an access token that expires, and not a password that the user stored.
    package var isAccessToken: Bool { authtype != nil && ephemeral && !isEncoded }
}
