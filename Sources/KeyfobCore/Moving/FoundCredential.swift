package import CredentialProtocol
import Secrets

/// A credential that another program keeps: for what, whose, and where.
package struct FoundCredential: Sendable, Equatable {
    package var keeper: Keeper
    package var kind: Kind
    /// Protocol, host, path, user name and password, as `store` takes them.
    package var request: CredentialRequest
    package var place: Place

    /// The programs from which people move in, by the names that they know.
    package enum Keeper: String, Sendable, CaseIterable {
        case store = "git-credential-store"
        case manager = "git-credential-manager"
        case gh
        case docker
    }

    /// What the password is.
    package enum Kind: Sendable, Equatable {
        /// A person's own, or a token that they have pasted in place of one: nobody can tell them apart.
        case password
        /// A token that the program has got for itself.
        case token
    }

    /// Where something stands.
    package struct Place: Sendable, Equatable {
        /// nil: in the person's keyring.
        package var file: String?
        package var line: Int?

        package init(file: String?, line: Int? = nil) {
            (self.file, self.line) = (file, line)
        }
    }
}

/// What was found with one program.
package struct Findings: Sendable, Equatable {
    package private(set) var credentials: [FoundCredential] = []
    package private(set) var oddities: [Oddity] = []
    private var places: Set<PasswordStore.Place?> = []

    package init() {}

    /// What is there and was not taken.
    package struct Oddity: Sendable, Equatable {
        package var place: FoundCredential.Place
        package var reason: Reason
    }

    package enum Reason: Sendable, Equatable {
        /// Not of the form that the program writes; what that form is.
        case malformed(String)
        /// A second one for the same service and user: the program uses the first.
        case repeated
        /// For a program's own use, and of none for another.
        case refreshToken
        /// Everybody may read the file.
        case readableByOthers
        /// The file cannot be read.
        case unreadable(errno: Int32)
        /// The file belongs to somebody else, is none, or is larger than a mebibyte.
        case notTrusted(String)
    }
}

extension CredentialRequest {
    /// What stands for a URL, as ``LineDialect`` reads it, with a user name and a password that may be in it or beside it.
    ///
    /// - Returns: nil where it is no URL, lacks one of them, or holds control characters, which no answer could hold.
    init?(found url: [UInt8], username: String? = nil, password: Secret? = nil) {
        guard !url.contains(where: AttributeLines.isControl), let scheme = url.firstRange(of: Array("://".utf8)),
            !scheme.isEmpty, var request = try? LineDialect().decode(Array("url=".utf8) + url + [0x0A], for: .get)
        else { return nil }
        request.username = username ?? request.username
        request.password = password ?? request.password
        guard let name = request.username, !name.utf8.contains(where: AttributeLines.isControl),
            let secret = request.password?.exposedBytes, !secret.isEmpty,
            !secret.contains(where: AttributeLines.isControl)
        else { return nil }
        self = request
    }
}

extension Findings {
    /// Adds a credential, unless there is one for the same service and user already.
    mutating func add(_ found: FoundCredential) {
        let isNew = places.insert(PasswordStore.Place(found.request)).inserted
        if isNew { credentials.append(found) } else { note(.repeated, at: found.place) }
    }

    mutating func note(_ reason: Reason, at place: FoundCredential.Place) {
        oddities.append(Oddity(place: place, reason: reason))
    }
}
