import Addresses
import Secrets

@testable import OAuth

/// Requests to the loopback listener of one login: each a line `METHOD TARGET`, lines `name: value`, and a blank line.
/// `$START` and `$COOKIE` stand for the secret start path and the cookie of the browser that keyfob has opened.
func fuzzCallback(_ bytes: [UInt8]) throws {
    var login = try Login()
    let pages = try Login.pages.get()
    var isOver = false
    let paragraphs = String(decoding: bytes, as: UTF8.self).replacing("\n\n", with: "\u{FF}").split(separator: "\u{FF}")
    for paragraph in paragraphs.prefix(8) {
        let request = login.request(String(paragraph))
        let (answer, event) = login.gate.answer(request)
        try require(pages.contains(answer.page), "an unknown page: \(answer.page)")
        try require(
            [200, 302, 303, 400, 404, 405, 410, 503].contains(answer.status), "an unexpected status \(answer.status)")
        try require(answer.fields.values.allSatisfy { isPlain($0) }, "a header field with control characters")
        if let location = answer.fields["Location"] {
            let ours = [Login.authorizationAddress] + ["done", "used"].map { "http://\(Login.authority)/\($0)" }
            // A form, or another spelling of the callback with our state.
            let isRepeated = location.hasPrefix("http://\(Login.authority)/callback?")
            let mayBeRepeated = request.method == "POST" || request.contains(Secret("right"))
            try require(ours.contains(location) || isRepeated && mayBeRepeated, "a redirect to \(location)")
        }
        if case .remarked(let error) = event { try requirePlain(error) }
        guard case .answered(let result) = event else { continue }
        try require(!isOver, "a second answer")
        if case .failure(let error) = result { try requirePlain(error) }
        // Its server's answer ends the login, also if it is none.
        let isNone = if case .failure(.unusableResponse) = result { true } else { false }
        try require(login.isGenuine(request, isNone: isNone), "a forged answer was accepted: \(request)")
        isOver = true
    }
    // The listener accepts the genuine answer exactly once, after any other requests.
    let genuine = LoopbackRequest(
        method: "GET", target: "/callback?state=right&code=c0de",
        fields: [(name: "host", value: Login.authority), (name: "cookie", value: login.cookie)])
    let (_, event) = login.gate.answer(genuine)
    try require((event != nil) != isOver, "the genuine answer was not accepted, or was accepted twice")
}

/// Text that the user pastes instead of the redirect address. It may be any text.
func fuzzPaste(_ bytes: [UInt8]) throws {
    var login = try Login()
    let result = outcome { () throws(OAuthError) in try login.gate.take(pasted: Secret(bytes)) }
    switch result {
    case .success(.answered(let answer)?):
        let text = String(decoding: bytes, as: UTF8.self)
        try require(text.contains("=") && text.contains("&"), "an answer without state")
        if case .failure(let error) = answer { try requirePlain(error) }
    case .success(let event):
        throw Violation(description: "an event other than an answer: \(String(describing: event))")
    case .failure(let error):
        try requirePlain(error)
        let genuine = Secret("http://\(Login.authority)/callback?state=right&code=c0de")
        let again = outcome { () throws(OAuthError) in try login.gate.take(pasted: genuine) }
        guard case .success(.answered(.success)?) = again else {
            throw Violation(description: "the genuine answer was not accepted after another")
        }
    }
}

/// A login that waits for its answer, and the browser that keyfob has opened for it.
struct Login {
    static let authority = "127.0.0.1:4321"
    static let authorizationAddress = "https://login.example.com/authorize?state=right"

    var gate: RedirectGate
    /// The pair of name and value, as the browser sends it.
    let cookie: String
    let startPath: String

    /// Creates a login whose start address the browser has opened.
    init() throws {
        gate = RedirectGate(
            metadata: AuthorizationServerMetadata(
                issuer: "https://login.example.com",
                authorizationEndpoint: try EndpointURL("https://login.example.com/authorize"),
                tokenEndpoint: try EndpointURL("https://login.example.com/token")),
            authorizationAddress: Self.authorizationAddress, state: Secret("right"), authority: Self.authority,
            callbackPath: "/callback", lifetime: 300)
        startPath = String(gate.startAddress.dropFirst("http://\(Self.authority)".count))
        let start = LoopbackRequest(
            method: "GET", target: startPath, fields: [(name: "host", value: Self.authority)])
        let set = gate.answer(start).0.fields["Set-Cookie"]
        guard let set else { throw Violation(description: "no cookie") }
        cookie = String(set.prefix { $0 != ";" })
    }

    func request(_ text: String) -> LoopbackRequest {
        let lines = text.replacing("$START", with: startPath).replacing("$COOKIE", with: cookie)
            .split(separator: "\n", omittingEmptySubsequences: false)
        let words = (lines.first ?? "").split(separator: " ", maxSplits: 1).map(String.init)
        let fields = lines.dropFirst().map { line in
            let halves = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = halves.count > 1 ? halves[1].drop { $0 == " " } : ""
            return (name: halves[0].lowercased(), value: String(value))
        }
        return LoopbackRequest(method: words.first ?? "", target: words.count > 1 ? words[1] : "", fields: fields)
    }

    /// Whether the user's own browser may have sent it: a GET with the right host, cookie and state. A server may send a
    /// parameter twice with the same value.
    ///
    /// - Parameter isNone: whether it may have no code and no error, or several.
    func isGenuine(_ request: LoopbackRequest, isNone: Bool = false) -> Bool {
        guard let (path, query) = request.pathAndQuery else { return false }
        let pairs = FormEncoding.decodeTolerantly(query).map {
            (name: String(decoding: $0.name, as: UTF8.self), value: String(decoding: $0.value, as: UTF8.self))
        }
        let states = Set(pairs.filter { $0.name == "state" && !$0.value.isEmpty }.map(\.value))
        let answers = Set(pairs.filter { ["code", "error"].contains($0.name) }.map { $0.name + "=" + $0.value })
        let isCallback = ["/callback", "/callback/"].contains(path)
        let sent = request.fields.filter { $0.name == "cookie" }.map(\.value).joined(separator: ";")
        return request.method == "GET" && isCallback && states == ["right"] && (isNone || answers.count == 1)
            && sent.contains(cookie)
            && request.hosts.map { $0.lowercased() } == [Self.authority]
            && request.fields.allSatisfy { $0.name != "origin" || $0.value == "http://\(Self.authority)" }
    }

    /// All pages of the listener, collected from the answers to known requests.
    static let pages = Result { () throws in
        var pages: Set<String> = [""]
        for answer in ["code=c0de", "error=access_denied"] {
            var login = try Login()
            let asked = [
                "GET /callback?state=right&\(answer)\nhost: evil.example", "POST /\nhost: \(authority)",
                "GET /x\nhost: \(authority)", "GET /callback\nhost: \(authority)\npurpose: prefetch",
                "GET $START\nhost: \(authority)", "GET /callback\nhost: \(authority)",
                "GET /callback\nhost: \(authority)\ncookie: $COOKIE",
                "GET /callback?\(String(repeating: "x", count: LoopbackRequest.longest))\nhost: \(authority)",
                "GET /callback?state=right&\(answer)\nhost: \(authority)",
                "GET /callback?code=c0de\nhost: \(authority)\ncookie: $COOKIE",
                "GET /callback?state=right&\(answer)\nhost: \(authority)\ncookie: $COOKIE",
                "GET /done\nhost: \(authority)", "GET /used\nhost: \(authority)",
            ]
            for text in asked { pages.insert(login.gate.answer(login.request(text)).0.page) }
        }
        return pages
    }
}
