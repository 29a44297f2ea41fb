import Glibc

/// Bytes that must not be seen: a password, a token, a code, a verifier.
///
/// A `Secret` never prints, mirrors or encodes itself; comparing two takes the same time wherever they differ; and the
/// memory is overwritten when the last copy goes. Whoever needs the bytes asks for them by a name that can be searched
/// for: ``withBytes(_:)``, ``exposedBytes``, ``exposedText``.
package struct Secret: Sendable {
    private let storage: WipedBytes

    /// Copies `bytes`; the caller's own copy is the caller's concern.
    package init(_ bytes: some Collection<UInt8>) {
        storage = WipedBytes(copying: bytes)
    }

    /// The same for what most secrets come from, without what a generic call costs a process that makes but a few.
    package init(_ bytes: ArraySlice<UInt8>) {
        storage = unsafe bytes.withUnsafeBytes { unsafe WipedBytes(copying: $0) }
    }

    /// The same.
    package init(_ bytes: [UInt8]) {
        self.init(bytes[...])
    }

    /// The UTF-8 bytes of `text`.
    package init(_ text: String) {
        self.init(Array(text.utf8))
    }

    /// At most `capacity` bytes, which `fill` writes in place and counts: no copy is left where they came from.
    package init(capacity: Int, filledBy fill: (UnsafeMutableRawBufferPointer) -> Int) {
        storage = unsafe WipedBytes(capacity: capacity, filledBy: fill)
    }

    /// The number of bytes.
    package var count: Int { storage.count }

    /// Whether there are no bytes; an empty password is a password all the same.
    package var isEmpty: Bool { storage.count == 0 }

    /// Lends the bytes to `body`; the pointer is valid for that call alone.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let result: Result = unsafe try body(storage.buffer)
        extendLifetime(storage)
        return result
    }

    /// A copy of the bytes, which is not wiped: for the last step, on the way out.
    package var exposedBytes: [UInt8] { unsafe withBytes { unsafe Array($0) } }

    /// A copy as text, or nil where the bytes are not UTF-8: for the last step, on the way out.
    package var exposedText: String? { String(validating: exposedBytes, as: UTF8.self) }
}

extension Secret: Equatable {
    /// Compares without an early exit, so that the time taken tells nothing but the lengths.
    package static func == (left: Secret, right: Secret) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe left.withBytes { mine in
            unsafe right.withBytes { theirs in
                var difference: UInt8 = 0
                for index in 0..<mine.count { unsafe difference |= mine[index] ^ theirs[index] }
                return difference == 0
            }
        }
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always the same words, so that no log, error text or test failure can carry the bytes.
    package var description: String { "<secret>" }
    package var debugDescription: String { "<secret>" }
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

/// The memory of a ``Secret``: written once, read only, overwritten at the end.
private final class WipedBytes: Sendable {
    /// The address as a number: an immutable, owned allocation is safe to share, which a pointer's type cannot say.
    private let address: UInt
    let count: Int

    init(copying bytes: UnsafeRawBufferPointer) {
        count = bytes.count
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 1)
        unsafe memory.copyMemory(from: bytes)
        address = UInt(bitPattern: memory.baseAddress)
    }

    init(copying bytes: some Collection<UInt8>) {
        count = bytes.count
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 1)
        unsafe memory.copyBytes(from: bytes)
        address = UInt(bitPattern: memory.baseAddress)
    }

    init(capacity: Int, filledBy fill: (UnsafeMutableRawBufferPointer) -> Int) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(capacity, 1), alignment: 1)
        count = min(max(unsafe fill(memory), 0), capacity)
        address = UInt(bitPattern: memory.baseAddress)
    }

    var buffer: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: count)
    }

    deinit {
        guard let memory = unsafe UnsafeMutableRawPointer(bitPattern: address) else { return }
        unsafe explicit_bzero(memory, count)
        unsafe memory.deallocate()
    }
}
