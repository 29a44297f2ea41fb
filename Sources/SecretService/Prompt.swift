import Bus
import CLibraries

/// A prompt that the keyring wants to show the user before it completes a request (Secret Service API, "Prompts and
/// Prompting").
///
/// libsecret's own prompts are not used: when cancelled, they send `Dismiss`. GNOME Keyring 42 then aborts if the
/// prompt is on the screen, and libsecret 0.20 waits forever. Here, the prompt stays open after the deadline. The user
/// may still answer it, and the next caller benefits.
struct Prompt {
    let path: String
    let bus: Owned
    let call: Call

    /// Shows the prompt, and returns when the user has answered.
    ///
    /// - Parameters:
    ///   - ask: calls the method `Prompt`. The answer may arrive before it returns.
    ///   - isDone: whether an answer is no longer needed. Called each second.
    /// - Throws: `.promptDismissed` if the user declined or there is no display; `.noProvider` if the keyring
    ///   disappeared; `.promptUnanswered` at the deadline.
    func run(
        ask: () throws(CallFailure) -> Void, isDone: () -> Bool
    ) throws(CallFailure) {
        let context = unsafe g_main_context_new()
        unsafe g_main_context_push_thread_default(context)
        defer {
            unsafe g_main_context_pop_thread_default(context)
            unsafe g_main_context_unref(context)
        }
        let answer = Answer()
        let subscriptions = subscribe(answer)
        defer {
            for subscription in subscriptions { unsafe g_dbus_connection_signal_unsubscribe(bus.opaque, subscription) }
        }
        try ask()
        try unsafe wait(for: answer, in: context, isDone: isDone)
        if answer.isDismissed { throw .final(.promptDismissed) }
        if answer.isLost { throw .final(.noProvider) }
    }

    /// The state of the prompt.
    private final class Answer {
        var isGiven = false
        var isDismissed = false
        var isLost = false
    }

    /// Subscribes to the prompt's answer, and to the end of the keyring that shows the prompt.
    private func subscribe(_ answer: Answer) -> [UInt32] {
        let pointer = unsafe Unmanaged.passUnretained(answer).toOpaque()
        let answered = unsafe g_dbus_connection_signal_subscribe(
            bus.opaque, nil, "org.freedesktop.Secret.Prompt", "Completed", path, nil, G_DBUS_SIGNAL_FLAGS_NONE,
            { _, _, _, _, _, parameters, data in
                guard let data = unsafe data, let parameters = unsafe parameters else { return }
                let answer = unsafe Unmanaged<Answer>.fromOpaque(data).takeUnretainedValue()
                answer.isDismissed = unsafe Variant(g_variant_ref(parameters))[0]?.truth ?? true
                answer.isGiven = true
            }, pointer, nil)
        let lost = unsafe g_dbus_connection_signal_subscribe(
            bus.opaque, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged", "/org/freedesktop/DBus",
            "org.freedesktop.secrets", G_DBUS_SIGNAL_FLAGS_NONE,
            { _, _, _, _, _, _, data in
                guard let data = unsafe data else { return }
                unsafe Unmanaged<Answer>.fromOpaque(data).takeUnretainedValue().isLost = true
            }, pointer, nil)
        return [answered, lost]
    }

    private func wait(
        for answer: Answer, in context: OpaquePointer?, isDone: () -> Bool
    ) throws(CallFailure) {
        let limit = call.deadline.limit
        // This timer only wakes the loop, in time for the deadline too.
        let alarm = unsafe g_timeout_source_new(min(1_000, UInt32(limit.milliseconds) + 1))
        unsafe g_source_set_callback(alarm, { _ in 1 }, nil, nil)
        unsafe g_source_attach(alarm, context)
        defer {
            unsafe g_source_destroy(alarm)
            unsafe g_source_unref(alarm)
        }
        while !answer.isGiven && !answer.isLost {
            guard unsafe g_cancellable_is_cancelled(call.deadline.cancellable.opaque) == 0 else {
                throw .final(.promptUnanswered(seconds: limit.wholeSeconds))
            }
            unsafe g_main_context_iteration(context, 1)
            if !answer.isGiven, !answer.isLost, isDone() { return }
        }
    }
}
