import CGIO

/// What the desktop says of notifications after they are shown. Listens from its making to its end.
@safe
final class NotificationSignals {
    private let bus: DesktopBus
    private let heard = Heard()
    /// A GMainContext of our own: what is heard is put into it, and taken out when we look.
    private let context: OpaquePointer?
    private var subscriptions: [CUnsignedInt] = []

    /// - Parameter owner: who shows the notifications; nobody else is heard.
    init(bus: DesktopBus, owner: String, path: String, interface: String) {
        self.bus = bus
        unsafe context = g_main_context_new()
        unsafe g_main_context_push_thread_default(context)
        defer { unsafe g_main_context_pop_thread_default(context) }
        let pointer = unsafe Unmanaged.passUnretained(heard).toOpaque()
        let said = unsafe g_dbus_connection_signal_subscribe(
            bus.connection, owner, interface, nil, path, nil, G_DBUS_SIGNAL_FLAGS_NONE,
            { _, _, _, _, signal, parameters, data in
                guard let data = unsafe data, let signal = unsafe signal, let parameters = unsafe parameters else {
                    return
                }
                unsafe Unmanaged<Heard>.fromOpaque(data).takeUnretainedValue()
                    .note(String(cString: signal), BusValue(g_variant_ref(parameters)))
            }, pointer, nil)
        let gone = unsafe g_dbus_connection_signal_subscribe(
            bus.connection, DesktopBus.itself.name, DesktopBus.itself.interface, "NameOwnerChanged",
            DesktopBus.itself.path, owner, G_DBUS_SIGNAL_FLAGS_NONE,
            { _, _, _, _, _, _, data in
                guard let data = unsafe data else { return }
                unsafe Unmanaged<Heard>.fromOpaque(data).takeUnretainedValue().isOver = true
            }, pointer, nil)
        subscriptions = [said, gone]
    }

    deinit {
        for subscription in subscriptions { unsafe g_dbus_connection_signal_unsubscribe(bus.connection, subscription) }
        unsafe g_main_context_unref(context)
    }

    /// What a notification was answered; nil where it was not within the time.
    ///
    /// Looks in small steps, so that a cancelled task ends the wait, and no thread is held up by somebody who is at lunch.
    func answer(
        to id: UInt32, within patience: Duration, isGivenUp: () -> Bool
    ) async throws -> Notification.Answer? {
        let end = ContinuousClock.now + patience
        while ContinuousClock.now < end, !isGivenUp() {
            while unsafe g_main_context_iteration(context, 0) != 0 {}
            if let answer = heard.answers[id] { return answer }
            if heard.isOver { return .unanswered }
            try await Task.sleep(for: .milliseconds(50))
        }
        return nil
    }
}

/// What was said so far.
private final class Heard {
    /// The first answer to each notification: an answered one is closed afterwards.
    private(set) var answers: [UInt32: Notification.Answer] = [:]
    private var activations: [UInt32: String] = [:]
    /// Whoever showed them is gone.
    var isOver = false

    func note(_ signal: String, _ parameters: BusValue) {
        guard let id = parameters[0]?.number, answers[id] == nil else { return }
        switch signal {
        case "ActivationToken":  // comes before the action that it is for
            activations[id] = parameters[1]?.text.flatMap { Self.isToken($0) ? $0 : nil }
        case "ActionInvoked":
            switch parameters[1]?.text {
            case "default", Notification.accepting: answers[id] = .accepted(activation: activations[id])
            case Notification.declining: answers[id] = .dismissed
            default: break  // no button of ours
            }
        case "NotificationClosed":
            // 1: its time was over; 2: the person sent it away; 3: we, or another program, closed it; 4: undefined.
            answers[id] = parameters[1]?.number == 2 ? .dismissed : .unanswered
        default: break
        }
    }

    /// Whether a text may stand in an environment and is no longer than any token is.
    private static func isToken(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
