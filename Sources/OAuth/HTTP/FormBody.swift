import Secrets

/// The body of a request to the token endpoint: name-value pairs, some of which are secret.
struct FormBody {
    private var bytes: [UInt8] = []
    /// The secret values.
    private(set) var sentSecrets: [Secret] = []

    /// Adds a parameter.
    mutating func append(_ name: String, _ value: String) {
        append(name, Array(value.utf8))
    }

    /// Adds a parameter with a secret value.
    mutating func append(_ name: String, _ value: Secret) {
        sentSecrets.append(value)
        append(name, value.exposedBytes)
    }

    /// Adds a parameter; nothing if the value is nil.
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
