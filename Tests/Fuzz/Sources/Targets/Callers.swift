import Addresses
import CredentialProtocol
import Dialects
import Secrets

/// Invocations by callers other than git. The first byte chooses the caller. The byte 0xFF, which never occurs in UTF-8,
/// separates the argument from standard input. The input is also the secret of a stored credential.
func fuzzCaller(_ bytes: [UInt8]) throws {
    guard let first = bytes.first else { return }
    let type = Dialects.callers[Int(first) % Dialects.callers.count]
    let fields = bytes.dropFirst().split(separator: 0xFF, maxSplits: 1, omittingEmptySubsequences: false).map {
        Array($0)
    }
    let word = String(decoding: fields.first ?? [], as: UTF8.self)
    let input = fields.count > 1 ? fields[1] : []
    for arguments in [[word], ["get", word], ["get", "h.example", word], ["store", word], ["--cargo-plugin"]] {
        // Every variable that a dialect reads has this value.
        let invocation = Invocation(arguments, variable: { $0.contains("TOKEN_TYPE") ? nil : word }, input: { input })
        try fuzzCaller(type, invocation, secret: input)
    }
}

private func fuzzCaller(_ type: any Dialect.Type, _ invocation: Invocation, secret: [UInt8]) throws {
    var (dialect, again) = (type.init(), type.init())
    let question = outcome { () throws(InvocationError) in try dialect.question(invocation) }
    let repeated = outcome { () throws(InvocationError) in try again.question(invocation) }
    try require(question == repeated, "one question has two readings")
    switch question {
    case .failure(let error):
        let reply = dialect.failed(Report(error))
        try require(
            reply.output.allSatisfy { $0 == 0x0A || isVisible([$0]) || $0 == 0x20 }, "an error with control characters")
        try require(!reply.complaint.contains { $0.contains("\n") }, "an error of several lines")
    case .success(.get(let request)), .success(.renew(let request)):
        try requireService(request)
        try require(request.password == nil, "a password in a `get`")
        try fuzzAnswers(dialect, request, secret)
    case .success(.store(let request)):
        try requireService(request)
        // A secret may be any text: it is stored apart from passwords of one line.
        let name = Array((request.username ?? "").utf8)
        try require(!name.contains(where: AttributeLines.isControl), "a control character in a user name to store")
        try require(request.password?.isEmpty == false && request.username != nil, "no credential to store")
    case .success(.erase(let request)): try requireService(request)
    case .success(.list), .success(.reply): break
    }
}

private func requireService(_ request: CredentialRequest) throws {
    guard let service = request.url else { throw Violation(description: "a request without a service") }
    try require(service.scheme == "https" || service.isLoopback, "a service without TLS")
}

private func fuzzAnswers(_ dialect: any Dialect, _ request: CredentialRequest, _ secret: [UInt8]) throws {
    for authtype in ["Bearer", nil] {
        let response = CredentialResponse(username: "alice", password: Secret(secret), authtype: authtype)
        let answer = outcome { () throws(ResponseError) in
            try dialect.found(Answer(response, now: 0), for: request)
        }
        guard case .success(let reply) = answer else { continue }
        // Some callers take a stored password as it is.
        let isAnyText = authtype == nil && secret.contains(where: AttributeLines.isControl)
        try require(
            isAnyText || reply.output.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A },
            "a control character in the answer")
        let text = String(decoding: secret, as: UTF8.self)
        if authtype != nil, !secret.isEmpty, reply.status == 0,
            String(decoding: reply.output, as: UTF8.self).contains(text)
        {
            try require(isVisible(secret) || reply.output == Array("{}\n".utf8), "a token that is not visible ASCII")
        }
    }
}
