/// A file of the kernel, such as one in /proc, whose size is known only after reading it.
package enum SystemFile {
    /// The first MiB of its content, or nil if it cannot be read.
    package static func text(_ path: String) -> String? {
        var bytes: [UInt8] = []
        let result: Void? = try? pieces(of: path) { piece in
            bytes += piece
            return bytes.count < 1_048_576
        }
        return result == nil ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// Passes the content to `take` piece by piece, until `take` returns false.
    package static func pieces(of path: String, _ take: (ArraySlice<UInt8>) -> Bool) throws(FileError) {
        try OpenFile(reading: path).pieces(take)
    }
}
