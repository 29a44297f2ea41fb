/// The targets of the fuzzer. Each target passes any bytes to one parser of untrusted input and checks the result.
/// The parser may refuse the input. It must not trap, give two results for one input, or accept input that it has to
/// refuse.
enum FuzzTarget: String, CaseIterable, Sendable {
    // Requests of callers, and keyfob's answers.
    case lines, git, line, caller, response
    case tokenFormat = "token-format"
    case serviceURL = "service-url"
    // Responses of services, and requests of browsers.
    case challenge, callback, listener, paste
    // Responses of authorization servers.
    case metadata, resource, token, device, registration
    case idToken = "id-token"
    case endpointURL = "endpoint-url"
    case retryAfter = "retry-after"
    case form, base64
    // Files, keyring items and settings on this machine.
    case configuration, kernel, grant, client, proxy, settings
    case gitConfig = "git-config"
    case moving

    /// Throws a ``Violation`` if an invariant does not hold.
    func check(_ bytes: [UInt8]) throws {
        switch self {
        case .lines: try fuzzLines(bytes)
        case .git: try fuzzGitDialect(bytes)
        case .line: try fuzzLineDialect(bytes)
        case .caller: try fuzzCaller(bytes)
        case .response: try fuzzResponse(bytes)
        case .tokenFormat: try fuzzTokenFormat(bytes)
        case .serviceURL: try fuzzServiceURL(bytes)
        case .challenge: try fuzzChallenge(bytes)
        case .callback: try fuzzCallback(bytes)
        case .listener: try fuzzListener(bytes)
        case .paste: try fuzzPaste(bytes)
        case .metadata: try fuzzMetadata(bytes)
        case .resource: try fuzzResource(bytes)
        case .token: try fuzzToken(bytes)
        case .device: try fuzzDevice(bytes)
        case .registration: try fuzzRegistration(bytes)
        case .idToken: try fuzzIDToken(bytes)
        case .endpointURL: try fuzzEndpointURL(bytes)
        case .retryAfter: try fuzzRetryAfter(bytes)
        case .form: try fuzzForm(bytes)
        case .base64: try fuzzBase64(bytes)
        case .configuration: try fuzzConfiguration(bytes)
        case .kernel: try fuzzKernel(bytes)
        case .grant: try fuzzGrant(bytes)
        case .client: try fuzzClient(bytes)
        case .proxy: try fuzzProxy(bytes)
        case .settings: try fuzzSettings(bytes)
        case .gitConfig: try fuzzGitConfig(bytes)
        case .moving: try fuzzMoving(bytes)
        }
    }
}

/// An invariant that does not hold.
struct Violation: Error, CustomStringConvertible {
    let description: String
}

/// Throws a ``Violation`` unless `holds`.
func require(_ holds: Bool, _ invariant: @autoclosure () -> String) throws {
    if !holds { throw Violation(description: invariant()) }
}

/// The value or error of `body`, for a comparison with a second call.
func outcome<Value, Failure: Error>(_ body: () throws(Failure) -> Value) -> Result<Value, Failure> {
    Result { () throws(Failure) in try body() }
}
