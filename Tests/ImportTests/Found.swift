import CredentialProtocol
import Secrets

@testable import Import

/// The result of a parser: the credentials as `URL user:password`, and the problems as `line: reason`.
struct Found: Equatable {
    var credentials: [String]
    var problems: [String]

    init(_ findings: Findings) {
        credentials = findings.credentials.map { found in
            let request = found.request
            let path = request.path.map { "/" + $0 } ?? ""
            let password = request.password.map { String(decoding: $0.exposedBytes, as: UTF8.self) } ?? ""
            return "\(request.protocolName)://\(request.host)\(path) \(request.username ?? ""):\(password)"
        }
        problems = findings.problems.map { problem in
            let line = problem.place.line.map { "\($0): " } ?? ""
            return line + "\(problem.reason)"
        }
    }
}
