package import CredentialProtocol
import KeyfobCore
import Secrets

/// A credential that another program keeps: its program, its service and user, and its place.
package struct FoundCredential: Sendable, Equatable {
    package var keeper: Keeper
    package var kind: Kind
    /// Protocol, host, path, user name and password, as `store` takes them.
    package var request: CredentialRequest
    package var place: Place
    /// The name of the entry in the words of its program, if that is not the URL.
    package var name: String? = nil

    /// The programs from which keyfob imports, by the names that users know.
    package enum Keeper: String, Sendable, CaseIterable {
        case store = "git-credential-store"
        case manager = "git-credential-manager"
        case gh
        case docker
    }

    /// The kind of the password.
    package enum Kind: Sendable, Equatable {
        /// The user's own password, or a token that the user pasted instead of one; the two cannot be told apart.
        case password
        /// A token that the program requested itself.
        case token
    }

    /// The place of a credential or of a problem.
    package struct Place: Sendable, Equatable {
        /// nil for the user's keyring.
        package var file: String?
        package var line: Int?
        /// The name of the entry there.
        package var entry: String?

        package init(file: String?, line: Int? = nil, entry: String? = nil) {
            (self.file, self.line, self.entry) = (file, line, entry)
        }
    }
}

/// The credentials and problems that were found for one program.
package struct Findings: Sendable, Equatable {
    package private(set) var credentials: [FoundCredential] = []
    package private(set) var problems: [Problem] = []
    /// The credentials that were not taken because there already was one for the same service and user.
    package private(set) var repeats: [FoundCredential] = []
    private var places: Set<PasswordStore.Place?> = []

    package init() {}

    /// An entry that was not taken, or a problem with a file.
    package struct Problem: Sendable, Equatable {
        package var place: FoundCredential.Place
        package var reason: Reason
    }

    package enum Reason: Sendable, Equatable {
        /// The entry does not have the form that the program writes; the text names that form.
        case malformed(String)
        /// A second entry for the same service and user; the program uses the first.
        case repeated
        /// The entry is a refresh token, of use only to the program itself.
        case refreshToken
        /// Other users may have access to the file.
        case readableByOthers
        /// The file cannot be read.
        case unreadable(errno: Int32)
        /// The file belongs to another user, is no regular file, or is larger than 1 MiB.
        case notTrusted(String)
        /// The program is set to a store of its own that keyfob cannot read.
        case storeNotRead(String)
    }
}

extension CredentialRequest {
    /// The request for a URL as ``LineDialect`` reads it. User name and password come from the URL or from the
    /// parameters.
    ///
    /// - Returns: nil if `url` is no URL, if user name or password is missing or empty, or if there are control characters
    ///   in the URL or the user name, which no response can hold.
    init?(found url: [UInt8], username: String? = nil, password: Secret? = nil) {
        guard !url.contains(where: AttributeLines.isControl), let scheme = url.firstRange(of: Array("://".utf8)),
            !scheme.isEmpty, var request = try? LineDialect().decode(Array("url=".utf8) + url + [0x0A], for: .get)
        else { return nil }
        request.username = username ?? request.username
        request.password = password ?? request.password
        guard let name = request.username, !name.isEmpty, !name.utf8.contains(where: AttributeLines.isControl),
            request.password?.exposedBytes.isEmpty == false
        else { return nil }
        self = request
    }
}

extension Findings {
    /// Adds a credential, unless there already is one for the same service and user.
    mutating func add(_ found: FoundCredential) {
        let isNew = places.insert(PasswordStore.Place(found.request)).inserted
        if isNew { return credentials.append(found) }
        repeats.append(found)
        note(.repeated, at: found.place)
    }

    mutating func note(_ reason: Reason, at place: FoundCredential.Place) {
        problems.append(Problem(place: place, reason: reason))
    }
}
