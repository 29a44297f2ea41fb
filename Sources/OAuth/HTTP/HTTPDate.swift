import Glibc

/// A date in a header field (RFC 9110 section 5.6.7).
package enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Parses the only format that servers may send today, `Sun, 06 Nov 1994 08:49:37 GMT`. Returns seconds since
    /// 1970-01-01 UTC; nil for any other format.
    package static func seconds(_ value: String) -> Int64? {
        let parts = value.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].count == 4, parts[5] == "GMT",
            let day = Int32(parts[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(parts[2])),
            let year = Int32(parts[3]), (1970...9999).contains(year)
        else { return nil }
        let clock = parts[4].split(separator: ":").compactMap { Int32($0) }
        guard clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }

        var time = unsafe tm()
        unsafe time.tm_year = year - 1900
        unsafe time.tm_mon = Int32(month)
        unsafe time.tm_mday = day
        unsafe time.tm_hour = clock[0]
        unsafe time.tm_min = clock[1]
        unsafe time.tm_sec = clock[2]
        return Int64(unsafe timegm(&time))
    }
}
