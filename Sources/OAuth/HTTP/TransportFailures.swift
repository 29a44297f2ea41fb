import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Translates the errors of a failed request to ``OAuthError``.
struct TransportFailures {
    let host: String
    let limit: Int
    let deadline: Duration
    /// Host and port of the proxy, if one is used: then connection errors are the proxy's.
    var proxy: String?
    /// The setting that names the proxy.
    var proxySetting = ""

    init(host: String, limit: Int, deadline: Duration) {
        (self.host, self.limit, self.deadline) = (host, limit, deadline)
    }

    /// The error for the total deadline.
    var timedOut: OAuthError { .timedOut(host: host, seconds: Int(deadline.components.seconds)) }

    /// Maps the errors of NIO, BoringSSL and AsyncHTTPClient.
    func describe(_ error: any Error) -> OAuthError {
        switch error {
        case is CancellationError: return .cancelled
        case is NIOTooManyBytesError: return .tooLarge(host: host, limit: limit)
        case let error as HTTPClientError: return describe(error)
        case let error as NIOConnectionError: return describe(error)
        case let error as NIOSSLError: return describe(error)
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return .untrusted(host: host, reason: .otherName)
        case is NIOSSLExtraError: return .untrusted(host: host, reason: .handshakeFailed)
        // Errors of the handshake come in a NIOSSLError. This one is damage behind it: the server may have answered.
        case is BoringSSLError: return lost
        case ChannelError.connectTimeout: return timedOut
        case HTTPParserError.invalidEOFState: return lost
        case is HTTPParserError, is UnreadableAnswer: return .notHTTP(host: named)
        case let error as IOError where [ECONNRESET, EPIPE].contains(error.errnoCode): return lost
        case let error as IOError: return notConnected(Self.message(error.errnoCode))
        default: return notConnected("the connection failed")
        }
    }

    private func describe(_ error: HTTPClientError) -> OAuthError {
        switch error {
        case .cancelled: .cancelled
        case .connectTimeout, .readTimeout, .writeTimeout, .deadlineExceeded, .tlsHandshakeTimeout,
            .httpProxyHandshakeTimeout, .socksHandshakeTimeout, .getConnectionFromPoolTimeout:
            timedOut
        case .remoteConnectionClosed, .uncleanShutdown: lost
        case .proxyAuthenticationRequired, .invalidProxyResponse:
            .proxyRefused(
                host: host, proxy: proxy ?? "", setting: proxySetting,
                wantsPassword: error == .proxyAuthenticationRequired)
        default: .notHTTP(host: named)
        }
    }

    private func describe(_ error: NIOConnectionError) -> OAuthError {
        let failures = error.connectionErrors.map(\.error)
        if let failure = failures.lazy.compactMap({ $0 as? IOError }).first {
            return notConnected(Self.message(failure.errnoCode))
        }
        if failures.contains(where: { if case ChannelError.connectTimeout = $0 { true } else { false } }) {
            return timedOut
        }
        return proxy == nil ? unreachable(OAuthError.nameNotFound) : notConnected("the name was not found")
    }

    private func describe(_ error: NIOSSLError) -> OAuthError {
        switch error {
        case .failedToLoadCertificate, .noSuchFilesystemObject:
            .untrusted(host: host, reason: .authoritiesUnreadable)
        case .uncleanShutdown: lost
        default: .untrusted(host: host, reason: .handshakeFailed)
        }
    }

    private func notConnected(_ reason: String) -> OAuthError {
        unreachable(proxy.map { "the proxy \($0): \(reason)" } ?? reason)
    }

    private var lost: OAuthError { .answerLost(host: named) }

    /// The host, and the proxy through which it was asked: the answer may be the proxy's.
    private var named: String { host + (proxy.map { " (through the proxy \($0))" } ?? "") }

    private func unreachable(_ reason: String) -> OAuthError { .unreachable(host: host, reason: reason) }

    private static func message(_ code: Int32) -> String {
        unsafe strerror(code).map { unsafe String(cString: $0).lowercased() } ?? "error \(code)"
    }
}
