import Bus
import Testing

@Suite struct `A D-Bus value` {
    @Test func `is read only as its own type`() {
        let values = [
            Variant("text"), Variant(true), Variant(UInt32(7)), Variant(["a", "b"]), Variant(["key": "value"]),
        ]
        #expect(values.map { $0.text } == ["text", nil, nil, nil, nil])
        #expect(values.map { $0.truth } == [nil, true, nil, nil, nil])
        #expect(values.map { $0.number } == [nil, nil, 7, nil, nil])
        #expect(values.map { $0.list } == [nil, nil, nil, ["a", "b"], nil])
        #expect(values.map { $0.texts } == [nil, nil, nil, nil, ["key": "value"]])
    }

    @Test func `has members if it is a tuple or a dictionary`() {
        let members = Variant(members: ["a": Variant("one"), "b": Variant(Int32(2))])
        let tuple = Variant(tuple: [Variant("first"), members, Variant(byte: 1)])
        #expect(tuple[0]?.text == "first")
        #expect(tuple[1]?["a"]?.text == "one")
        #expect(tuple[1]?["absent"] == nil)
        #expect(tuple[3] == nil)
        #expect(members[0] == nil)
        #expect(Variant("text")["a"] == nil)
    }

    @Test func `may be an empty list, which keeps its type`() {
        #expect(Variant([String]()).list == [])
        #expect(Variant([String: String]()).texts == [:])
        #expect(Variant(paths: []).list == nil)
    }
}
