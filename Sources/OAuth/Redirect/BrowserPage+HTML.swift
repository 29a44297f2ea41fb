import Crypto
import FoundationEssentials

/// The look of a page: readable in any browser from 320 pixels on, in light and dark mode, and by screen readers. It
/// has no script, form, link or external resource.
extension BrowserPage {
    /// The complete document.
    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(heading) - keyfob</title>
        <style>\(Self.style)</style>
        </head>
        <body>
        <main class="\(outcome == .good ? "good" : "bad")">
        <svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="11"/>\(sign)</svg>
        <h1>\(heading)</h1>
        <p>\(sentences)</p>
        \(purpose.map(Self.list) ?? "")<p class="by">keyfob, on this machine</p>
        </main>
        </body>
        </html>

        """
    }

    /// The Content-Security-Policy of all pages: only the inline style is allowed.
    static let policy =
        "default-src 'none'; style-src 'sha256-\(Data(SHA256.hash(data: Array(style.utf8))).base64EncodedString())'; "
        + "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

    /// A tick or a cross: the shape carries the same information as the colour.
    private var sign: String {
        switch outcome {
        case .good: #"<path d="M7 12.5l3.5 3.5L17 9"/>"#
        case .bad: #"<path d="M8 8l8 8M16 8l-8 8"/>"#
        }
    }

    private static func list(_ purpose: Purpose) -> String {
        let rows = [("For", purpose.service), ("Account", purpose.account), ("Sign-in at", purpose.server)]
        let lines = rows.compactMap { name, text in text.map { "<dt>\(name)</dt><dd>\(escaped($0))</dd>\n" } }
        return "<dl>\n\(lines.joined())</dl>\n"
    }

    /// Escapes external text for HTML, so that it contains no tag and no entity.
    ///
    /// Works on Unicode scalars: `<` with an accent is one other character to Swift, but still a tag to a browser.
    private static func escaped(_ text: String) -> String {
        ServerText.printable(text).unicodeScalars.map { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            case "'": "&#39;"
            default: String(scalar)
            }
        }.joined()
    }

    /// Every pair of colours has a contrast of 4.5 or more (WCAG 2.2, 1.4.3).
    private static let style = """
        :root{color-scheme:light dark;--page:#f3f4f6;--card:#fff;--text:#1b1f24;--quiet:#545b66;--line:#d5d9df;\
        --good:#1a7f37;--bad:#b42318}
        @media (prefers-color-scheme:dark){:root{--page:#14161a;--card:#1e2127;--text:#eceef1;--quiet:#a8b0bc;\
        --line:#3a404a;--good:#4ac26b;--bad:#ff8d85}}
        *{box-sizing:border-box}
        body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:1rem;\
        background:var(--page);color:var(--text);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
        main{width:100%;max-width:30rem;padding:1.5rem;background:var(--card);border:1px solid var(--line);\
        border-radius:.75rem}
        svg{display:block;width:3rem;height:3rem;fill:none;stroke:currentColor;stroke-width:1.75;\
        stroke-linecap:round;stroke-linejoin:round}
        .good svg{color:var(--good)}
        .bad svg{color:var(--bad)}
        h1{margin:.75rem 0 .5rem;font-size:1.5rem;line-height:1.25}
        p{margin:0 0 1rem}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0 0 1rem;padding:1rem 0;\
        border:solid var(--line);border-width:1px 0}
        dt{color:var(--quiet)}
        dd{margin:0}
        .by{margin:0;color:var(--quiet);font-size:.875rem}
        @media (max-width:24rem){dl{display:block}dd{margin:0 0 .5rem}}
        """
}
