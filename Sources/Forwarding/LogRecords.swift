/// The entries of the log on their way to the file. A machine that asks again and again does not push earlier entries
/// out of the log: its refusals are counted.
struct LogRecords {
    private let write: (LogEntry) -> Void
    /// The last refusal that was written, with the number of equal ones after it.
    private var last: (entry: LogEntry, repeated: Int, since: Int64)?
    /// The refusals in this minute, and those over the limit, which are written as one.
    private var (minute, refusals): (Int64, Int) = (0, 0)
    private var surplus: LogEntry?

    init(_ write: @escaping (LogEntry) -> Void) { self.write = write }

    /// Equal refusals within this time, in seconds, are one entry.
    private static let span: Int64 = 10
    /// The most refusals a minute that have an entry of their own.
    private static let most = 100

    /// - Parameter now: seconds that never go back.
    mutating func add(_ entry: LogEntry, isRefusal: Bool, now: Int64) {
        guard isRefusal else {
            flush(now: now)
            return write(entry)
        }
        if let (first, repeated, since) = last, first.isLike(entry), now - since < Self.span {
            last = (first, repeated + 1, since)
            return
        }
        flushRepeated()
        if minute != now / 60 { flush(now: now) }
        refusals += 1
        guard refusals <= Self.most else { return addSurplus(entry) }
        write(entry)
        last = (entry, 0, now)
    }

    /// Writes what has waited long enough.
    mutating func tick(now: Int64) {
        if let last, now - last.since >= Self.span { flushRepeated() }
        if surplus != nil, minute != now / 60 { flush(now: now) }
    }

    /// Writes everything that waits.
    mutating func flush(now: Int64) {
        flushRepeated()
        if let surplus { write(surplus) }
        surplus = nil
        if minute != now / 60 { (minute, refusals) = (now / 60, 0) }
    }

    private mutating func addSurplus(_ entry: LogEntry) {
        if surplus != nil {
            surplus?.count += 1
        } else {
            var entry = entry
            (entry.service, entry.username, entry.scopes, entry.operation) = (nil, nil, [], "several")
            surplus = entry
        }
    }

    private mutating func flushRepeated() {
        if let (entry, repeated, _) = last, repeated > 0 {
            var entry = entry
            entry.count = repeated
            write(entry)
        }
        last = nil
    }
}

extension LogEntry {
    /// Whether the other machine got neither a credential nor an answer to `erase`.
    var isRefusal: Bool { !["token", "password", "erased"].contains(outcome) }
}
