import Bus
import CLibraries

/// The reason why one attempt at an operation failed.
enum CallFailure: Error {
    /// A retry with a new session may help: an item disappeared between two calls, the keyring refused or lost the session,
    /// or a secret could not be decrypted. (KWallet before 6.6.3 misreads one Diffie-Hellman key in 256.)
    case stale(String)

    /// A retry does not help.
    case final(SecretServiceError)

    /// The error for the caller.
    var reported: SecretServiceError {
        switch self {
        case .stale(let text): .failed(text)
        case .final(let error): error
        }
    }
}

/// The context of a blocking call to GIO or libsecret: cancels the call and interprets its error.
struct Call {
    let deadline: Deadline
    let patience: Patience

    /// Runs `body`, and again with a new session as long as a retry may help, three times at most: KWallet refuses one session
    /// in 256 and loses one new item in 256, and one operation may meet both.
    func repeated<Result>(_ body: () throws(CallFailure) -> Result) throws(CallFailure) -> Result {
        for _ in 1..<3 {
            do {
                return try body()
            } catch {
                guard case .stale = error else { throw error }
                Connection.forgetSession()
            }
        }
        return try body()
    }

    /// Where a GIO call stores its error.
    typealias ErrorPointer = UnsafeMutablePointer<UnsafeMutablePointer<GError>?>

    /// Runs a call with an empty error pointer, as GLib requires. Throws the error that the call stores there.
    func perform<Result>(
        _ call: (OpaquePointer, ErrorPointer) -> Result
    ) throws(CallFailure) -> Result {
        var error: UnsafeMutablePointer<GError>?
        let result = unsafe call(deadline.cancellable.opaque, &error)
        guard let error = unsafe error else { return result }
        defer { unsafe g_error_free(error) }
        throw unsafe failure(error)
    }

    /// Calls a method of the program that owns a name on the bus.
    func message(
        to name: String, _ path: String, _ interface: String, _ method: String, _ arguments: [Variant],
        over bus: Owned
    ) throws(CallFailure) -> Variant {
        let arguments = Variant(tuple: arguments)
        let reply = try unsafe perform { cancellable, error in
            unsafe g_dbus_connection_call_sync(
                bus.opaque, name, path, interface, method, arguments.pointer, nil, G_DBUS_CALL_FLAGS_NONE,
                deadline.busTimeout,
                cancellable, error
            ).map { unsafe Variant($0) }
        }
        guard let reply else { throw .stale("no reply to \(method)") }
        return reply
    }

    private func failure(_ error: UnsafeMutablePointer<GError>) -> CallFailure {
        if unsafe error.isIO(G_IO_ERROR_CANCELLED, G_IO_ERROR_TIMED_OUT)
            || error.isDBus(G_DBUS_ERROR_NO_REPLY, G_DBUS_ERROR_TIMEOUT, G_DBUS_ERROR_TIMED_OUT)
        {
            let seconds = deadline.limit.wholeSeconds
            return .final(deadline.isForUser ? .promptUnanswered(seconds: seconds) : .timedOut(seconds: seconds))
        }
        if unsafe error.isProviderMissing { return .final(.noProvider) }
        if unsafe error.isSecret(SECRET_ERROR_IS_LOCKED) { return .final(.locked) }
        let stale = unsafe error.isStale
        let lost = unsafe error.isIO(G_IO_ERROR_CLOSED) || error.isDBus(G_DBUS_ERROR_DISCONNECTED)
        let text = unsafe error.text
        return stale ? .stale(text) : .final(lost ? .noBus(text) : .failed(text))
    }
}

extension UnsafeMutablePointer<GError> {
    /// Whether no program provides the name, or the bus could not start the program that does.
    fileprivate var isProviderMissing: Bool {
        unsafe isDBus(
            G_DBUS_ERROR_SERVICE_UNKNOWN, G_DBUS_ERROR_NAME_HAS_NO_OWNER, G_DBUS_ERROR_SPAWN_EXEC_FAILED,
            G_DBUS_ERROR_SPAWN_FORK_FAILED, G_DBUS_ERROR_SPAWN_CHILD_EXITED, G_DBUS_ERROR_SPAWN_CHILD_SIGNALED,
            G_DBUS_ERROR_SPAWN_FAILED, G_DBUS_ERROR_SPAWN_SERVICE_NOT_FOUND, G_DBUS_ERROR_SPAWN_FILE_INVALID,
            G_DBUS_ERROR_SPAWN_SERVICE_INVALID, G_DBUS_ERROR_SPAWN_CONFIG_INVALID)
    }

    fileprivate var isStale: Bool {
        if unsafe isSecret(SECRET_ERROR_NO_SUCH_OBJECT)
            || isDBus(G_DBUS_ERROR_UNKNOWN_OBJECT, G_DBUS_ERROR_UNKNOWN_METHOD, G_DBUS_ERROR_INVALID_ARGS)
        {
            return true
        }
        guard let name = unsafe g_dbus_error_get_remote_error(self) else { return false }
        defer { unsafe g_free(name) }
        // The second is KWallet's name for the first.
        return unsafe ["org.freedesktop.Secret.Error.NoSession", "org.qtproject.QtDBus.Error.InvalidObjectPath"]
            .contains(String(cString: name))
    }

    /// Whether nothing listens at the address of a bus, or nobody can.
    var isNoListener: Bool {
        unsafe isIO(
            G_IO_ERROR_NOT_FOUND, G_IO_ERROR_CONNECTION_REFUSED, G_IO_ERROR_PERMISSION_DENIED, G_IO_ERROR_NOT_DIRECTORY,
            G_IO_ERROR_INVALID_ARGUMENT, G_IO_ERROR_NOT_SUPPORTED, G_IO_ERROR_HOST_UNREACHABLE,
            G_IO_ERROR_NETWORK_UNREACHABLE, G_IO_ERROR_FILENAME_TOO_LONG)
    }

    fileprivate func isIO(_ codes: GIOErrorEnum...) -> Bool {
        let (domain, code) = unsafe (pointee.domain, UInt32(bitPattern: pointee.code))
        return domain == g_io_error_quark() && codes.contains { $0.rawValue == code }
    }

    fileprivate func isDBus(_ codes: GDBusError...) -> Bool {
        let (domain, code) = unsafe (pointee.domain, UInt32(bitPattern: pointee.code))
        return domain == g_dbus_error_quark() && codes.contains { $0.rawValue == code }
    }

    fileprivate func isSecret(_ code: SecretError) -> Bool {
        unsafe pointee.domain == secret_error_get_quark() && UInt32(bitPattern: pointee.code) == code.rawValue
    }

    /// The message without the D-Bus error name before it.
    fileprivate var text: String {
        unsafe g_dbus_error_strip_remote_error(self)
        return unsafe pointee.message.map { unsafe String(cString: $0) } ?? "unknown error"
    }
}
