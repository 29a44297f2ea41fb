import Addresses
import Console
import CredentialProtocol
import KeyfobCore

/// Callers whose settings files keyfob cannot know. It only shows the lines to write.
extension SetupCaller {
    static let mcp = SetupCaller(
        name: "mcp", programs: [], summary: "clients of the Model Context Protocol: headersHelper (shown only)",
        steps: { scene in
            let command = ShellWords.quoted(scene.installation.path(of: "keyfob")) + " headers"
            let server = JSONTree.object([
                "type": .string("http"), "url": .string(scene.address), "headersHelper": .string(command),
            ])
            return [
                .shown(
                    "in .mcp.json, or the file in which your client lists its servers",
                    [JSONTree.object(["mcpServers": .object(["NAME": server])]).line])
            ]
        },
        question: { scene, url in
            SetupQuestion(
                program: scene.installation.path(of: "keyfob"), arguments: ["headers", url.description],
                isCredential: SetupQuestion.holds("Authorization"))
        })

    static let msmtp = SetupCaller(
        name: "msmtp", aliases: ["mutt", "isync"], programs: ["msmtp", "mutt", "mbsync"],
        summary: "msmtp, mutt, isync: passwordeval and similar settings (shown only)",
        steps: { scene in
            let command = "\(scene.installation.command()) token \(ShellWords.quoted(scene.address))"
            return [
                .shown("in ~/.msmtprc", ["auth oauthbearer", "passwordeval \"\(command)\""]),
                .shown("in ~/.mbsyncrc", ["PassCmd \"\(command)\"", "AuthMechs XOAUTH2"]),
                .shown("in ~/.muttrc", ["set imap_oauth_refresh_command = \"\(command)\""]),
            ]
        },
        question: token)

    static let curl = SetupCaller(
        name: "curl", programs: ["curl"], summary: "curl and scripts: a header on a pipe (shown only)",
        steps: { scene in
            let (keyfob, url) = (scene.installation.command(), ShellWords.quoted(scene.address))
            return [
                .shown(
                    "in a shell",
                    [
                        "curl -H @<(\(keyfob) token --format header \(url)) \(url)",
                        "curl -K <(\(keyfob) token --format curl \(url)) \(url)",
                    ])
            ]
        },
        question: token)

    private static let token: @Sendable (SetupScene, ServiceURL) -> SetupQuestion = { scene, url in
        SetupQuestion(
            program: scene.installation.path(of: "keyfob"),
            arguments: ["token", url.description, "--interaction", "never"], isCredential: SetupQuestion.saysSomething)
    }
}
