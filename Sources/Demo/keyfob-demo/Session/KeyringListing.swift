/// The labels and attributes in the private keyring, which any program on the bus may read, and no secrets. dbus-send
/// reads them, so that the check does not rely on keyfob itself.
struct KeyringListing {
    struct Item {
        var collection: String
        var label: String
        var attributes: [(name: String, value: String)]
    }

    var tools: Tools
    var session: PrivateSession

    /// All items of all collections (Secret Service API, interfaces Service, Collection and Item).
    func items() async throws -> [Item] {
        var items: [Item] = []
        for collection in try await paths("/org/freedesktop/secrets", "Service", "Collections") {
            for path in try await paths(collection, "Collection", "Items") {
                let label = try await property(path, "Item", "Label")
                let texts = try await property(path, "Item", "Attributes")
                let attributes = stride(from: 0, to: texts.count - 1, by: 2).map { (texts[$0], texts[$0 + 1]) }
                items.append(
                    Item(
                        collection: String(collection.split(separator: "/").last ?? ""),
                        label: label.first ?? "", attributes: attributes))
            }
        }
        return items
    }

    private func paths(_ object: String, _ interface: String, _ name: String) async throws -> [String] {
        try await property(object, interface, name)
    }

    /// The strings and object paths of a property, in order.
    private func property(_ object: String, _ interface: String, _ name: String) async throws -> [String] {
        let lines = try await Command(
            executable: tools.dbusSend,
            arguments: [
                "--session", "--print-reply", "--dest=org.freedesktop.secrets", object,
                "org.freedesktop.DBus.Properties.Get", "string:org.freedesktop.Secret.\(interface)", "string:\(name)",
            ], environment: session.environment
        ).run().orThrow("reading the keyring")
        // The first line describes the message. The values follow, in lines that end in `string "text"` or `object path
        // "text"`.
        return lines.dropFirst().compactMap { line in
            guard let start = line.firstRange(of: "string \"") ?? line.firstRange(of: "path \""), line.hasSuffix("\"")
            else { return nil }
            return String(line[start.upperBound...].dropLast())
        }
    }
}
