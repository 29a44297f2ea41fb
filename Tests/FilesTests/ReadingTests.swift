import Files
import Glibc
import Testing

struct ReadingTests {
    @Test func `A file is read up to the limit, and a larger one is an error`() throws {
        try withDirectory { directory throws in
            let path = directory + "/file"
            try OpenFile(making: path).write(Array("12345".utf8))
            #expect(try OpenFile(reading: path).bytes(upTo: 5) == Array("12345".utf8))
            #expect(throws: FileError(path, .system(EFBIG))) { try OpenFile(reading: path).bytes(upTo: 4) }
        }
    }

    @Test func `Reading in pieces stops when the reader has enough`() throws {
        try withDirectory { directory throws in
            let path = directory + "/file"
            try OpenFile(making: path).write([UInt8](repeating: 7, count: 200_000))
            var count = 0
            try OpenFile(reading: path).pieces { piece in
                count += piece.count
                return false
            }
            #expect(count == 65_536)
        }
    }

    @Test func `A pipe without a writer is opened without waiting, and is no file`() throws {
        try withDirectory { directory throws in
            let path = directory + "/pipe"
            unsafe #expect(mkfifo(path, 0o600) == 0)
            #expect(try OpenFile(reading: path).status().kind == .other)
            #expect(throws: FileError(path, .notAFile)) { try TrustedFile.read(path) }
        }
    }

    @Test func `A link is followed only on request`() throws {
        try withDirectory { directory throws in
            let (path, link) = (directory + "/file", directory + "/link")
            try OpenFile(making: path).write([1])
            unsafe #expect(symlink(path, link) == 0)
            #expect(try OpenFile(reading: link).bytes(upTo: 1) == [1])
            #expect(throws: FileError(link, .system(ELOOP))) { try OpenFile(reading: link, followsLink: false) }
            #expect(throws: FileError(link, .system(ELOOP))) { try OpenFile(appendingTo: link) }
            #expect(throws: FileError(link, .system(EEXIST))) { try OpenFile(making: link) }
            #expect(try FileStatus(of: link, followsLink: false).kind == .link)
            #expect(try FileStatus(of: link).kind == .file)
            #expect(Paths.target(ofLink: link) == path)
        }
    }

    @Test func `A missing file is nil for a trusted file, and an error for any other`() throws {
        try withDirectory { directory throws in
            let path = directory + "/absent"
            #expect(try TrustedFile.read(path) == nil)
            #expect(try TrustedFile.read(path + "/below") == nil)
            #expect(throws: FileError(path, .system(ENOENT))) { try OpenFile(reading: path) }
            #expect(SystemFile.text(path) == nil)
        }
    }

    @Test(arguments: [(0o602, 0o700), (0o620, 0o700), (0o600, 0o702)])
    func `A trusted file is one that others cannot write or replace`(file: UInt32, above: UInt32) throws {
        try withDirectory { directory throws in
            let path = directory + "/file"
            try OpenFile(making: path).write([1])
            #expect(try TrustedFile.read(path) == [1])
            // A group of root that has other members, or that the system does not know.
            unsafe #expect(chown(path, geteuid(), geteuid() == 0 ? 65_534 : getegid()) == 0)
            unsafe #expect(chmod(path, file) == 0)
            unsafe #expect(chmod(directory, above) == 0)
            let place = above == 0o700 ? path : directory
            #expect(throws: FileError(place, .writableByOthers)) { try TrustedFile.read(path) }
        }
    }

    // The group that many systems make for each user (umask 002).
    @Test(
        arguments: [
            ("ann", [], true), ("ann", ["ann"], true), ("ann", ["ann", "bob"], false), ("ann", ["bob"], false),
            ("users", [], false), ("anne", [], false), ("", [], false), ("A\u{30A}nn", [], false),
        ] as [(String, [String], Bool)])
    func `A group is the user's own by its name and its members`(
        name: String, members: [String], isPrivate: Bool
    ) {
        #expect(PrivateGroup.isPrivate(named: name, members: members, of: "ann") == isPrivate)
        #expect(!PrivateGroup.isPrivate(named: "", members: [], of: ""))
    }

    @Test func `A user whom the system does not know has no group of their own`() {
        #expect(!PrivateGroup.isPrivate(getegid(), of: 4_000_000_000))
        #expect(!PrivateGroup.isPrivate(4_000_000_000, of: geteuid()))
    }
}
