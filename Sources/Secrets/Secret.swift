import Glibc

/// Bytes that must not be shown: a password, a token, a code, a verifier.
///
/// A `Secret` never prints, mirrors or encodes itself. The time of a comparison does not depend on the first byte that differs. The
/// memory is overwritten when the last copy is released. Code that needs the bytes uses a name that is easy to search
/// for: ``withBytes(_:)``, ``exposedBytes``, ``exposedText``.
package struct Secret: Sendable {
    private let storage: WipedBytes

    /// Copies `bytes`. The caller's own copy is not wiped.
    package init(_ bytes: some Collection<UInt8>) {
        storage = WipedBytes(copying: bytes)
    }

    /// The same for the most frequent type, without the cost of a generic call, which matters to a short process.
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

    /// Allocates `capacity` bytes. `fill` writes into them and returns how many it wrote, so no other copy is left
    /// behind.
    package init(capacity: Int, filledBy fill: (UnsafeMutableRawBufferPointer) -> Int) {
        storage = unsafe WipedBytes(capacity: capacity, filledBy: fill)
    }

    /// The number of bytes.
    package var count: Int { storage.count }

    /// Whether there are no bytes. An empty password is still a password.
    package var isEmpty: Bool { storage.count == 0 }

    /// Passes the bytes to `body`. The pointer is valid only during that call.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let result: Result = unsafe try body(storage.buffer)
        extendLifetime(storage)
        return result
    }

    /// A copy of the bytes that is not wiped. For the last step before output.
    package var exposedBytes: [UInt8] { unsafe withBytes { unsafe Array($0) } }

    /// A copy as text that is not wiped; nil if the bytes are not UTF-8. For the last step before output.
    package var exposedText: String? { String(validating: exposedBytes, as: UTF8.self) }
}

extension Secret: Equatable {
    /// Compares without an early exit, so that the time reveals only the lengths.
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
    /// Always the same text, so that no log, error text or test failure can contain the bytes.
    package var description: String { "<secret>" }
    package var debugDescription: String { "<secret>" }
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

/// The memory of a ``Secret``: written once, then read-only, and overwritten at the end.
private final class WipedBytes: Sendable {
    /// The address as a number: the allocation is immutable and owned, so it is safe to share, but a pointer is not
    /// Sendable.
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
