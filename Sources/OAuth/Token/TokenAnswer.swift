import JSON
import Secrets

/// The members of a token endpoint's answer: a JSON object or a form, whatever the `Content-Type` says.
///
/// Many servers declare another type, and a few answer form-urlencoded by default and ignore `Accept`.
struct TokenAnswer {
    private let members: [JSON.Member]
    /// Whether the object in the body has no end.
    private(set) var isCut = false

    /// Names of objects in which some servers wrap any answer, also an error.
    private static let wrappers = ["data", "result", "response", "payload"]

    /// Reads the body of `response` with any status.
    ///
    /// If the body is no complete object, the first object in it counts that has a token, a client or an error, as far as it
    /// goes. Of a form that is cut off, the complete pairs count.
    ///
    /// - Throws: `notJSON` if the body begins neither like an object nor like a form; `malformed` if it is broken; the
    ///   reason why the body is incomplete, if it is.
    init(_ response: HTTPResponse, host: String) throws(OAuthError) {
        let body = response.body.exposedBytes
        if let found = Self.row(in: response, body), response.fault == nil || Self.isGrant(found) {
            members = found
        } else if let form = Self.form(body, isWhole: response.fault == nil) {
            members = form
        } else if let object = Self.object(in: response, body) {
            members = Self.unwrapped(object.members)
            isCut = !object.isComplete
        } else {
            if let fault = response.fault { throw fault }
            let first = body.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
            guard first == UInt8(ascii: "{") else { throw .notJSON(host: host, contentType: response.mediaType) }
            throw .malformed(host: host, member: "JSON")
        }
    }

    /// Reads the answer to a request that the server has granted. A new refresh token cannot be had again, so an answer
    /// with one counts as granted even if it names an error, and together with an access token for any status.
    ///
    /// - Throws: `refused` for an error with any status, and for every other 4xx; `redirected`, `unavailable`.
    init(granted response: HTTPResponse, by host: String) throws(OAuthError) {
        if let answer = try? TokenAnswer(response, host: host), TokenResponse.refreshToken(answer) != nil,
            (200..<300).contains(response.status) || (try? TokenResponse(answer)) != nil
        {
            self = answer
            return
        }
        try response.checkAnswered(by: host)
        do {
            self = try TokenAnswer(response, host: host)
        } catch {
            guard (200..<300).contains(response.status) else { throw .refused(host: host, status: response.status) }
            throw error
        }
        try checkNotRefused(response, by: host)
        guard (200..<300).contains(response.status) else { throw .refused(host: host, status: response.status) }
    }

    /// All values of a member. Some servers write `expiresIn` for `expires_in`.
    func values(_ name: String) -> [JSON] {
        let found = members.filter { $0.name.isSame(as: name) }
        let others = found.isEmpty ? members.filter { Self.folded($0.name).isSame(as: Self.folded(name)) } : found
        return others.map(\.value).filter { $0 != .null }
    }

    /// The text of a member, the last one if there are several; nil if it is absent, null or not a text. Some servers leave
    /// a line break at its end.
    func text(_ name: String) -> String? {
        if case .string(let text)? = values(name).last { text.trimmed } else { nil }
    }

    /// The token in a member, the last one if there are several. Some servers send a number, or an object that holds the
    /// token.
    func token(_ name: String) -> String? {
        guard let value = values(name).last else { return nil }
        switch value {
        case .string(let text): return text
        case .integer(let number): return String(number)
        case .object:
            let texts = [name, "token", "value"].compactMap { value[$0] }
            guard texts.count == 1, case .string(let text) = texts[0] else { return nil }
            return text
        default: return nil
        }
    }

    /// The text of a member that decides; nil if it is absent or null. Two different texts are an error.
    func string(_ name: String, host: String) throws(OAuthError) -> String? {
        let values = values(name)
        guard let value = values.first else { return nil }
        guard case .string(let text) = value, values.allSatisfy({ $0 == value })
        else { throw .malformed(host: host, member: name) }
        return text.trimmed
    }

