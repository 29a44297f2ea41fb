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
