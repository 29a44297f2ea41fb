import Glibc
import Secrets
import Testing

@Suite struct `The memory of a secret` {
    private static let text = "an-access-token-of-some-length-which-is-to-be-looked-for-afterwards"
    /// The allocator writes two pointers of its list into freed memory.
    private static let links = 16

    /// The bytes at an address of this process, even if the memory is free: the kernel reads them.
    private static func read(_ address: UInt, _ count: Int) throws -> [UInt8] {
        let memory = unsafe open("/proc/self/mem", O_RDONLY | O_CLOEXEC)
        defer { close(memory) }
        var bytes = [UInt8](repeating: 0xFF, count: count)
        try #require(unsafe pread(memory, &bytes, count, off_t(address)) == count)
        return bytes
    }

    @Test func `is overwritten when the last copy is released`() throws {
        var first: Secret? = Secret(Self.text)
        var second = first
        let count = Self.text.utf8.count
        let address = unsafe first?.withBytes { UInt(bitPattern: $0.baseAddress) } ?? 0

        first = nil
        #expect(try Self.read(address, count) == Array(Self.text.utf8), "while there is a copy")
        second = nil
        _ = second
        #expect(try Self.read(address, count).dropFirst(Self.links).allSatisfy { $0 == 0 })
    }

    // Without this, the test above would prove nothing.
    @Test func `stays the same if nobody overwrites it`() throws {
        let bytes = Array(Self.text.utf8)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        unsafe memory.copyBytes(from: bytes)
        let address = UInt(bitPattern: memory.baseAddress)
        unsafe memory.deallocate()
        #expect(try Self.read(address, bytes.count).dropFirst(Self.links).elementsEqual(bytes.dropFirst(Self.links)))
    }
}
