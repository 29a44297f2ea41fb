import Glibc

/// The group with the name of a user and no other members, which many systems make for each user. Such systems also set
/// the umask 002, so everything that the user makes is writable by that group: by the user alone.
package enum PrivateGroup {
    /// Whether `group` is that of `user`: the user's primary group, of the same name, without other members. False if the
    /// system's databases (group(5), passwd(5)) do not say so.
    package static func isPrivate(_ group: UInt32, of user: UInt32) -> Bool {
        guard let person = person(user), person.group == group, let (name, members) = entry(group) else { return false }
        return isPrivate(named: name, members: members, of: person.name)
    }

    /// The same, decided from the entries of the databases.
    package static func isPrivate(named group: String, members: [String], of user: String) -> Bool {
        !user.isEmpty && group.utf8.elementsEqual(user.utf8)
            && members.allSatisfy { $0.utf8.elementsEqual(user.utf8) }
    }

    private static func person(_ user: uid_t) -> (name: String, group: gid_t)? {
        var (entry, found) = unsafe (passwd(), UnsafeMutablePointer<passwd>?.none)
        var buffer = [CChar](repeating: 0, count: 65_536)
        guard unsafe getpwuid_r(user, &entry, &buffer, buffer.count, &found) == 0, unsafe found != nil,
            let name = unsafe entry.pw_name
        else { return nil }
        return unsafe (String(cString: name), entry.pw_gid)
    }

    private static func entry(_ id: gid_t) -> (name: String, members: [String])? {
        var (entry, found) = unsafe (group(), UnsafeMutablePointer<group>?.none)
        var buffer = [CChar](repeating: 0, count: 65_536)
        guard unsafe getgrgid_r(id, &entry, &buffer, buffer.count, &found) == 0, unsafe found != nil,
            let name = unsafe entry.gr_name, let list = unsafe entry.gr_mem
        else { return nil }
        var members: [String] = []
        var next = unsafe list
        while let member = unsafe next.pointee {
            unsafe members.append(String(cString: member))
            unsafe next += 1
        }
        return unsafe (String(cString: name), members)
    }
}
