import Bus
import CLibraries
import Synchronization

/// The program that provides the Secret Service, as far as programs differ in what they do and in what a user changes in them.
package enum KeyringProgram: Sendable, Equatable {
    case gnomeKeyring
    case kwallet
    case keepassxc
    /// For example oo7 or pass-secret-service: a program about which keyfob assumes nothing.
    case other

    /// The program's own name; nil if keyfob does not know it.
    package var name: String? {
        switch self {
        case .gnomeKeyring: "GNOME Keyring"
        case .kwallet: "KWallet"
        case .keepassxc: "KeePassXC"
        case .other: nil
        }
    }

    /// Whether a search finds locked items too. KeePassXC and oo7 hide them, so their locked keyring looks empty.
    var showsLockedItems: Bool { self == .gnomeKeyring || self == .kwallet }

    /// Whether the program may ask the user inside any call, and answers the call when the user has answered: KeePassXC in a
    /// search, pass-secret-service before it decrypts.
    var asksInsideCalls: Bool { !showsLockedItems }

    /// Whether the program writes its file some seconds after it has accepted an item, and loses the item if it ends before.
    var savesLate: Bool { self == .kwallet }

    /// Whether the program may leave a new item without its secret: KWallet forgets one session in 256.
    var losesSecrets: Bool { self == .kwallet }

    /// The names on the bus that only this program owns.
    private static let busNames: [(name: String, program: Self)] = [
        ("org.gnome.keyring", .gnomeKeyring), ("org.kde.kwalletd5", .kwallet), ("org.kde.kwalletd6", .kwallet),
        ("org.keepassxc.KeePassXC.MainWindow", .keepassxc),
    ]

    private static let known = Mutex<Self?>(nil)

    /// Forgets what ``running(over:_:)`` has found: the program may have been replaced by another one.
    static func forget() { known.withLock { $0 = nil } }

    /// The program that provides the keyring. If it does not run yet, the bus starts it.
    static func running(over bus: Owned, _ call: Call) throws(CallFailure) -> Self {
        if let known = known.withLock({ $0 }) { return known }
        let owner = try call.start(Connection.name, over: bus)
        var found = Self.other
        for (name, program) in busNames where try call.owner(of: name, over: bus) == owner {
            found = program
            break
        }
        known.withLock { $0 = found }
        return found
    }
}

extension Call {
    /// The name and the interface of the bus itself.
    static let busName = "org.freedesktop.DBus"

    /// The unique name of the program that owns a name on the bus; nil if none does.
    func owner(of name: String, over bus: Owned) throws(CallFailure) -> String? {
        do {
            return try message(to: Self.busName, "/", Self.busName, "GetNameOwner", [Variant(name)], over: bus)[0]?.text
        } catch {
            guard case .final(.noProvider) = error else { throw error }
            return nil
        }
    }

    /// Starts the program that provides a name on the bus, unless it runs. Programs may take seconds to start, so this has a
    /// deadline of its own. Returns the program's unique name.
    ///
    /// - Throws: `.noProvider` if the bus knows no such program, or could not start it.
    func start(_ name: String, over bus: Owned) throws(CallFailure) -> String {
        if let owner = try owner(of: name, over: bus) { return owner }
        deadline.restart(patience.start) { [notice = patience.notice] in notice(.starting) }
        do {
            _ = try message(
                to: Self.busName, "/", Self.busName, "StartServiceByName", [Variant(name), Variant(UInt32(0))],
                over: bus)
        } catch {
            guard case .final(.timedOut(let seconds)) = error else { throw error }
            throw .final(.starting(seconds: seconds))
        }
        deadline.restart(patience.operation)
        guard let owner = try owner(of: name, over: bus) else { throw .final(.noProvider) }
        return owner
    }
}

/// A reason why a call to the keyring lasts, to be told to the user.
package enum KeyringNotice: Sendable, Equatable {
    /// The bus is starting the keyring.
    case starting
    /// The keyring asks the user, in a window of its own.
    case asks(KeyringProgram)
}

/// How long one operation of the keyring may take.
struct Patience: Sendable {
    /// For all calls that the program answers by itself.
    var operation: Duration
    /// For the bus to start the program.
    var start: Duration
    /// For the user to answer one prompt.
    var prompt: Duration
    /// Called if a start or a prompt takes longer than a moment, by another thread.
    var notice: @Sendable (KeyringNotice) -> Void = { _ in }
}
