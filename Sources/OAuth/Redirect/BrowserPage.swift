/// A page that the user sees in the browser at the end of a sign-in, or when the sign-in cannot continue there.
///
/// Rules:
/// - The heading says what happened. The sentences below it say what to do now. They are full sentences, other than in
///   the terminal.
/// - No text of a server appears on a page.
/// - A page names the service and the account (``Purpose``) only if the request carried a secret of this sign-in. All
///   other pages reveal nothing.
struct BrowserPage: Equatable {
    /// Whether the sign-in went as the user wanted.
    enum Outcome { case good, bad }

    /// The purpose of the sign-in.
    struct Purpose: Equatable {
        /// The service for which the token will be; nil if the caller did not name it.
        var service: String?
        /// The account that was requested by name, if any.
        var account: String?
        /// The host at which the user signs in.
        var server: String
    }

    var status: Int
    var heading: String
    var sentences: String
    var outcome = Outcome.bad
    var purpose: Purpose?

    // Pages for requests that carry a secret of this sign-in.

    /// The code has arrived. The remaining steps need no browser.
    static func approved(_ purpose: Purpose) -> BrowserPage {
        BrowserPage(
            status: 200, heading: "Sign-in approved",
            sentences: "keyfob has the answer and continues on its own. You can close this tab.",
            outcome: .good, purpose: purpose)
    }

    /// The user or the server declined. The page does not repeat the server's text. The terminal shows it, and names the
    /// server as its source.
    static func notSignedIn(_ purpose: Purpose) -> BrowserPage {
        BrowserPage(
            status: 200, heading: "Not signed in",
            sentences: "This sign-in has failed. Your terminal shows the reason. You can close this tab.",
            purpose: purpose)
    }

    /// An address of this sign-in was opened for the second time.
    static func alreadyUsed(_ purpose: Purpose) -> BrowserPage {
        BrowserPage(
            status: 410, heading: "Already used",
            sentences: "This link works only once, and it has been opened before. If that was not you, stop the "
                + "sign-in where you started it, and start again. You can close this tab.",
            purpose: purpose)
    }

    /// The valid answer came from a browser that was not started for it. It was not accepted; the user can paste it.
    static func otherBrowser(_ purpose: Purpose) -> BrowserPage {
        BrowserPage(
            status: 400, heading: "Another browser",
            sentences: "This sign-in started in another browser. If that was you, copy the whole address of this page "
                + "and paste it into the terminal in which keyfob waits.",
            purpose: purpose)
    }

    /// A response in the browser that was started is no answer to this sign-in, which goes on.
    static func unusableAnswer(_ purpose: Purpose) -> BrowserPage {
        BrowserPage(
            status: 400, heading: "Not an answer",
            sentences: "The server sent you back here, but not with an answer that keyfob can use. Your terminal shows "
                + "the reason.",
            purpose: purpose)
    }

    /// The server sent the browser back without any parameter. Only the browser sees a fragment; the user can paste it.
    static func emptyAnswer(_ purpose: Purpose) -> BrowserPage {
        BrowserPage(
            status: 400, heading: "No answer",
            sentences: "The server sent you back here without an answer that keyfob can see. If the address of this "
                + "page has a # sign, copy the whole address and paste it into the terminal in which keyfob waits.",
            purpose: purpose)
    }

    // Pages for all other requests.

    static let notThisSignIn = BrowserPage(
        status: 400, heading: "Not this sign-in",
        sentences: "This page belongs to another sign-in, not to the one that is running now. You can close this tab.")
    static let notYours = BrowserPage(
        status: 403, heading: "Not yours",
        sentences: "Another user of this machine started this sign-in, or keyfob cannot verify that this browser is "
            + "yours. If it is yours, stop the sign-in, and start it again with the option --flow paste.")
    static let foreign = BrowserPage(
        status: 400, heading: "Bad request", sentences: "This address belongs to another program.")
    static let notAllowed = BrowserPage(
        status: 405, heading: "Not allowed", sentences: "Only GET requests and forms are answered here.")
    static let nothingHere = BrowserPage(
        status: 404, heading: "Nothing here", sentences: "keyfob waits for a sign-in here, but not at this address.")
    static let fetchedAhead = BrowserPage(
        status: 503, heading: "Not yet", sentences: "This page cannot be prefetched.")
    static let notBegun = BrowserPage(status: 503, heading: "Not yet", sentences: "The sign-in has not started yet.")
    static let tooLong = BrowserPage(status: 414, heading: "Too long", sentences: "This address is too long.")
}
