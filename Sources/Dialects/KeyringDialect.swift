package import CredentialProtocol

/// What pip, uv, pdm, poetry and twine ask of a program called `keyring` (pip.pypa.io/en/stable/topics/authentication,
/// docs.astral.sh/uv/concepts/authentication).
///
/// `keyring [--mode creds] [--output json] get SERVICE [USER]`, `keyring set SERVICE USER` with the password as input,
/// `keyring del SERVICE USER`. The service is a URL or a host with perhaps a port. By default the password is printed; with
/// `--mode creds` the user name and the password, on two lines or as a JSON object.
///
/// - Not supported: everything else that Python's keyring does; services that are no hosts have no credential.
/// - Not found: no output, exit status 1, nothing said: pip asks for the URL, then for the host.
/// - Deadline: none of pip's; ours is 30 seconds. It never asks: pip waits without showing anything.
package struct KeyringDialect: CallerDialect {
    package static let name = "keyring"
    package static let executables = ["keyring"]

    private var wantsName = false
    private var wantsJSON = false
    private var username: String?

    package init() {}

    package mutating func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        (wantsName, wantsJSON) = (false, false)
        let words = try readOptions(invocation.arguments)
        username = words.count > 2 ? words[2] : nil
        switch (words.first, words.count) {
        case ("get", 2...3):
            var request = try CredentialRequest(registry: words[1])
            // Indexes want a user name beside a token, whoever's it is.
            request.username = username.flatMap { Self.placeholders.contains($0) ? nil : $0 } ?? request.username
            return .get(request)
        case ("set", 3):
            var password = try invocation.boundedInput() ?? []
            if password.last == UInt8(ascii: "\n") { password.removeLast() }
            return .store(try CredentialRequest(registry: words[1]).keeping(username: words[2], secret: password))
        case ("del", 3):
            var request = try CredentialRequest(registry: words[1])
            request.username = words[2]
            return .erase(request)
        default: throw .usage(Self.usage)
        }
    }

    /// Options may stand anywhere, with a space or with `=`; what is none of them stays.
    private mutating func readOptions(_ arguments: [String]) throws(InvocationError) -> [String] {
        var words: [String] = []
        var rest = arguments.flatMap { argument in
            argument.hasPrefix("--") ? argument.split(separator: "=", maxSplits: 1).map(String.init) : [argument]
        }[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("-") else {
                words.append(word)
                continue
            }
            switch (word, rest.popFirst()) {
            case ("--mode", "creds"): wantsName = true
            case ("--mode", "password"): wantsName = false
            case ("--output", "json"): wantsJSON = true
            case ("--output", "plain"): wantsJSON = false
            default: throw .usage(Self.usage)
            }
        }
        return words
    }

    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        let secret = try answer.response.secretText()
        var named = answer.response
        named.username = username ?? named.username
        let name = try named.name()
        switch (wantsName, wantsJSON) {
        case (false, false): return Reply(secret + "\n")
        case (true, false): return Reply(name + "\n" + secret + "\n")
        case (false, true): return Reply(JSONLine.encode(["password": secret]))
        case (true, true): return Reply(JSONLine.encode(["username": name, "password": secret]))
        }
    }

    package func failed(_ failure: CallerFailure) -> Reply {
        switch failure.code {
        case .noCredential, .unsupportedService: Reply(status: 1)
        default: Reply(complaint: failure.lines, status: failure.status)
        }
    }

    private static let usage = "keyring [--mode password|creds] [--output plain|json] get SERVICE [USER]"
    private static let placeholders: Set = ["__token__", "token", "VssSessionToken", "oauth2accesstoken"]
}
