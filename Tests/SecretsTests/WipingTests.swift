import Glibc
import Secrets
import Testing

@Suite struct `The memory of a secret` {
    private static let text = "an-access-token-of-some-length-which-is-to-be-looked-for-afterwards"
    /// What the allocator writes into memory that it takes back: two links of its list.
    private static let links = 16

    /// The bytes at an address of this process, also if the memory is free: the kernel reads them for us.
    private static func read(_ address: UInt, _ count: Int) throws -> [UInt8] {
        let memory = unsafe open("/proc/self/mem", O_RDONLY | O_CLOEXEC)
        defer { close(memory) }
        var bytes = [UInt8](repeating: 0xFF, count: count)
        try #require(unsafe pread(memory, &bytes, count, off_t(address)) == count)
        return bytes
    }

    @Test func `is overwritten when the last copy goes`() throws {
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

    // Otherwise the test above would prove nothing.
    @Test func `stays as it was where nobody overwrites it`() throws {
        let bytes = Array(Self.text.utf8)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        unsafe memory.copyBytes(from: bytes)
        let address = UInt(bitPattern: memory.baseAddress)
        unsafe memory.deallocate()
        #expect(try Self.read(address, bytes.count).dropFirst(Self.links).elementsEqual(bytes.dropFirst(Self.links)))
    }
}
