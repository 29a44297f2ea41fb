import Addresses
import CredentialProtocol
import Dialects
import Secrets
import Testing

/// Sends requests to one dialect, and reads its answers.
struct Asking {
    var dialect: any Dialect

    init(_ dialect: any Dialect.Type) { self.dialect = dialect.init() }

    mutating func question(
        _ arguments: [String], input: String? = nil, variables: [String: String] = [:]
    ) throws(InvocationError) -> Question {
        try dialect.question(
            Invocation(arguments, variable: { variables[$0] }, input: { input.map { Array($0.utf8) } }))
    }

    /// The request of a `get`.
    mutating func request(
        _ arguments: [String], input: String? = nil, variables: [String: String] = [:]
    ) throws -> CredentialRequest {
        guard case .get(let request) = try question(arguments, input: input, variables: variables) else {
            throw InvocationError.missing("get")
        }
        return request
    }

    /// The standard output for an answer.
    func printed(
        _ response: CredentialResponse, for request: CredentialRequest, service: ServiceURL? = nil,
        now: Int64 = Examples.now
    ) throws -> String {
        let answer = Answer(response, service: service, now: now)
        return String(decoding: try dialect.found(answer, for: request).output, as: UTF8.self)
    }
}

extension CredentialRequest {
    /// A request to store or erase a credential of a service, without questions to the user.
    static func at(
        _ host: String, path: String? = nil, scheme: String = "https", username: String? = nil, password: String? = nil
    ) -> CredentialRequest {
        CredentialRequest(
            protocolName: scheme, host: host, path: path, username: username, password: password.map { Secret($0) },
            interaction: .never)
    }
}
