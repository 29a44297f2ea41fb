import CJansson
import Testing

@testable import JSON

@Suite struct `Memory of jansson` {
    @Test func `a released block is overwritten`() {
        let size = 1000
        guard let block = unsafe malloc(size) else { return }
        defer { unsafe free(block) }
        unsafe memset(block, 0x61, size)
        unsafe keyfob_json_wipe(block)
        #expect(unsafe UnsafeRawBufferPointer(start: block, count: size).allSatisfy { $0 == 0 })
    }

    @Test func `jansson releases with our function`() {
        _ = JSON.parse(Array("{}".utf8))
        var (allocate, release): (json_malloc_t?, json_free_t?) = (nil, nil)
        unsafe json_get_alloc_funcs(&allocate, &release)
        let usual: json_free_t = unsafe free
        #expect(unsafe unsafeBitCast(release, to: Int.self) != unsafeBitCast(usual, to: Int.self))
    }
}
