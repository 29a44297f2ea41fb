import Addresses
import Secrets
import Synchronization
import TestSupport
import Testing

@testable import OAuth

@Suite struct `Retries` {
    private static let address = "https://login.example.com/x"
    private static let ok = ScriptedTransport.Answer.json("{}")

    private static func later(_ status: Int, _ value: String) -> ScriptedTransport.Answer {
        .status(status, fields: [(name: "Retry-After", value: value)])
    }

    /// A server, and a patient transport whose clock only runs while it waits.
    private final class Bench: Sendable {
        let server: ScriptedTransport
        let clock = Mutex<Int64>(1_000_000)
        let pauses = Mutex<[Duration]>([])
        let times = Mutex<[String: Int64]>([:])
        private let pausing: @Sendable () throws -> Void

        init(_ answers: [ScriptedTransport.Answer], pausing: @escaping @Sendable () throws -> Void = {}) {
            server = ScriptedTransport([`Retries`.address: answers])
            self.pausing = pausing
        }

        func send(_ repetition: HTTPRequest.Repetition) async throws(OAuthError) -> Int {
            guard let url = try? EndpointURL(`Retries`.address) else { return 0 }
            var request = HTTPRequest(post: Secret("a=b"), to: url)
            request.repetition = repetition
            let transport = PatientTransport(
                server,
                notBefore: NotBefore(
                    recall: { origin in self.times.withLock { $0[origin] } },
                    remember: { origin, time in self.times.withLock { $0[origin] = time } }),
                now: { self.clock.withLock { $0 } }, jitter: { 0.5 },
                pause: { duration in
                    self.pauses.withLock { $0.append(duration) }
                    self.clock.withLock { $0 += duration.components.seconds }
                    try self.pausing()
                })
            return try await transport.send(request).status
        }

        var waits: [Duration] { pauses.withLock { $0 } }
        var asked: Int { server.requests.count }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var answers: [ScriptedTransport.Answer]
        var repetition: HTTPRequest.Repetition
        var status: Int
        var waits: [Duration] = []
    }

    static let cases: [Case] = [
        // If the server names a time that is near, the request is retried once
        Case(
            testDescription: "429 with a time", answers: [later(429, "3"), ok], repetition: .ifUnprocessed, status: 200,
            waits: [.seconds(3)]),
        Case(
            testDescription: "503 with the longest time", answers: [later(503, "10"), ok], repetition: .freely,
            status: 200, waits: [.seconds(10)]),
        Case(
            testDescription: "no time at all", answers: [later(503, "0"), ok], repetition: .ifUnprocessed, status: 200,
            waits: [.seconds(0)]),
        Case(
            testDescription: "a date, in the clock's words",
            answers: [later(429, "Mon, 12 Jan 1970 13:46:44 GMT"), ok],
            repetition: .ifUnprocessed, status: 200, waits: [.seconds(4)]),
        Case(
            testDescription: "twice", answers: [later(429, "3"), later(429, "3"), ok], repetition: .freely, status: 429,
            waits: [.seconds(3)]),
        Case(testDescription: "too late", answers: [later(503, "11"), ok], repetition: .freely, status: 503),
        Case(
            testDescription: "too late by far", answers: [later(429, "9999999999"), ok], repetition: .freely,
            status: 429),
        // A request that uses something up is never sent again
        Case(testDescription: "a code", answers: [later(429, "1"), ok], repetition: .never, status: 429),
        Case(testDescription: "a code, 503", answers: [later(503, "1"), ok], repetition: .never, status: 503),
        Case(testDescription: "a code, 500", answers: [.status(500), ok], repetition: .never, status: 500),
        // A server that answers with an error only may have processed the request
        Case(testDescription: "a refresh, 500", answers: [.status(500), ok], repetition: .ifUnprocessed, status: 500),
        Case(testDescription: "a refresh, 503", answers: [.status(503), ok], repetition: .ifUnprocessed, status: 503),
        Case(testDescription: "a refresh, 429", answers: [.status(429), ok], repetition: .ifUnprocessed, status: 429),
        Case(
            testDescription: "a refresh, 503 with nonsense", answers: [later(503, "soon"), ok],
            repetition: .ifUnprocessed, status: 503),
        Case(
            testDescription: "a refresh, 500 with a time", answers: [later(500, "1"), ok], repetition: .ifUnprocessed,
            status: 500),
        // A document is requested three times at most
        Case(
            testDescription: "a document, 502", answers: [.status(502), ok], repetition: .freely, status: 200,
            waits: [.milliseconds(300)]),
        Case(
            testDescription: "a document, 500 and 504", answers: [.status(500), .status(504), ok], repetition: .freely,
            status: 200, waits: [.milliseconds(300), .milliseconds(600)]),
        Case(
            testDescription: "a document, 503 for ever", answers: [.status(503)], repetition: .freely, status: 503,
            waits: [.milliseconds(300), .milliseconds(600)]),
        Case(
            testDescription: "a document, 500 and then a time", answers: [.status(500), later(429, "2"), ok],
            repetition: .freely, status: 200, waits: [.milliseconds(300), .seconds(2)]),
        Case(testDescription: "a document, 429", answers: [.status(429), ok], repetition: .freely, status: 429),
        Case(testDescription: "a document, 501", answers: [.status(501), ok], repetition: .freely, status: 501),
        // A final answer is not retried
        Case(testDescription: "404", answers: [later(404, "1"), ok], repetition: .freely, status: 404),
        Case(testDescription: "400", answers: [later(400, "1"), ok], repetition: .freely, status: 400),
        Case(testDescription: "302", answers: [later(302, "1"), ok], repetition: .freely, status: 302),
    ]

