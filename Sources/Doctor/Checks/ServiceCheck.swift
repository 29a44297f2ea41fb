import Addresses
import CredentialProtocol
import KeyfobCore
import OAuth

/// The service answers, over TLS unless it is on this machine.
struct ServiceCheck: Check {
    let id = "service"
    let needs = ["address", "proxy", "authorities"]
    let limit = Duration.seconds(5)
    let condition = CheckCondition.service

    func look(_ context: CheckContext) async throws -> Finding {
        guard let service = context.request?.url else { return .nothingToCheck }
        var request = HTTPRequest(get: try EndpointURL(service))
        request.repetition = .never
        do throws(OAuthError) {
            let transport = context.parts.transport(trusting: context.host?.certificateAuthorityFile)
            return Self.finding(service, httpStatus: try await transport.send(request).status)
        } catch {
            if case .tooLarge = error { return Self.finding(service, httpStatus: nil) }  // a large page for browsers
            return context.failedRequest(error)
        }
    }

    /// - Parameter httpStatus: nil if the response was too large to be read.
    static func finding(_ service: ServiceURL, httpStatus: Int?) -> Finding {
        let way = service.scheme == "https" ? "answers, and its certificate is valid" : "answers, on this machine"
        guard let httpStatus else { return .ok(way) }
        let details: [String: Finding.Detail] = ["http_status": .number(Int64(httpStatus))]
        guard httpStatus >= 500 else { return .ok(way + " (HTTP \(httpStatus))", details) }
        return .warning(way + ", but with an error (HTTP \(httpStatus))", hints: ["try again later"], details)
    }
}
