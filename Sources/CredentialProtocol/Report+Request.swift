extension Report {
    /// Describes what is wrong with a request.
    package init(_ error: RequestError) {
        let said =
            switch error {
            case .lineTooLong(let line):
                "line \(line) of the request is longer than \(AttributeLines.maxLine) bytes"
            case .requestTooLarge: "the request is larger than \(AttributeLines.maxRequest) bytes"
            case .lineWithoutEquals(let line): "line \(line) of the request has no \"=\""
            case .lineWithoutName(let line): "line \(line) of the request has no name before \"=\""
            case .forbiddenByte(let line, let byte):
                "byte 0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16)) in line \(line) of the request is not allowed"
            case .missing(let attribute): "the request names no \(attribute.rawValue)"
            case .conflicting(let attribute): "the request names more than one \(attribute.rawValue)"
            case .ambiguousPath(let attribute):
                "the path in the request's \(attribute.rawValue) can be read in more than one way"
            case .internationalHost: "the request's host is not in ASCII"
            case .invalid(let attribute): "the request's \(attribute.rawValue) is not valid"
            }
        self.init(said, status: 65)
        if case .ambiguousPath = error { hints.append(Self.withoutAmbiguity) }
        if case .internationalHost = error {
            hints.append("write its ASCII form (xn--...) into the URL; \"keyfob config\" with your URL shows it")
        }
    }

    /// Describes why a credential cannot be passed on.
    package init(_ error: ResponseError) {
        let said =
            switch error {
            case .forbiddenByte(let attribute):
                "the \(attribute.rawValue) holds a line break or another character that this caller cannot be given"
            case .empty(let attribute): "the \(attribute.rawValue) is empty"
            case .tooLong(let attribute): "the \(attribute.rawValue) is too long to be passed on"
            }
        self.init(said, status: 65)
    }
}
