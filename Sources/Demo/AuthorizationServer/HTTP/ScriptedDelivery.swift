import HTTPTypes
import Hummingbird
import NIOCore

extension ScriptedResponse {
    /// Ends a connection in the middle of a response.
    struct Broken: Error {}

    /// This response in Hummingbird's type.
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
                // Until the listener ends; no client waits for an hour.
                try await Task.sleep(for: .seconds(3600))
                throw Broken()
            }
        }
    }
}

extension HTTPFields {
    /// The fields with a valid HTTP field name.
    init(_ fields: [(name: String, value: String)]) {
        self.init()
        for (name, value) in fields {
            guard let name = HTTPField.Name(name) else { continue }
            append(HTTPField(name: name, value: value))
        }
    }
}
