import Bus
import CLibraries

/// Receives the signals about notifications, from its creation until it is released.
@safe
final class NotificationSignals {
    private let bus: DesktopBus
    private let heard = Heard()
    /// A GMainContext for these signals only. GIO queues them in it until `answer` reads them.
    private let context: OpaquePointer?
    private var subscriptions: [CUnsignedInt] = []

    /// - Parameter owner: the unique name of the program that shows the notifications. Signals from other programs are
    ///   ignored.
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
                    .note(String(cString: signal), Variant(g_variant_ref(parameters)))
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

    /// The answer to a notification, if it has come.
    func answer(to id: UInt32) -> Notification.Answer? {
        while unsafe g_main_context_iteration(context, 0) != 0 {}
        return heard.answers[id] ?? (heard.isOver ? .unanswered : nil)
    }
}

/// The signals so far.
private final class Heard {
    /// The first answer to each notification. A later signal only says that the answered notification was closed.
    private(set) var answers: [UInt32: Notification.Answer] = [:]
    private var activations: [UInt32: String] = [:]
    /// Whether the program that shows the notifications has ended.
    var isOver = false

    func note(_ signal: String, _ parameters: Variant) {
        guard let id = parameters[0]?.number.flatMap({ UInt32(exactly: $0) }), answers[id] == nil else { return }
        switch signal {
        case "ActivationToken":  // precedes the action that it belongs to
            activations[id] = parameters[1]?.text.flatMap { Self.isToken($0) ? $0 : nil }
        case "ActionInvoked":
            switch parameters[1]?.text {
            case "default", Notification.accepting: answers[id] = .accepted(activation: activations[id])
            case Notification.acceptingMore: answers[id] = .acceptedMore
            case Notification.declining: answers[id] = .dismissed
            default: break  // not one of keyfob's buttons
            }
        case "NotificationClosed":
            // 1: it expired; 2: the user closed it; 3: keyfob or another program closed it; 4: undefined.
            answers[id] = parameters[1]?.number == 2 ? .dismissed : .unanswered
        default: break
        }
    }

    /// Whether the text is safe in an environment variable and not longer than any real token.
    private static func isToken(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
