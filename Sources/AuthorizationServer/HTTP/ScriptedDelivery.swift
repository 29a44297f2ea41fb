import HTTPTypes
import Hummingbird
import NIOCore

extension ScriptedResponse {
    /// The end of a connection in the middle of an answer.
    struct Broken: Error {}

    /// This answer as Hummingbird sends it.
    var response: Response {
        Response(status: .init(code: status), headers: HTTPFields(headers), body: responseBody)
    }

    private var responseBody: ResponseBody {
        let bytes = ByteBuffer(bytes: body)
        switch delivery {
        case .whole, .none: return ResponseBody(byteBuffer: bytes)
        case .cut:
            return ResponseBody(contentLength: body.count + 1) { writer in
                try await writer.write(bytes)
                throw Broken()
            }
        case .repeated(let times):
            return ResponseBody { writer in
                for _ in 0..<times { try await writer.write(bytes) }
                try await writer.finish(nil)
            }
        case .dripping(let pause):
            return ResponseBody { writer in
                for byte in bytes.readableBytesView {
                    try await writer.write(ByteBuffer(bytes: [byte]))
                    try await Task.sleep(for: pause)
                }
                try await writer.finish(nil)
            }
        case .stalled:
            return ResponseBody { writer in
                try await writer.write(bytes)
                // Until the listener ends; nobody waits for so long.
                try await Task.sleep(for: .seconds(3600))
                throw Broken()
            }
        }
    }
}

extension HTTPFields {
    /// Those of `fields` that HTTP knows as fields.
    init(_ fields: [(name: String, value: String)]) {
        self.init()
        for (name, value) in fields {
            guard let name = HTTPField.Name(name) else { continue }
            append(HTTPField(name: name, value: value))
        }
    }
}
