/// What a person reads in their browser at the end of a sign-in, or where it cannot go on.
///
/// Rules: the heading says what happened, the sentences below it what to do now; whole sentences, for this is no terminal.
/// Nothing of what a server says gets here. What the sign-in is for is told only on pages that nobody reaches without a
/// secret of this very sign-in (``Purpose``); the others tell nothing to whoever knocks.
struct BrowserPage: Equatable {
    /// Whether it went as the person wanted.
    enum Outcome { case good, bad }

    /// What the sign-in is for.
    struct Purpose: Equatable {
        /// The service that the token will be for; nil where the caller does not say.
        var service: String?
        /// The account that was asked for by name, if one was.
        var account: String?
        /// The host at which the person signs in.
        var server: String
    }

    var status: Int
    var heading: String
    var sentences: String
    var outcome = Outcome.bad
    var purpose: Purpose?

    // With a secret of this sign-in.

    /// The code has come. What is still to be done needs no browser.
    static func approved(_ purpose: Purpose) -> BrowserPage {
        BrowserPage(
            status: 200, heading: "Sign-in approved",
            sentences: "keyfob has what it waited for, and does the rest by itself. You can close this tab.",
            outcome: .good, purpose: purpose)
    }

    /// The person said no, or the server did. Its words are for the terminal, where they are marked as its own.
    static func notSignedIn(_ purpose: Purpose) -> BrowserPage {
        BrowserPage(
            status: 200, heading: "Not signed in",
            sentences: "Nobody is signed in by this. The program that asked says why. You can close this tab.",
            purpose: purpose)
    }

    /// An address of this sign-in is opened for the second time.
    static func alreadyUsed(_ purpose: Purpose) -> BrowserPage {
        BrowserPage(
            status: 410, heading: "Already used",
            sentences: "This link works once, and it was opened before. If that was not you, end the sign-in where it "
                + "began, and start it again. You can close this tab.",
            purpose: purpose)
    }

    /// The genuine answer, in a browser that was not started for it. Nobody has taken it: the person can.
    static func otherBrowser(_ purpose: Purpose) -> BrowserPage {
        BrowserPage(
            status: 400, heading: "Another browser",
            sentences: "This sign-in began in another browser, and keyfob cannot tell whether that was you. If it was, "
                + "copy the whole address of this page and paste it where keyfob waits, in your terminal.",
            purpose: purpose)
    }

    // For whoever knocks.

    static let notThisSignIn = BrowserPage(
        status: 400, heading: "Not this sign-in",
        sentences: "This answer does not belong to the sign-in that waits here. You can close this tab.")
    static let notYours = BrowserPage(
        status: 403, heading: "Not yours",
        sentences: "This sign-in belongs to another user of this machine, or keyfob cannot tell that this browser is "
            + "yours. If it is, end the sign-in where it began, and begin again with: keyfob login --flow paste URL")
    static let foreign = BrowserPage(
        status: 400, heading: "Bad request", sentences: "This address belongs to another program.")
    static let notAllowed = BrowserPage(
        status: 405, heading: "Not allowed", sentences: "Only GET is answered here.")
    static let nothingHere = BrowserPage(
        status: 404, heading: "Nothing here", sentences: "A sign-in of keyfob waits here, but not at this address.")
    static let fetchedAhead = BrowserPage(
        status: 503, heading: "Not yet", sentences: "This page is not for fetching ahead.")
    static let notBegun = BrowserPage(status: 503, heading: "Not yet", sentences: "The sign-in has not begun.")
    static let tooLong = BrowserPage(status: 414, heading: "Too long", sentences: "This address is too long.")
}
