/// Settings in JSON. One member is set, and every other byte stays.
///
/// The member goes to the beginning of its object, so even the comma on a neighbour's line stays. The result is then
/// parsed again and compared, member by member.
package struct JSONSettings {
    private let bytes: [UInt8]
    /// The text if it is empty or blank; then `bytes` are an empty object.
    private let blank: [UInt8]?
    package let tree: JSONTree

    /// - Parameter text: empty or blank text is an empty object.
    package init(_ text: String) throws(SettingsProblem) {
        blank = text.utf8.allSatisfy(Self.isSpace) ? Array(text.utf8) : nil
        bytes = blank == nil ? Array(text.utf8) : Array("{}\n".utf8)
        guard let tree = JSONTree(bytes), case .object = tree, bytes.first(where: { !Self.isSpace($0) }) == 0x7B else {
            throw .malformed(format: "JSON")
        }
        self.tree = tree
    }

    /// Sets the member at `path`. Returns nil if it already has that value. A member that is `null` counts as absent, and
    /// is replaced.
    ///
    /// - Throws: ``SettingsProblem/taken(setting:value:)`` if another value is there.
    package func setting(_ value: JSONTree, at path: [String]) throws(SettingsProblem) -> TextEdit? {
        let name = path.joined(separator: ".")
        if let present = tree[path], present != .null {
            if present == value { return nil }
            throw .taken(setting: name, value: present.text)
        }
        var (object, depth) = (try start(), 0)
        var rest = path[...]
        // Descends to the innermost object that exists on the path.
        while let first = rest.first, let member = try members(of: object).first(where: { $0.name == first }) {
            if bytes[member.value] == UInt8(ascii: "n") {
                let below = JSONTree.object([:]).setting(value, at: rest.dropFirst())
                return try checked(replacing(member, with: below, object, depth), value, path)
            }
            guard rest.count > 1, bytes[member.value] == 0x7B else { throw .taken(setting: name, value: nil) }
            (object, depth, rest) = (member.value, depth + 1, rest.dropFirst())
        }
        guard let first = rest.first else { throw .unusual(setting: name) }
        let edit = try inserting(JSONTree.object([:]).setting(value, at: rest.dropFirst()), first, object, depth)
        return try checked(edit, value, path)
    }

    /// The edit, if it changes only the member at `path`.
    private func checked(_ edit: TextEdit, _ value: JSONTree, _ path: [String]) throws(SettingsProblem) -> TextEdit {
        guard JSONTree(Array(edit.text.utf8)) == tree.setting(value, at: path[...]) else {
            throw .notAlone(setting: path.joined(separator: "."))
        }
        return blank.map { TextEdit($0, at: 0, replacing: $0.count, inserting: edit.text) } ?? edit
    }

    private func inserting(
        _ value: JSONTree, _ name: String, _ object: Int, _ depth: Int
    ) throws(SettingsProblem) -> TextEdit {
        let space = bytes[(object + 1)...].prefix(while: Self.isSpace)
        let text = String(decoding: bytes, as: UTF8.self)
        let isEmpty = bytes[space.endIndex] == 0x7D
        let isWide = isEmpty ? depth == 0 || text.utf8.dropLast().contains(0x0A) : space.contains(0x0A)
        let layout = JSONTree.Layout(
            lineEnd: isWide ? TextLines(text).lineEnd : nil, unit: try unit(), colon: try colon(of: object))
        let member = JSONTree.quoted(name) + layout.colon + value.written(layout, depth: depth + 1)
        if isEmpty {
            let inner = (layout.lineEnd ?? "") + (isWide ? String(repeating: layout.unit, count: depth + 1) : "")
            let outer = (layout.lineEnd ?? "") + (isWide ? String(repeating: layout.unit, count: depth) : "")
            return TextEdit(bytes, at: object + 1, replacing: space.count, inserting: inner + member + outer)
        }
        // The next member keeps the white space before it.
        let before = String(decoding: space, as: UTF8.self)
        return TextEdit(bytes, at: object + 1, inserting: before + member + ",")
    }

    /// Replaces a member that is `null`, with its name.
    private func replacing(
        _ member: Member, with value: JSONTree, _ object: Int, _ depth: Int
    ) throws(SettingsProblem) -> TextEdit {
        let text = String(decoding: bytes, as: UTF8.self)
        let isWide = bytes[(object + 1)...].prefix(while: Self.isSpace).contains(0x0A)
        let layout = JSONTree.Layout(
            lineEnd: isWide ? TextLines(text).lineEnd : nil, unit: try unit(), colon: try colon(of: object))
        let written = JSONTree.quoted(member.name) + layout.colon + value.written(layout, depth: depth + 1)
        let end = try endOfValue(at: member.value)
        return TextEdit(bytes, at: member.start, replacing: end - member.start, inserting: written)
    }

    /// The indentation of one level: the space before the first member of the outermost object.
    private func unit() throws(SettingsProblem) -> String {
        let space = bytes[(try start() + 1)...].prefix(while: Self.isSpace)
        let unit = space.reversed().prefix { $0 != 0x0A && $0 != 0x0D }.reversed()
        return space.contains(0x0A) && !unit.isEmpty ? String(decoding: unit, as: UTF8.self) : "  "
    }

    private func colon(of object: Int) throws(SettingsProblem) -> String {
        guard let member = try members(of: object).first else { return ": " }
        return bytes[member.value - 1] == 0x3A ? ":" : ": "
    }

    private struct Member {
        var name: String
        /// The position at which its name begins.
        var start: Int
        /// The position at which its value begins.
        var value: Int
    }

    private func start() throws(SettingsProblem) -> Int { try after(spacesFrom: 0) }

    /// The members of the object at `object`. A name that occurs twice is refused, because readers disagree about its
    /// value.
    private func members(of object: Int) throws(SettingsProblem) -> [Member] {
        var found: [Member] = []
        var position = try after(spacesFrom: object + 1)
        while bytes[position] != 0x7D {
            let end = try endOfValue(at: position)
            guard end <= bytes.count, case .array(let names)? = JSONTree([0x5B] + bytes[position..<end] + [0x5D]),
                let name = names.first?.text, !found.contains(where: { $0.name == name })
            else { throw .malformed(format: "JSON") }
            let value = try after(spacesFrom: try after(spacesFrom: end) + 1)
            found.append(Member(name: name, start: position, value: value))
            position = try after(spacesFrom: try endOfValue(at: value))
            if bytes[position] == 0x7D { break }
            guard bytes[position] == 0x2C else { throw .malformed(format: "JSON") }
            position = try after(spacesFrom: position + 1)
            // Foundation's decoder accepts a comma after the last member; most others do not.
            if bytes[position] == 0x7D { throw .malformed(format: "JSON") }
        }
        return found
    }

    private func after(spacesFrom position: Int) throws(SettingsProblem) -> Int {
        var position = position
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
        guard position < bytes.count else { throw .malformed(format: "JSON") }
        return position
    }

    /// The position after the value that begins at `position`.
    private func endOfValue(at position: Int) throws(SettingsProblem) -> Int {
        var (position, depth) = (position, 0)
        repeat {
            guard position < bytes.count else { throw .malformed(format: "JSON") }
            switch bytes[position] {
            case 0x22:
                position += 1
                while position < bytes.count, bytes[position] != 0x22 { position += bytes[position] == 0x5C ? 2 : 1 }
            case 0x7B, 0x5B: depth += 1
            case 0x7D, 0x5D: depth -= 1
            default:
                // A number or a word ends before the next separator.
                while position + 1 < bytes.count, !Self.isSpace(bytes[position + 1]),
                    ![0x2C, 0x3A, 0x7B, 0x7D, 0x5B, 0x5D, 0x22].contains(bytes[position + 1])
                { position += 1 }
            }
            position += 1
        } while depth > 0
        return position
    }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
}
