import Addresses
import Glibc

/// Names of hosts in letters other than ASCII (RFC 5890).
package enum InternationalName {
    /// The name in ASCII, as curl, and so git, asks for it in the DNS: by libidn2, without the transitional mapping of
    /// Unicode Technical Standard 46. Returns nil if the name is not valid or the library is not installed.
    ///
    /// The mapping turns some letters into `/`, `?`, `#`, `@` or `:`, which would end the host earlier than the user sees. A
    /// name with one of them is not valid.
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
        let mapped = unsafe String(cString: text)
        let isName = mapped.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "-._".utf8.contains($0) }
        return isName ? mapped : nil
    }

    /// The lines of a request, with the hosts of `host` and `url` in ASCII. A name that cannot be converted stays as it is.
    package static func withHostInASCII(_ request: [UInt8]) -> [UInt8] {
        guard request.contains(where: { $0 >= 0x80 }) else { return request }
        let lines = request.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            guard line.contains(where: { $0 >= 0x80 }), let place = host(in: line),
                let text = String(validating: line[place], as: UTF8.self), let host = ascii(text)
            else { return Array(line) }
            return line[..<place.lowerBound] + Array(host.utf8) + line[place.upperBound...]
        }
        return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    }

    /// The place of a host's name in a line; nil if the line names none.
    private static func host(in line: ArraySlice<UInt8>) -> Range<Int>? {
        let (host, url) = (Array("host=".utf8), Array("url=".utf8))
        var place = line.startIndex..<line.endIndex
        if line.starts(with: host) {
            place = (place.lowerBound + host.count)..<place.upperBound
        } else if line.starts(with: url), let pieces = URLPieces(Array(line.dropFirst(url.count))) {
            // The pieces count from the beginning of the value.
            let start = line.startIndex + url.count
            place = (start + pieces.host.startIndex)..<(start + pieces.host.endIndex)
        } else {
            return nil
        }
        return place.lowerBound..<(line[place].lastIndex(of: UInt8(ascii: ":")) ?? place.upperBound)
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
        let port = ServiceURL.hasBadPort(url, ascii: InternationalName.ascii) ? ", or its right port after it" : ""
        return ServiceURL.proposal(for: url, ascii: InternationalName.ascii).map { "write \($0)\(port)" }
    }

    /// Why a text is not the URL of a service, or not that of an endpoint.
    package static func whyNot(_ url: String, isService: Bool) -> String {
        let shown = "\"\(address(url))\""
        if let first = url.utf8.first, let last = url.utf8.last, first <= 0x20 || last <= 0x20 {
            return shown + " has a blank before or after the URL"
        }
        if url.unicodeScalars.contains(where: { $0.value >= 0x80 }) { return shown + " is not in ASCII" }
        do throws(EndpointURL.ParsingError) {
            _ = try EndpointURL(url)
        } catch {
            switch error {
            case .invalidPort: return shown + " has a port that is not a number from 1 to 65535"
            case .invalidPercentEncoding: return shown + " has a % without two hexadecimal digits after it"
            case .userInformation: return shown + " has a user name before the host"
            case .fragment where isService: return shown + " has a fragment (#), which is no part of a service"
            case .fragment: return shown + " has a fragment (#), which no endpoint and no issuer may have"
            case .forbiddenCharacter: return shown + " has a character that no URL may have"
            case .invalidHost: return shown + " names no host to which keyfob would connect"
            case .notHTTPS, .httpOffLoopback: break
            }
        }
        if isService, url.utf8.contains(UInt8(ascii: "?")) {
            return shown + " has a query (?), which is no part of a service"
        }
        return shown + " is neither an https URL nor an http URL of a loopback host"
    }
}
