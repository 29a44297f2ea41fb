import Setup

extension Installation {
    /// The location of this program.
    init() {
        self.init(
            executable: "/proc/self/exe", path: Environment.variable("PATH") ?? "",
            home: Environment.variable("HOME") ?? "")
    }
}
