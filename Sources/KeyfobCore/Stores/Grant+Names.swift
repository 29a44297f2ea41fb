import Addresses
import Secrets

/// The names to which a sign-in answers.
extension Grant {
    /// The grants that answer to `name`: those of exactly that account name, or else those whose account name, or else whose
    /// name at the server, or else whose e-mail address it is, in upper or lower case.
    static func answering(to name: String, among grants: [Grant]) -> [Grant] {
        let exact = grants.filter { $0.accountName?.isSame(as: name) == true }
        if !exact.isEmpty { return exact }
        let wanted = name.asciiLowercased
        for kind in [\Grant.accountName, \Grant.label, \Grant.email] {
            let same = grants.filter { $0[keyPath: kind]?.asciiLowercased.isSame(as: wanted) == true }
            if !same.isEmpty { return same }
        }
        return []
    }

    /// The newest of these grants that has not ended, if they are all of one user; nil if they may be of several.
    static func newest(ofOneUser grants: [Grant]) -> Grant? {
        let users = Set(grants.map { $0.label?.asciiLowercased })
        guard grants.count == 1 || (users.count == 1 && !users.contains(nil)) else { return nil }
        let living = grants.filter { $0.endedAt == nil }
        return (living.isEmpty ? grants : living).reduce(nil as Grant?) { newest, grant in
            (newest?.grantedAt).map { $0 >= grant.grantedAt } == true ? newest : grant
        }
    }
}

extension [String] {
    /// The names in order, each once, in upper or lower case.
    package var sortedOnce: [String] {
        var seen: Set<String> = []
        return sorted().filter { seen.insert($0.asciiLowercased).inserted }
    }
}
