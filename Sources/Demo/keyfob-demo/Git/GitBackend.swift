import HTTPTypes
import Hummingbird
import NIOCore
import Subprocess
import SystemPackage

/// Runs git's own `git http-backend` for each request, as a web server does (RFC 3875, git-http-backend(1)).
struct GitBackend: Sendable {
    var git: String
    var projects: String
    var session: PrivateSession

    /// In bytes; the demonstration's repository needs a few thousand.
    private static let limit = 16 << 20

    func respond(to request: Request) async -> Response {
        guard let body = try? await request.body.collect(upTo: Self.limit),
            let result = try? await Subprocess.run(
                .path(FilePath(git)), arguments: ["http-backend"], environment: .exactly(variables(request, body)),
                platformOptions: .ownSession, input: .array(Array(body.readableBytesView)),
                output: .bytes(limit: Self.limit), error: .discarded),
            result.terminationStatus.isSuccess, let response = Self.response(result.standardOutput)
        else { return Response(status: .internalServerError) }
        return response
    }

    /// The meta-variables of RFC 3875 section 4.1, and git's own variables.
    private func variables(_ request: Request, _ body: ByteBuffer) -> [String: String] {
        var variables = session.environment
        variables["GIT_PROJECT_ROOT"] = projects
        variables["GIT_HTTP_EXPORT_ALL"] = "1"
        variables["REQUEST_METHOD"] = request.method.rawValue
        variables["PATH_INFO"] = request.uri.path
        variables["QUERY_STRING"] = request.uri.query ?? ""
        variables["CONTENT_TYPE"] = request.headers[.contentType] ?? ""
        variables["CONTENT_LENGTH"] = String(body.readableBytes)
        variables["REMOTE_ADDR"] = "127.0.0.1"
        variables["REMOTE_USER"] = "demo"
        variables["HTTP_CONTENT_ENCODING"] = request.headers[.contentEncoding]
        variables["GIT_PROTOCOL"] = HTTPField.Name("Git-Protocol").flatMap { request.headers[$0] }
        return variables
    }

    /// Parses the header lines, which may include `Status`, an empty line, and the body (RFC 3875 section 6).
    private static func response(_ output: [UInt8]) -> Response? {
        var rest = output[...]
        var headers = HTTPFields()
        var status = 200
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: rest[..<end].filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
            rest = rest[(end + 1)...]
            if line.isEmpty {
                return Response(
                    status: .init(code: status), headers: headers,
                    body: ResponseBody(byteBuffer: ByteBuffer(bytes: rest)))
            }
            let halves = line.split(separator: ":", maxSplits: 1)
            guard halves.count == 2, let name = HTTPField.Name(String(halves[0])) else { return nil }
            let value = String(halves[1].drop { $0 == " " })
            if halves[0].lowercased() == "status" {
                status = Int(value.prefix(3)) ?? 500
            } else {
                headers.append(HTTPField(name: name, value: value))
            }
        }
        return nil
    }
}
