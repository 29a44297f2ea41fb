/// The only page that the user sees: sign-in and consent in a plain HTML form, so that a browser without scripts or a
/// program can use it.
struct SignInPage {
    var request: AuthorizationRequest
    var csrf: String
    var note: String?
    var wasWrong = false

    var html: String {
        let scopes = request.scopes.map { "<li><code>\(Self.escape($0))</code></li>" }.joined()
        return Self.frame(
            title: "Sign in",
            """
            <h1>Sign in</h1>
            <p><strong>\(Self.escape(request.client.name))</strong> asks for access in your name:</p>
            <ul>\(scopes)</ul>
            \(note.map { "<p>\(Self.escape($0))</p>" } ?? "")
            \(wasWrong ? "<p role=\"alert\">Name or password is wrong.</p>" : "")
            <form method="post">
            <input type="hidden" name="csrf" value="\(Self.escape(csrf))">
            <p><label>Name <input name="username" value="\(Self.escape(request.loginHint ?? ""))" required></label></p>
            <p><label>Password <input type="password" name="password" required></label></p>
            <p><button type="submit" name="decision" value="allow">Sign in and allow</button>
            <button type="submit" name="decision" value="deny" formnovalidate>Refuse</button></p>
            </form>
            """)
    }

    /// A page that explains why the request was refused.
    static func refusal(_ text: String) -> String {
        frame(title: "Not possible", "<h1>Not possible</h1>\n<p>\(escape(text))</p>")
    }

    private static func frame(title: String, _ body: String) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>\(title)</title>
        <meta name="viewport" content="width=device-width"></head>
        <body>
        \(body)
        </body></html>

        """
    }

    /// The text escaped for HTML, in an element or in a quoted attribute.
    static func escape(_ text: String) -> String {
        text.map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            case "'": "&#39;"
            default: String(character)
            }
        }.joined()
    }
}
