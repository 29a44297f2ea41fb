import Crypto
import Foundation
import Testing

@testable import OAuth

@Suite struct `A page of the listener` {
    private static let purpose = BrowserPage.Purpose(
        service: "https://git.example.com/work", account: "alice", server: "login.example.com")
    private static let ofASignIn: [BrowserPage] = [
        .approved(purpose), .notSignedIn(purpose), .alreadyUsed(purpose), .otherBrowser(purpose),
        .unusableAnswer(purpose),
    ]
    private static let forAnybody: [BrowserPage] = [
        .notThisSignIn, .notYours, .foreign, .notAllowed, .nothingHere, .fetchedAhead, .notBegun, .tooLong,
    ]

    @Test(arguments: ofASignIn) func `names the purpose of the sign-in`(page: BrowserPage) {
        for text in ["https://git.example.com/work", "alice", "login.example.com", "keyfob"] {
            #expect(page.html.contains(text))
        }
    }

    @Test func `omits what is unknown`() {
        let page = BrowserPage.approved(.init(service: nil, account: nil, server: "login.example.com")).html
        #expect(page.contains("<dt>Sign-in at</dt><dd>login.example.com</dd>"))
        #expect(!page.contains("<dt>For</dt>") && !page.contains("<dt>Account</dt>"))
    }

    @Test(arguments: forAnybody) func `reveals nothing to a request without a secret`(page: BrowserPage) {
        #expect(page.purpose == nil)
        #expect(!page.html.contains("<dl>"))
    }

    @Test(arguments: ofASignIn + forAnybody) func `contains no link, script or external resource`(page: BrowserPage) {
        let html = page.html.lowercased()
        for word in ["<script", "<link", "<a ", "<img", "<form", "<iframe", "http-equiv", "url(", "@import"] {
            #expect(!html.contains(word))
        }
        #expect(html.firstRange(of: /\son\w+\s*=/) == nil)
        #expect(html.firstRange(of: /\sstyle\s*=/) == nil)
    }

    @Test(arguments: ofASignIn + forAnybody) func `is a complete document in the language that it names`(
        page: BrowserPage
    ) {
        #expect(page.html.hasPrefix("<!doctype html>\n<html lang=\"en\">"))
        #expect(page.html.contains("<title>\(page.heading) - keyfob</title>"))
        #expect(page.html.contains("<h1>\(page.heading)</h1>"))
        #expect(page.html.hasSuffix("</main>\n</body>\n</html>\n"))
    }

    @Test(arguments: ofASignIn) func `has only the style that its policy allows`(page: BrowserPage) throws {
        let style = try #require(page.html.firstMatch(of: /<style>(?<sheet>.*)<\/style>/.dotMatchesNewlines())).sheet
        let hash = Data(SHA256.hash(data: Data(style.utf8))).base64EncodedString()
        #expect(
            BrowserPage.policy
                == "default-src 'none'; style-src 'sha256-\(hash)'; frame-ancestors 'none'; base-uri 'none'; "
                + "form-action 'none'"
        )
    }

    @Test(arguments: [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"), ("a&amp;b", "a&amp;amp;b"),
        ("\" onload='x'", "&quot; onload=&#39;x&#39;"), ("</dd>", "&lt;/dd&gt;"),
        ("bob\u{202E}\u{1B}[2J\r\n", "bob\u{FFFD}\u{FFFD}[2J\u{FFFD}\u{FFFD}"), ("Zo\u{EB}", "Zo\u{EB}"),
        ("<\u{301}b>", "&lt;\u{301}b&gt;"),
    ])
    func `shows external text as text`(text: String, shown: String) {
        let html = BrowserPage.approved(.init(service: nil, account: text, server: "login.example.com")).html
        #expect(html.contains("<dd>\(shown)</dd>"))
    }
}
