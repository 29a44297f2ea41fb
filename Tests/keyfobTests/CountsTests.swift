import FoundationEssentials
import TestSupport
import Testing

@Suite struct `The counts of the tests` {
    @Test func `are lines of JSON, one after the other`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "counts-" + UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        Counts.add(.hostileServers, "a \"name\"", tried: 2, passed: 1, to: file.path)
        Counts.add(.killPoints, "b", tried: 3, passed: 3, to: file.path)
        #expect(
            try String(contentsOf: file, encoding: .utf8) == """
                {"kind":"hostile servers","name":"a \\"name\\"","passed":1,"tried":2}
                {"kind":"kill points","name":"b","passed":3,"tried":3}

                """)
    }
}
