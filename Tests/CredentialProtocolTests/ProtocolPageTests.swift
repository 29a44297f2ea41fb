import CredentialProtocol
import FoundationEssentials
import Testing

/// protocol.md and the code use the same names.
@Suite struct `The protocol page` {
    private static func page() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "protocol.md"), encoding: .utf8)
    }

    /// The words in the table's second column.
    private static let messages = ["get", "store", "erase", "answer", "line", "dialect"]

    @Test func `The table of attributes has exactly the attributes of the code`() throws {
        let rows = try Self.page().split(separator: "\n").filter { $0.hasPrefix("| `") && $0.hasSuffix(" |") }
        let attributes = rows.filter { row in
            let columns = row.split(separator: "|")
            let messages = columns[1].split(whereSeparator: { " ,".contains($0) })
            return columns.count == 3 && messages.allSatisfy { Self.messages.contains(String($0)) }
        }
        let names = attributes.compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) }
        #expect(names.sorted() == Attribute.allCases.map(\.rawValue).sorted())
    }

    @Test func `The limits of the page are those of the code`() throws {
        let page = try Self.page()
        #expect(page.contains("65,535 bytes") && AttributeLines.maxLine == 65_535)
        #expect(page.contains("1,048,576") && AttributeLines.maxRequest == 1_048_576)
    }
}
