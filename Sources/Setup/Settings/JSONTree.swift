import FoundationEssentials

/// Any JSON value, for comparisons.
package enum JSONTree: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONTree])
    case object([String: JSONTree])

    /// The value at `path` below objects, or nil if there is none.
    package subscript(path: [String]) -> JSONTree? {
        guard let name = path.first else { return self }
        guard case .object(let members) = self else { return nil }
        return members[name]?[Array(path.dropFirst())]
    }

    package var text: String? { if case .string(let text) = self { text } else { nil } }

    package var members: [String: JSONTree]? { if case .object(let members) = self { members } else { nil } }

    package var elements: [JSONTree] { if case .array(let elements) = self { elements } else { [] } }

    /// The same tree with `value` at `path`; missing objects are created.
    func setting(_ value: JSONTree, at path: ArraySlice<String>) -> JSONTree {
        guard let name = path.first else { return value }
        var members = members ?? [:]
        members[name] = (members[name] ?? .object([:])).setting(value, at: path.dropFirst())
        return .object(members)
    }
}

extension JSONTree: Decodable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let bool = try? container.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let array = try? container.decode([JSONTree].self) {
            self = .array(array)
        } else {
            self = .object(try container.decode([String: JSONTree].self))
        }
    }

    /// Returns nil if `bytes` are not JSON.
    package init?(_ bytes: [UInt8]) {
        guard let tree = try? JSONDecoder().decode(JSONTree.self, from: Data(bytes)) else { return nil }
        self = tree
    }
}

extension JSONTree {
    /// The layout of JSON text.
    struct Layout {
        /// The line end; each line is indented by ``unit`` for each level. If nil, all of it is on one line.
        var lineEnd: String?
        var unit = "  "
        var colon = ": "
    }

    /// The value as JSON text.
    ///
    /// - Parameter depth: the number of levels around the value.
    func written(_ layout: Layout, depth: Int) -> String {
        switch self {
        case .null: "null"
        case .bool(let bool): bool ? "true" : "false"
        case .number(let number): number == number.rounded() ? "\(Int64(number))" : "\(number)"
        case .string(let text): Self.quoted(text)
        case .array(let elements): "[" + elements.map { $0.written(layout, depth: depth) }.joined(separator: ", ") + "]"
        case .object(let members):
            Self.object(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, layout, depth: depth)
        }
    }

    private static func object(_ members: [(String, JSONTree)], _ layout: Layout, depth: Int) -> String {
        let inner = layout.lineEnd.map { $0 + String(repeating: layout.unit, count: depth + 1) } ?? ""
        let outer = layout.lineEnd.map { $0 + String(repeating: layout.unit, count: depth) } ?? ""
        let written = members.map { quoted($0) + layout.colon + $1.written(layout, depth: depth + 1) }
        return "{" + inner + written.joined(separator: "," + (layout.lineEnd == nil ? " " : inner)) + outer + "}"
    }

    /// A text in quotation marks (RFC 8259 section 7).
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension JSONTree {
    /// The value as JSON text on one line.
    package var line: String { written(Layout(lineEnd: nil), depth: 0) }
}
