/// Lets only so many go on at once; the others wait in a row.
actor Turnstile {
    /// For private sessions, each of which has a bus, a keyring service, a browser and the program.
    static let sessions = Turnstile(places: 8)

    private var places: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(places: Int) { self.places = places }

    /// Returns when there is a place, which is the caller's then.
    func enter() async {
        guard places == 0 else {
            places -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    /// Gives the place to the next one.
    func leave() {
        if waiting.isEmpty { places += 1 } else { waiting.removeFirst().resume() }
    }
}
