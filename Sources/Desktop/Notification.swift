import Bus
import Glibc

/// A question on the user's desktop, which the user can answer there or ignore (Desktop Notifications Specification
/// 1.2, `org.freedesktop.Notifications`).
package struct Notification: Sendable, Equatable {
    /// One line, shown unchanged.
    package var summary: String
    /// Further text, as plain text.
    package var body: String
    /// The label of the button that accepts. A click on the notification means the same, unless there are two such buttons.
    package var accept: String
    /// The label of the button that declines.
    package var decline: String
    /// The label of a third button, which accepts more than this once; nil for none.
    package var acceptMore: String?
    /// The text that replaces the body if the desktop shows no buttons.
    package var bodyWithoutActions: String

    package init(
        summary: String, body: String, accept: String, decline: String, acceptMore: String? = nil,
        bodyWithoutActions: String
    ) {
        (self.summary, self.body, self.bodyWithoutActions) = (summary, body, bodyWithoutActions)
        (self.accept, self.decline, self.acceptMore) = (accept, decline, acceptMore)
    }

    /// The result of the question.
    package enum Answer: Sendable, Equatable {
        /// The user accepted.
        ///
        /// - Parameter activation: a token that lets the program that is opened next come to the front
        ///   (`ActivationToken`); nil if the desktop provides none.
        case accepted(activation: String?)
        /// The user pressed the third button.
        case acceptedMore
        /// The user declined or closed the notification.
        case dismissed
        /// The notification disappeared or the time ended without an answer.
        case unanswered
        /// The notification is shown but cannot be answered, because the desktop shows no buttons.
        case shown
        /// No program on the session bus shows notifications.
        case unavailable
    }

    /// Shows the notification and waits for the answer. Removes it if there is no answer in time, if the answer is no
    /// longer needed, or if the task is cancelled.
    ///
    /// - Parameter isGivenUp: whether the answer is no longer needed.
    /// - Throws: `CancellationError`.
    package func ask(
        within patience: Duration, isGivenUp: @Sendable () -> Bool = { false }
    ) async throws -> Answer {
        let question = OpenQuestion(self, patience)
        defer { question.close() }
        // No thread is blocked while the user is away.
        while question.answer(isGivenUp) == nil { try await Task.sleep(for: .milliseconds(50)) }
        return question.given
    }

    /// The same for a caller that is blocked anyway.
    package func askBlocking(within patience: Duration, isGivenUp: () -> Bool) -> Answer {
        let question = OpenQuestion(self, patience)
        defer { question.close() }
        while question.answer(isGivenUp) == nil { usleep(50_000) }
        return question.given
    }

    /// The keys of the buttons. The desktop reports the key of the pressed button.
    static let accepting = "sign-in"
    static let acceptingMore = "from-now-on"
    static let declining = "not-now"
}

/// A notification on the screen that waits for its answer.
private final class OpenQuestion {
    private let service: NotificationService?
    private var signals: NotificationSignals?
    /// Nil if there is nothing to close.
    private var id: UInt32?
    private let end: ContinuousClock.Instant
    private(set) var given = Notification.Answer.unanswered

    init(_ notice: Notification, _ patience: Duration) {
        end = ContinuousClock.now + patience
        service = NotificationService()
        guard let service else {
            given = .unavailable
            return
        }
        guard service.can("actions") else {
            let shown = service.show(notice, body: notice.bodyWithoutActions, actions: [], for: patience)
            given = shown == nil ? .unavailable : .shown
            return
        }
        signals = service.listen()
        // Some desktops show a button also for the click on the notification, if it has a label.
        let more = notice.acceptMore.map { [Notification.acceptingMore, $0] } ?? []
        let click = more.isEmpty ? ["default", ""] : []
        let actions =
            click + [Notification.accepting, notice.accept] + more + [Notification.declining, notice.decline]
        id = service.show(notice, body: notice.body, actions: actions, for: patience)
        if id == nil { given = .unavailable }
    }

    /// The answer, if it is there or no longer needed.
    func answer(_ isGivenUp: () -> Bool) -> Notification.Answer? {
        guard let id, let signals else { return given }
        if let answer = signals.answer(to: id) {
            (given, self.id) = (answer, nil)
            return given
        }
        return ContinuousClock.now >= end || isGivenUp() ? given : nil
    }

    /// Removes the notification if it has no answer.
    func close() {
        if let id { service?.close(id) }
    }
}

/// The program that shows notifications.
private struct NotificationService {
    private let bus: DesktopBus
    /// The unique name of that program. Signals from other programs are ignored.
    private let owner: String
    private let capabilities: [String]

    private static let peer = DesktopBus.Peer(
        name: "org.freedesktop.Notifications", path: "/org/freedesktop/Notifications",
        interface: "org.freedesktop.Notifications")

    /// Returns nil if there is no such program and the bus cannot start one.
    init?() {
        guard let bus = DesktopBus(), let capabilities = bus.call(Self.peer, "GetCapabilities", [])?[0]?.list,
            let owner = bus.owner(of: Self.peer.name)
        else { return nil }
        (self.bus, self.capabilities, self.owner) = (bus, capabilities, owner)
    }

    func can(_ capability: String) -> Bool { capabilities.contains(capability) }

    /// - Returns: the id of the notification; nil if it is not shown.
    func show(_ notice: Notification, body: String, actions: [String], for patience: Duration) -> UInt32? {
        let shown = can("body-markup") ? Self.escaped(body) : body
        let milliseconds = Int32(clamping: patience.components.seconds * 1000)
        let hints = ["urgency": Variant(byte: 1), "category": Variant("network")]
        let arguments = [
            Variant("keyfob"), Variant(UInt32(0)), Variant("dialog-password"), Variant(notice.summary),
            Variant(shown), Variant(actions), Variant(members: hints), Variant(milliseconds),
        ]
        return bus.call(Self.peer, "Notify", arguments)?[0]?.number.flatMap { UInt32(exactly: $0) }
    }

    func close(_ id: UInt32) {
        _ = bus.call(Self.peer, "CloseNotification", [Variant(id)], patience: 1_000)
    }

    func listen() -> NotificationSignals {
        NotificationSignals(bus: bus, owner: owner, path: Self.peer.path, interface: Self.peer.interface)
    }

    /// Escapes text for the markup of a body (section "Markup"). Works on Unicode scalars: for Swift, `<` and a
    /// combining mark after it are one other character, but for the desktop they are still markup.
    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { escaped, scalar in
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
    }
}
