import KeyfobCore
import OAuth

/// keyfob can listen on the redirect URI.
struct RedirectCheck: Check {
    let id = "redirect"
    let needs = ["issuer"]
    let follows = ["collection"]
    let condition = CheckCondition.service

    func look(_ context: CheckContext) async throws -> Finding {
        guard let account = context.notes.read({ $0.account }) else { return .nothingToCheck }
        if let flow = account.flow, flow != .loopback { return .ok("not needed for the flow \(flow.rawValue)") }
        let template = account.redirect ?? context.notes.read { $0.redirect } ?? .loopback
        let port = try await template.bindablePort()
        let isFixed = template.ports.contains(port)
        return .ok(
            isFixed ? "port \(port) of \(template.host) is free" : "\(template.host) has free ports",
            ["redirect_uri": .text(template.uri(port: isFixed ? port : nil))])
    }
}
