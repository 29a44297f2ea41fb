import Addresses
import Secrets
import Synchronization
import TestSupport
import Testing

@testable import OAuth

@Suite struct `The trace of a request` {
    private static let client = "https://login.example.com/clients/s3cret?key=s3cret"

    /// The trace if the server answers like that.
    private func told(_ request: HTTPRequest, _ answer: ScriptedTransport.Answer) async -> [ReportingTransport.Report] {
        let reports = Mutex<[ReportingTransport.Report]>([])
        let transport = ReportingTransport(ScriptedTransport([request.url.string: [answer]])) { report in
            reports.withLock { $0.append(report) }
        }
        _ = try? await transport.send(request)
        return reports.withLock { $0 }
    }

    @Test func `has origin and path, and the result`() async throws {
        let url = try EndpointURL("https://login.example.com:8443/token?audience=s3cret")
        let reports = await told(HTTPRequest(post: Secret("code=s3cret"), to: url), .status(401))
        #expect(reports.map(\.method) == ["POST"])
        #expect(reports.map(\.place) == ["https://login.example.com:8443/token"])
        #expect(reports.map(\.outcome) == [.success(401)])
        #expect(reports.allSatisfy { $0.duration >= .zero })
    }

    @Test func `has only the origin if the path belongs to one client`() async throws {
        let url = try EndpointURL(Self.client)
        for request in [
            HTTPRequest(delete: url, bearer: Secret("s3cret")), HTTPRequest(.delete, json: Secret("{}"), to: url),
        ] {
            #expect(await told(request, .status(204)).map(\.place) == ["https://login.example.com/..."])
        }
    }

    @Test func `has the failure`() async throws {
        let url = try EndpointURL("https://login.example.com/token")
        let error = OAuthError.answerLost(host: "login.example.com")
        let reports = await told(HTTPRequest(get: url), .failure(error))
        #expect(reports.map(\.outcome) == [.failure(error)])
    }
}
