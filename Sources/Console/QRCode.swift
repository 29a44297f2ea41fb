import CQRCode

/// A QR code as lines for a terminal.
package struct QRCode {
    /// The width of the white margin in modules (ISO/IEC 18004 section 6.3.8).
    private static let quietZone = 4

    /// The width in modules, with the margin.
    let side: Int
    private let isDark: [Bool]

    /// Returns nil if libqrencode is missing or the text is too long for a code.
    package init?(_ text: String) {
        let room = keyfob_qr_longest_side
        var modules = [UInt8](repeating: 0, count: room * room)
        let inner = Int(unsafe keyfob_qr_encode(text, &modules))
        guard inner > 0 else { return nil }
        let outer = inner + 2 * Self.quietZone
        side = outer
        isDark = (0..<outer * outer).map { index in
            let (row, column) = (index / outer - Self.quietZone, index % outer - Self.quietZone)
            return (0..<inner).contains(row) && (0..<inner).contains(column) && modules[row * inner + column] == 1
        }
    }

    /// The code with two modules in each character: in most terminals, a character is twice as high as wide.
    ///
    /// Always black on white: few cameras read a code with inverted colours.
    var lines: [String] {
        stride(from: 0, to: side, by: 2).map { row in
            let blocks = (0..<side).map { column in
                switch (isDark(row, column), isDark(row + 1, column)) {
                case (true, true): "█"
                case (true, false): "▀"
                case (false, true): "▄"
                case (false, false): " "
                }
            }
            return "\u{1B}[30;47m" + blocks.joined() + "\u{1B}[0m"
        }
    }

    private func isDark(_ row: Int, _ column: Int) -> Bool { row < side && isDark[row * side + column] }
}
