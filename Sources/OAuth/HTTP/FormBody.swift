import Secrets

/// The body of a request to the token endpoint: pairs, some of which are secret.
struct FormBody {
    private var bytes: [UInt8] = []
    /// The values that must not be seen.
    private(set) var confided: [Secret] = []

    /// Adds a parameter.
    mutating func append(_ name: String, _ value: String) {
        append(name, Array(value.utf8))
    }

    /// Adds a parameter whose value must not be seen.
    mutating func append(_ name: String, _ value: Secret) {
        confided.append(value)
        append(name, value.exposedBytes)
    }

    /// Adds a parameter, or nothing.
    mutating func append(_ name: String, _ value: String?) {
        if let value { append(name, value) }
    }

    /// The whole body.
    var secret: Secret { Secret(bytes) }

    private mutating func append(_ name: String, _ value: [UInt8]) {
        if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
        bytes += FormEncoding.encode(name.utf8) + [UInt8(ascii: "=")] + FormEncoding.encode(value)
    }
}
