/// A question on the person's desktop that can be answered there, or left alone (Desktop Notifications Specification 1.2,
/// `org.freedesktop.Notifications`).
package struct Notification: Sendable, Equatable {
    /// One line, which is shown as it is.
    package var summary: String
    /// What else there is to say, as plain text.
    package var body: String
    /// What takes the question up, as a button says it; a click on the notification means the same.
    package var accept: String
    /// What turns it down.
    package var decline: String
    /// What is said in place of the body where the desktop has no buttons.
    package var bodyWithoutActions: String

    package init(summary: String, body: String, accept: String, decline: String, bodyWithoutActions: String) {
        (self.summary, self.body, self.bodyWithoutActions) = (summary, body, bodyWithoutActions)
        (self.accept, self.decline) = (accept, decline)
    }

    /// What came of it.
    package enum Answer: Sendable, Equatable {
        ///
        /// - Parameter activation: what lets the program that is opened next come to the front (`ActivationToken`); nil where the
        ///   desktop gives none.
        case accepted(activation: String?)
        /// The person turned it down, or sent it away.
        case dismissed
        /// Nobody did anything until it went away, or the time was over.
        case unanswered
        /// It is shown, and cannot be answered: there are no buttons.
        case shown
        /// Nothing on the session bus shows notifications.
        case unavailable
    }

    /// Shows it and waits for the answer; it is taken away again if there is none in time, if nobody wants it any more, or if
    /// the task is cancelled.
    ///
    /// - Parameter isGivenUp: whether nobody wants the answer any more.
    /// - Throws: `CancellationError`.
    package func ask(
        within patience: Duration, isGivenUp: @Sendable () -> Bool = { false }
    ) async throws -> Answer {
        guard let service = NotificationService() else { return .unavailable }
        guard service.can("actions") else {
            let id = service.show(self, body: bodyWithoutActions, actions: [], for: patience)
            return id == nil ? .unavailable : .shown
        }
        let signals = service.listen()
        let actions = ["default", accept, Self.accepting, accept, Self.declining, decline]
        guard let id = service.show(self, body: body, actions: actions, for: patience) else { return .unavailable }
        do {
            let answer = try await signals.answer(to: id, within: patience, isGivenUp: isGivenUp)
            if answer == nil { service.close(id) }
            return answer ?? .unanswered
        } catch {
            service.close(id)
            throw error
        }
    }

    /// The keys of the buttons, by which the desktop names the one that was pressed.
    static let accepting = "sign-in"
    static let declining = "not-now"
}

/// Who shows notifications.
private struct NotificationService {
    private let bus: DesktopBus
    /// The unique name of whoever answered: signals of others mean nothing.
    private let owner: String
    private let capabilities: [String]

    private static let peer = DesktopBus.Peer(
        name: "org.freedesktop.Notifications", path: "/org/freedesktop/Notifications",
        interface: "org.freedesktop.Notifications")

    /// Nil where there is none, and none can be started.
    init?() {
        guard let bus = DesktopBus(), let capabilities = bus.call(Self.peer, "GetCapabilities", [])?[0]?.texts,
            let owner = bus.owner(of: Self.peer.name)
        else { return nil }
        (self.bus, self.capabilities, self.owner) = (bus, capabilities, owner)
    }

    func can(_ capability: String) -> Bool { capabilities.contains(capability) }

    /// - Returns: the number by which it is known; nil where it is not shown.
    func show(_ notice: Notification, body: String, actions: [String], for patience: Duration) -> UInt32? {
        let shown = can("body-markup") ? Self.escaped(body) : body
        let milliseconds = Int32(clamping: patience.components.seconds * 1000)
        let hints = ["urgency": BusValue(byte: 1), "category": BusValue("network")]
        let arguments = [
            BusValue("keyfob"), BusValue(UInt32(0)), BusValue("dialog-password"), BusValue(notice.summary),
            BusValue(shown), BusValue(actions), BusValue(options: hints), BusValue(milliseconds),
        ]
        return bus.call(Self.peer, "Notify", arguments)?[0]?.number
    }

    func close(_ id: UInt32) {
        _ = bus.call(Self.peer, "CloseNotification", [BusValue(id)], patience: 1_000)
    }

    func listen() -> NotificationSignals {
        NotificationSignals(bus: bus, owner: owner, path: Self.peer.path, interface: Self.peer.interface)
    }

    /// Text within the markup of a body (section "Markup"). Scalar by scalar: with a combining mark behind it, `<` is part of
    /// another character to Swift, and still markup to the desktop.
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
