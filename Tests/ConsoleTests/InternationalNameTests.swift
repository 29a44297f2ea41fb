import Console
import Testing

/// The hosts of requests in letters other than ASCII. They need libidn2, which curl, and so git, uses as well.
@Suite(.enabled(if: InternationalName.ascii("b\u{FC}cher.example") != nil, "needs libidn2"))
struct `A host in letters other than ASCII` {
    @Test(arguments: [
        ("b\u{FC}cher.example", "xn--bcher-kva.example"), ("stra\u{DF}e.example", "xn--strae-oqa.example"),
        ("\u{FF47}ood.example", "good.example"), ("good\u{3002}example", "good.example"),
    ])
    func `has a name in ASCII`(_ name: String, _ ascii: String) {
        #expect(InternationalName.ascii(name) == ascii)
        let request = "protocol=https\nhost=\(name):8443\nusername=\u{FC}\n"
        #expect(converted(request) == "protocol=https\nhost=\(ascii):8443\nusername=\u{FC}\n")
        #expect(converted("url=https://a@\(name)/\u{FC}?b\n") == "url=https://a@\(ascii)/\u{FC}?b\n")
    }

    /// The letters become `?`, `#`, `/`, `@`, `:`, `%` and `a/c`: the host would end earlier than it seems, at another one.
    @Test(arguments: [
        "good.example\u{FF1F}.evil.example", "good.example\u{FF03}.evil.example", "good.example\u{FF0F}.evil.example",
        "evil.example\u{FF20}good.example", "good.example\u{FF1A}80", "good.example\u{FF05}2fa",
        "good.example\u{2100}evil.example", "good.example\u{FF3C}.evil.example", "a\u{2048}b.example",
    ])
    func `is no name if a letter in it becomes a character that ends a host`(_ name: String) {
        #expect(InternationalName.ascii(name) == nil)
        for request in ["url=https://\(name)/\n", "host=\(name)\n"] { #expect(converted(request) == request) }
    }

    private func converted(_ request: String) -> String {
        String(decoding: InternationalName.withHostInASCII(Array(request.utf8)), as: UTF8.self)
    }
}