    @Test(arguments: cases)
    func `last for seconds, and only for requests that may be sent twice`(_ it: Case) async throws {
        let bench = Bench(it.answers)
        #expect(try await bench.send(it.repetition) == it.status)
        #expect(bench.waits == it.waits)
        #expect(bench.asked == it.waits.count + 1)
    }

    @Test func `are not made if there was no answer`() async {
        let bench = Bench([.failure(.timedOut(host: "login.example.com", seconds: 30)), Self.ok])
        await #expect(throws: OAuthError.timedOut(host: "login.example.com", seconds: 30)) {
            try await bench.send(.freely)
        }
        #expect(bench.asked == 1)
    }

    @Test func `end with the cancelled task`() async {
        let bench = Bench([Self.later(429, "3"), Self.ok], pausing: { throw CancellationError() })
        await #expect(throws: OAuthError.cancelled) { try await bench.send(.freely) }
        #expect(bench.asked == 1)
    }

    // MARK: The next request

    @Test func `are also delayed for later refreshes, which report until when`() async throws {
        let bench = Bench([Self.later(429, "60"), Self.ok])
        #expect(try await bench.send(.never) == 429)
        bench.clock.withLock { $0 += 20 }
        await #expect(throws: OAuthError.heldBack(host: "login.example.com", seconds: 40)) {
            try await bench.send(.ifUnprocessed)
        }
        #expect(bench.asked == 1)
        bench.clock.withLock { $0 += 40 }
        #expect(try await bench.send(.ifUnprocessed) == 200)
        #expect(bench.waits.isEmpty)
    }

    @Test(arguments: [HTTPRequest.Repetition.never, .freely])
    func `do not delay a sign-in`(_ repetition: HTTPRequest.Repetition) async throws {
        let bench = Bench([Self.later(429, "60"), Self.ok])
        #expect(try await bench.send(.ifUnprocessed) == 429)
        #expect(try await bench.send(repetition) == 200)
        #expect(bench.waits.isEmpty)
    }

    @Test func `are not delayed any more after a sign-in that worked`() async throws {
        let bench = Bench([Self.later(429, "60"), Self.ok])
        #expect(try await bench.send(.ifUnprocessed) == 429)
        #expect(try await bench.send(.never) == 200)
        #expect(try await bench.send(.ifUnprocessed) == 200)
        #expect(bench.waits.isEmpty)
    }

    @Test func `wait for the rest of the time`() async throws {
        let bench = Bench([Self.later(503, "60"), Self.ok])
        _ = try await bench.send(.never)
        bench.clock.withLock { $0 += 50 }
        #expect(try await bench.send(.ifUnprocessed) == 200)
        #expect(bench.waits == [.seconds(10)])
    }

    @Test func `are no longer delayed after one wait`() async throws {
        let bench = Bench([Self.later(429, "20"), Self.later(429, "5"), Self.ok])
        _ = try await bench.send(.ifUnprocessed)
        bench.clock.withLock { $0 += 15 }
        #expect(try await bench.send(.ifUnprocessed) == 429)
        #expect(bench.waits == [.seconds(5)])
        #expect(bench.asked == 2)
    }

    @Test func `are delayed at one endpoint only`() async throws {
        let bench = Bench([Self.ok])
        bench.times.withLock { times in
            for place in ["", "/", "/other"] { times["https://login.example.com" + place] = 2_000_000 }
        }
        #expect(try await bench.send(.ifUnprocessed) == 200)
        #expect(bench.waits.isEmpty)
    }

    // MARK: Requests that may be sent twice

    @Test func `are made for documents and refreshes, and for nothing else`() async throws {
        let url = try EndpointURL(Self.address)
        #expect(HTTPRequest(get: url).repetition == .freely)
        #expect(HTTPRequest(post: Secret(""), to: url).repetition == .never)
        #expect(HTTPRequest(.post, json: Secret(""), to: url).repetition == .never)
        #expect(HTTPRequest(delete: url, bearer: Secret("t")).repetition == .never)

        let server = ScriptedTransport([Self.address: [.json(#"{"access_token":"a","token_type":"bearer"}"#)]])
        let endpoint = TokenEndpoint(url: url, client: Client(id: "me"), transport: server)
        _ = try await endpoint.refresh(Secret("r"), resource: nil)
        _ = try await endpoint.exchange(
            code: Secret("c"), codeVerifier: Secret("v"), redirectURI: "http://127.0.0.1:1/", resource: nil)
        _ = try await endpoint.poll(deviceCode: Secret("d"), resource: nil)
        #expect(server.requests.map(\.repetition) == [.ifUnprocessed, .never, .never])
    }
}
