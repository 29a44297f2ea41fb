import Glibc

extension OpenFile {
    /// The mode and the owner of a file that is written.
    package struct Attributes: Sendable, Equatable {
        /// The permission bits.
        package var mode: UInt32
        package var owner: UInt32
        package var group: UInt32

        /// By default, the file belongs to the effective user and group.
        package init(mode: UInt32, owner: UInt32 = geteuid(), group: UInt32 = getegid()) {
            (self.mode, self.owner, self.group) = (mode, owner, group)
        }
    }

    /// Writes all `bytes` into a new file, gives it `attributes`, and waits until it is on the disk.
    package func fill(_ bytes: [UInt8], _ attributes: Attributes) throws(FileError) {
        try write(bytes)
        let isOthers = attributes.owner != geteuid() || attributes.group != getegid()
        guard !isOthers || fchown(descriptor, attributes.owner, attributes.group) == 0,
            fchmod(descriptor, attributes.mode) == 0, fsync(descriptor) == 0
        else { throw .last(path) }
    }

    /// Replaces the file `name` in this directory in one step, or makes it. A reader sees the old content or the new one.
    ///
    /// - Parameter temporary: the name of a file in this directory for the new content. If a process that was killed left
    ///   one, it is deleted. If another program makes one at the same moment, that is an error, and its file gets nothing.
    /// - Throws: ``FileError``; the old file is then unchanged, and the temporary file is deleted.
    package func replace(
        _ name: String, with bytes: [UInt8], _ attributes: Attributes, temporary: String
    ) throws(FileError) {
        delete(temporary)
        let file = try making(temporary)
        do throws(FileError) {
            try file.fill(bytes, attributes)
            guard unsafe renameat(descriptor, temporary, descriptor, name) == 0 else { throw .last(path + "/" + name) }
        } catch {
            delete(temporary)
            throw error
        }
        fsync(descriptor)
    }

    /// Makes a file of `bytes` and deletes it again, to find out whether ``replace(_:with:_:temporary:)`` would work.
    package func tryReplacing(with bytes: [UInt8], temporary: String) throws(FileError) {
        delete(temporary)
        defer { delete(temporary) }
        try making(temporary).fill(bytes, Attributes(mode: 0o600))
    }

    /// Deletes the file `name` in this directory, if there is one.
    package func delete(_ name: String) { _ = unsafe unlinkat(descriptor, name, 0) }
}

extension OpenFile {
    /// Gives the file `name` in this directory another name. A file of that name is deleted.
    package func rename(_ name: String, to other: String) throws(FileError) {
        guard unsafe renameat(descriptor, name, descriptor, other) == 0 else { throw .last(path + "/" + name) }
    }
}
