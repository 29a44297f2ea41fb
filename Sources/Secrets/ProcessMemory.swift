import CProcess

/// The memory of the whole process, in which secrets are for as long as they are used.
package enum ProcessMemory {
    /// Closes it to other processes of the same user, debuggers among them, and keeps it out of core files and crash
    /// reports, from here to the next execve(2). The first thing that a program does.
    ///
    /// By prctl(2), PR_SET_DUMPABLE, and setrlimit(2), RLIMIT_CORE. A kernel that has neither leaves us no worse than most
    /// programs are: the program goes on.
    ///
    /// - Returns: whether no other process can look in.
    @discardableResult
    package static func close() -> Bool {
        keyfob_report_no_crash()
        return keyfob_close_memory() != 0
    }

    /// How large a core file may get, in bytes (setrlimit(2), RLIMIT_CORE, the soft limit). ``close()`` makes it 0; who
    /// starts another program in place of this one gives back what it was.
    package static var coreLimit: UInt64 {
        get { keyfob_core_limit() }
        set { keyfob_set_core_limit(newValue) }
    }
}
