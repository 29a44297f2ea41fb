import KeyfobCore
import Testing

/// Differences as people and patch(1) read them.
@Suite struct `A unified difference` {
    @Test func `shows a change with three lines around it`() {
        let old = (1...9).map { "\($0)\n" }.joined()
        let lines = UnifiedDiff.lines(from: old, to: old.replacing("5\n", with: "five\nfive\n"), name: "f")
        #expect(
            lines == [
                "--- f", "+++ f", "@@ -2,7 +2,8 @@", " 2", " 3", " 4", "-5", "+five", "+five", " 6", " 7", " 8",
            ])
    }

    @Test func `shows changes apart that are far from one another`() {
        let old = (1...20).map { "\($0)\n" }.joined()
        let new = old.replacing("\n2\n", with: "\n").replacing("19\n", with: "19\n19\n")
        let headers = UnifiedDiff.lines(from: old, to: new, name: "f").filter { $0.hasPrefix("@@") }
        #expect(headers == ["@@ -1,5 +1,4 @@", "@@ -16,5 +15,6 @@"])
    }

    @Test func `shows a new file, and an end of line that is missing`() {
        let new = ["--- /dev/null", "+++ f", "@@ -0,0 +1,1 @@", "+a"]
        #expect(UnifiedDiff.lines(from: nil, to: "a\n", name: "f") == new)
        #expect(UnifiedDiff.lines(from: "a", to: "a", name: "f").isEmpty)
        let ended = ["--- f", "+++ f", "@@ -1,1 +1,2 @@", "-a", Self.missingEnd, "+a", "+b"]
        #expect(UnifiedDiff.lines(from: "a", to: "a\nb\n", name: "f") == ended)
    }

    @Test(arguments: 0..<400)
    func `makes the one text of the other`(seed: Int) throws {
        var generator = Numbers(state: UInt64(seed))
        func text() -> String {
            let lines = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                ["a", "b", "c", "", "d\r"].randomElement(using: &generator) ?? ""
            }
            return lines.joined(separator: "\n") + (Bool.random(using: &generator) && !lines.isEmpty ? "\n" : "")
        }
        let (old, new) = (text(), text())
        let lines = UnifiedDiff.lines(from: old, to: new, name: "f")
        #expect(try patched(old, lines) == new)
    }

    private static let missingEnd = "\\ No newline at end of file"

    /// What patch(1) makes of `old`.
    private func patched(_ old: String, _ difference: [String]) throws -> String {
        var rest = old.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        let open = rest.removeLast()
        if !open.isEmpty { rest.append(open + "\0") }
        var lines: [String] = []
        for line in difference.dropFirst(2) {
            if line == Self.missingEnd { lines[lines.count - 1] += "\0" } else { lines.append(line) }
        }
        var (result, taken): ([String], Int) = ([], 0)
        for line in lines {
            if line.hasPrefix("@@") {
                let numbers = line.split { !$0.isNumber }.compactMap { Int($0) }
                let first = numbers[1] == 0 ? numbers[0] : numbers[0] - 1
                result += rest[taken..<first]
                taken = first
            } else if line.hasPrefix("+") {
                result.append(String(line.dropFirst()))
            } else {
                try #require(taken < rest.count)
                #expect(rest[taken] == line.dropFirst())
                if line.hasPrefix(" ") { result.append(rest[taken]) }
                taken += 1
            }
        }
        result += rest[taken...]
        return result.map { line in
            line.hasSuffix("\0") ? String(line.dropLast()) : line + "\n"
        }.joined()
    }

    /// A generator that begins anew with each seed.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }
}
