import Addresses
import Glibc

/// Names of hosts in letters other than ASCII (RFC 5890).
package enum InternationalName {
    /// The name in ASCII, as curl, and so git, asks for it in the DNS: by libidn2, without the transitional mapping of
    /// Unicode Technical Standard 46. Returns nil if the name is not valid or the library is not installed.
    package static func ascii(_ name: String) -> String? {
        guard let library = unsafe dlopen("libidn2.so.0", RTLD_NOW | RTLD_LOCAL) else { return nil }
        defer { unsafe dlclose(library) }
        guard let symbol = unsafe dlsym(library, "idn2_lookup_u8") else { return nil }
        let lookUp = unsafe unsafeBitCast(symbol, to: LookUp.self)
        var found: UnsafeMutablePointer<CChar>?
        guard unsafe name.withCString({ unsafe lookUp($0, &found, normalizes | nontransitional) }) == 0,
            let text = unsafe found
        else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    /// The lines of a request, with the value of `host` in ASCII. A name that cannot be converted stays as it is.
    package static func withHostInASCII(_ request: [UInt8]) -> [UInt8] {
        guard request.contains(where: { $0 >= 0x80 }) else { return request }
        let name = Array("host=".utf8)
        let lines = request.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            guard line.starts(with: name), line.contains(where: { $0 >= 0x80 }) else { return Array(line) }
            let value = line.dropFirst(name.count)
            let end = value.lastIndex(of: UInt8(ascii: ":")) ?? value.endIndex
            guard let text = String(validating: value[..<end], as: UTF8.self), let host = ascii(text) else {
                return Array(line)
            }
            return name + Array(host.utf8) + value[end...]
        }
        return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    }

    private typealias LookUp =
        @convention(c) (
            UnsafePointer<CChar>, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, CInt
        ) -> CInt

    /// `IDN2_NFC_INPUT` and `IDN2_NONTRANSITIONAL` of idn2.h.
    private static let (normalizes, nontransitional): (CInt, CInt) = (1, 8)
}

extension Messages {
    /// The hint for a text that is no service's URL; nil if keyfob cannot guess which service it means.
    package static func writeIt(for url: String) -> String? {
        ServiceURL.proposal(for: url, ascii: InternationalName.ascii).map { "write \($0)" }
    }
}
