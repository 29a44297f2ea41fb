import Glibc

/// The environment of this process.
package enum EnvironmentVariables {
    /// The value of a variable; nil if the variable is not set, or is not UTF-8.
    package static func value(of name: String) -> String? {
        unsafe getenv(name).flatMap { unsafe String(validatingCString: $0) }
    }

    /// Sets or replaces a variable. Returns whether that succeeded. No other thread may read the environment meanwhile.
    package static func set(_ name: String, to value: String) -> Bool { unsafe setenv(name, value, 1) == 0 }

    /// Removes a variable. No other thread may read the environment meanwhile.
    package static func remove(_ name: String) { unsafe unsetenv(name) }
}
