/// The difference of two texts in the format of `diff -u` (POSIX diff, "Diff -u Output Format").
package enum UnifiedDiff {
    /// Lines around a change.
    private static let context = 3
    /// If both texts together have more lines than this between the first and the last change, those are not compared
    /// one by one.
    private static let patience = 2000

    private enum Line {
        case same(Substring)
        case old(Substring)
        case new(Substring)
    }

    /// The lines of the difference; empty if the texts are equal.
    ///
    /// - Parameters:
    ///   - old: nil if there is no such file yet.
    ///   - name: the file name to show.
    ///   - shown: the form in which a line of the texts is shown.
    package static func lines(
        from old: String?, to new: String, name: String, shown: (Substring) -> String = { String($0) }
    ) -> [String] {
        guard old != new else { return [] }
        var result = ["--- " + (old == nil ? "/dev/null" : name), "+++ " + name]
        let script = script(ended(old ?? ""), ended(new))
        for hunk in hunks(of: script) { result += written(hunk, of: script, shown) }
        return result
    }

    /// The lines. A last line without a line end differs from the same line with one.
    private static func ended(_ text: String) -> [Substring] {
        var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { Substring($0) }
        guard let last = lines.popLast() else { return lines }
        return last.isEmpty ? lines : lines + [last + openEnd]
    }

    /// Marks a line without a line end: no text has NUL in it.
    private static let openEnd = "\0"

    private static func script(_ old: [Substring], _ new: [Substring]) -> [Line] {
        let head = zip(old, new).prefix { $0 == $1 }.count
        let tail = zip(old[head...].reversed(), new[head...].reversed()).prefix { $0 == $1 }.count
        let (left, right) = (old[head..<(old.count - tail)], new[head..<(new.count - tail)])
        var middle: [Line] = []
        if left.count + right.count > patience {
            middle = left.map { .old($0) } + right.map { .new($0) }
        } else {
            let difference = Array(right).difference(from: Array(left))
            let (removed, inserted) = (offsets(difference.removals), offsets(difference.insertions))
            var (i, j) = (0, 0)
            while i < left.count || j < right.count {
                if removed.contains(i) {
                    middle.append(.old(left[head + i]))
                    i += 1
                } else if inserted.contains(j) {
                    middle.append(.new(right[head + j]))
                    j += 1
                } else {
                    middle.append(.same(left[head + i]))
                    (i, j) = (i + 1, j + 1)
                }
            }
        }
        return old[..<head].map { .same($0) } + middle + old[(old.count - tail)...].map { .same($0) }
    }

    private static func offsets(_ changes: [CollectionDifference<Substring>.Change]) -> Set<Int> {
        Set(
            changes.map { change in
                switch change {
                case .insert(let offset, _, _), .remove(let offset, _, _): offset
                }
            })
    }

    /// The ranges of the script that are shown. Changes that are near one another share a range.
    private static func hunks(of script: [Line]) -> [Range<Int>] {
        var hunks: [Range<Int>] = []
        for (index, line) in script.enumerated() {
            if case .same = line { continue }
            let near = max(index - context, 0)..<min(index + context + 1, script.count)
            if let last = hunks.last, last.upperBound >= near.lowerBound {
                hunks[hunks.count - 1] = last.lowerBound..<near.upperBound
            } else {
                hunks.append(near)
            }
        }
        return hunks
    }

    private static func written(
        _ hunk: Range<Int>, of script: [Line], _ shown: (Substring) -> String
    ) -> [String] {
        func count(_ lines: ArraySlice<Line>) -> (old: Int, new: Int) {
            lines.reduce(into: (0, 0)) { count, line in
                switch line {
                case .same: (count.old, count.new) = (count.old + 1, count.new + 1)
                case .old: count.old += 1
                case .new: count.new += 1
                }
            }
        }
        func place(_ before: Int, _ count: Int) -> String { "\(count == 0 ? before : before + 1),\(count)" }
        func marked(_ mark: String, _ text: Substring) -> [String] {
            let isOpen = text.hasSuffix(openEnd)
            let line = mark + shown(isOpen ? text.dropLast() : text)
            return isOpen ? [line, "\\ No newline at end of file"] : [line]
        }
        let (before, inside) = (count(script[..<hunk.lowerBound]), count(script[hunk]))
        let header = "@@ -\(place(before.old, inside.old)) +\(place(before.new, inside.new)) @@"
        return [header]
            + script[hunk].flatMap { line in
                switch line {
                case .same(let text): marked(" ", text)
                case .old(let text): marked("-", text)
                case .new(let text): marked("+", text)
                }
            }
    }
}
