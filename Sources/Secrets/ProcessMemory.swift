import CProcess

/// The memory of the process, which holds secrets as long as they are used.
package enum ProcessMemory {
    /// Denies other processes of the same user, including debuggers, access to the memory, and keeps it out of core
    /// files and crash reports. Lasts until the next execve(2). Every program calls this first.
    ///
    /// Uses prctl(2), PR_SET_DUMPABLE, and setrlimit(2), RLIMIT_CORE. If the kernel supports neither, the program goes
    /// on: it is then as protected as most programs are.
    ///
    /// - Returns: whether other processes are locked out and core files are off.
    @discardableResult
    package static func close() -> Bool {
        keyfob_report_no_crash()
        return keyfob_close_memory() != 0
    }

    /// The maximum size of a core file in bytes (setrlimit(2), RLIMIT_CORE, the soft limit). ``close()`` sets it to 0.
    /// A caller that replaces this process with another program restores the old value.
    package static var coreLimit: UInt64 {
        get { keyfob_core_limit() }
        set { keyfob_set_core_limit(newValue) }
    }
}