    /// The texts in a list, or the one text of a member.
    func texts(_ name: String) -> [String] {
        let elements: [JSON] = if case .array(let elements)? = values(name).last { elements } else { values(name) }
        return elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// The texts of a list; nil if it is absent or null.
    func strings(_ name: String, host: String) throws(OAuthError) -> [String]? {
        guard let value = values(name).last else { return nil }
        guard case .array(let elements) = value else { throw .malformed(host: host, member: name) }
        return try elements.map { (element) throws(OAuthError) in
            guard case .string(let text) = element else { throw .malformed(host: host, member: name) }
            return text
        }
    }

    /// A number, or a text that contains one; nil for anything else.
    func number(_ name: String) -> Double? {
        switch values(name).last {
        case .integer(let number): Double(number)
        case .real(let number): number
        case .string(let text): Double(text.trimmed)
        default: nil
        }
    }

    /// The members of the answer at the beginning of the body; nil if there is no object. Some servers write an object of
    /// their log before the answer, or the answer twice. So of several objects in a row, those with a token or a client
    /// count, and the members of the last ones replace the others.
    private static func row(in response: HTTPResponse, _ body: [UInt8]) -> [JSON.Member]? {
        let (objects, rest) = LooseObject.row(in: body)
        guard !objects.isEmpty else { return nil }
        let answers = objects.map { unwrapped($0.members) }
        let granted = answers.filter(isGrant)
        if granted.isEmpty, !rest.isEmpty, let later = object(in: response, rest) { return unwrapped(later.members) }
        return (granted.isEmpty ? answers : granted).reduce([]) { known, next in
            let names = Set(next.map { folded($0.name) })
            return known.filter { !names.contains(folded($0.name)) } + next
        }
    }

    /// Members, as ``folded(_:)``, that cannot be had again.
    private static let grants = ["accesstoken", "refreshtoken", "clientid"]

    private static func isGrant(_ members: [JSON.Member]) -> Bool {
        members.contains { grants.holdsSame(as: folded($0.name)) }
    }

    /// The object in another text that is an answer: a token or a client with a status of success, or an error with one that
    /// servers use for it. A page has examples, scripts and attributes of its own, so nothing in it is an answer.
    private static func object(in response: HTTPResponse, _ body: [UInt8]) -> LooseObject? {
        let text = String(decoding: body, as: UTF8.self).asciiLowercased
        let marks = ["<html", "<head", "<body", "<script", "<!doctype", "<title", "<code", "<!--"]
        guard !marks.contains(where: { text.firstRange(of: $0) != nil }) else { return nil }
        let wanted =
            switch response.status {
            case 200..<300: grants + ["error"]
            case 400, 401: ["error"]
            default: [String]()
            }
        return LooseObject(in: body) { members in
            unwrapped(members).contains { wanted.holdsSame(as: folded($0.name)) }
        }
    }

    /// The members, and those of the first object in them that has what they lack: a token, a client, or an error.
    private static func unwrapped(_ members: [JSON.Member]) -> [JSON.Member] {
        func has(_ name: String, _ members: [JSON.Member]) -> Bool { members.contains { folded($0.name) == name } }
        guard !has("accesstoken", members) else { return members }
        let objects = members.compactMap { member -> (name: String, members: [JSON.Member])? in
            if case .object(let inner) = member.value { (member.name, inner) } else { nil }
        }
        for name in grants where !has(name, members) {
            if let found = objects.first(where: { has(name, $0.members) }) { return members + found.members }
            for (_, inner) in objects {
                let deeper = unwrapped(inner)
                if has(name, deeper) { return members + deeper }
            }
        }
        // An error of the answer itself is not replaced by one in it.
        guard !has("error", members) else { return members }
        return members + (objects.first { wrappers.holdsSame(as: $0.name) }?.members ?? [])
    }

    /// A form: pairs without a white space, and without a character that every page for people or every object has. The last
    /// pair of one that is not whole is left out.
    private static func form(_ body: [UInt8], isWhole: Bool) -> [JSON.Member]? {
        let end = isWhole ? nil : body.lastIndex(of: UInt8(ascii: "&")) ?? 0
        let text = String(decoding: body[..<(end ?? body.endIndex)], as: UTF8.self).trimmed
        guard text.holds("="), text.utf8.allSatisfy({ $0 > 0x20 && !"<{\"".utf8.contains($0) }) else { return nil }
        return FormEncoding.decode(text)?.map { JSON.Member(name: $0.name, value: .string($0.value)) }
    }

    /// A name as its letters and digits in lower case.
    static func folded(_ name: String) -> String {
        String(decoding: name.asciiLowercased.utf8.filter { $0 >= 0x80 || isLetterOrDigit($0) }, as: UTF8.self)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

extension String {
    /// The text without white space of ASCII at both ends.
    var trimmed: String {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let front = utf8.drop(while: isBlank)
        let end = front.reversed().prefix(while: isBlank).count
        return String(decoding: front.prefix(front.count - end), as: UTF8.self)
    }
}
