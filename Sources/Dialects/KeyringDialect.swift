package import CredentialProtocol
import JSON

/// The `keyring` program that pip, uv, pdm, poetry and twine call (pip.pypa.io/en/stable/topics/authentication,
/// docs.astral.sh/uv/concepts/authentication).
///
/// `keyring [--mode creds] [--output json] get SERVICE [USER]`, `keyring set SERVICE USER` with the password as input,
/// `keyring del SERVICE USER`. SERVICE is a URL, or a host with an optional port. By default keyfob prints the
/// password; with `--mode creds` it prints the user name and the password, on two lines or as a JSON object.
///
/// - Not supported: all other features of Python's keyring. A SERVICE that is no host has no credential.
/// - Not found: exit status 1 without any output, because pip asks for the URL first and then for the host.
/// - Deadline: pip has none; keyfob stops after 30 seconds. It never asks the user: pip waits without showing anything.
package struct KeyringDialect: Dialect {
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
            // Package indexes require a user name with a token and ignore its value.
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

    /// Reads options, which may be anywhere and take their value after a space or `=`. Returns the other arguments.
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
        // On the line after the user name, a line break would cut the password.
        let isLine = wantsName && !wantsJSON
        let secret = try isLine ? answer.response.secretText() : answer.response.wholeText()
        var named = answer.response
        named.username = username ?? named.username
        let name = try named.name()
        switch (wantsName, wantsJSON) {
        case (false, false): return Reply(secret + "\n")
        case (true, false): return Reply(name + "\n" + secret + "\n")
        case (false, true): return Reply(JSON.object(["password": .string(secret)]).line)
        case (true, true): return Reply(JSON.object(["username": .string(name), "password": .string(secret)]).line)
        }
    }

    package func failed(_ report: Report) -> Reply {
        switch report.code {
        case .noCredential, .unsupportedService: Reply(status: 1)
        default: Reply(report)
        }
    }

    private static let usage = "keyring [--mode password|creds] [--output plain|json] get SERVICE [USER]"
    private static let placeholders: Set = ["__token__", "token", "VssSessionToken", "oauth2accesstoken"]
}
