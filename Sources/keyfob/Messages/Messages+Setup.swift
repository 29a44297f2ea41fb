import Console
import CredentialProtocol
import KeyfobCore

/// What `keyfob setup` says.
extension Messages {
    /// The same command with another option.
    private static func setup(_ caller: SetupCaller, _ url: ServiceURL?, _ option: String) -> String {
        "keyfob setup \(caller.name)" + (url.map { " " + ShellWords.quoted($0.description) } ?? "") + " " + option
    }

    static func toWrite(_ caller: SetupCaller, _ url: ServiceURL?) -> String {
        "to write it: " + setup(caller, url, "--apply")
    }

    static func toTry(_ caller: SetupCaller, _ url: ServiceURL?) -> String {
        "to test it: " + setup(caller, url, "--check")
    }

    static func nothingToDo(_ caller: SetupCaller) -> String { "nothing to do: \(caller.name) is set up already" }

    static func yourself(_ place: String) -> String { "do this yourself, \(printable(place)):" }

    static func putOnPath(_ directory: String) -> String { "put \(printable(directory)) on your PATH" }

    static let writeThis = "write this? [y/N] "

    static func link(_ path: String, _ target: String) -> String { "link \(printable(path)) -> \(printable(target))" }

    static func linked(_ path: String) -> String { "linked \(printable(path))" }

    static func wrote(_ file: String) -> String { "wrote \(printable(file))" }

    static func kept(_ copy: String) -> String { "the old version: \(printable(copy))" }

    // Trying it.

    static func missing(_ change: SetupStep.Change) -> String {
        switch change {
        case .write(let file, _, _): "\(printable(file.path)) does not have the setting"
        case .link(let path, _): "\(printable(path)) does not exist"
        }
    }

    static func toMend(_ caller: SetupCaller, _ url: ServiceURL?) -> String { "run: " + setup(caller, url, "--apply") }

    static func noneOnPath(_ programs: [String]) -> String {
        programs.joined(separator: ", ") + (programs.count == 1 ? " is not on PATH" : ": none is on PATH")
    }

    static let noURL = "no URL was given to test with"

    static func cannotStart(_ program: String) -> String { "\(printable(program)) cannot be started: is it on PATH?" }

    static func anotherProgram(_ path: String) -> String { "\(printable(path)) is another program" }

    static func noAnswer(_ command: String) -> String { "\(printable(command)): no answer" }

    static func credential(_ command: String, _ url: ServiceURL) -> String { "\(command): a credential for \(url)" }

    static func noCredential(_ command: String, _ url: ServiceURL) -> String {
        "\(printable(command)): no credential for \(printable(url.description))"
    }

    // Registering with a forge.

    static func thenSignIn(_ service: ServiceURL) -> String {
        "then sign in, once: \(login(service))"
    }

    static func clientKnown(_ service: ServiceURL) -> String {
        "a client for \(printable(service.description)) is known; to sign in: \(login(service))"
    }

    static func wantsRegistration(_ host: KnownHost) -> String {
        "\(host.name) requires that you register an application once"
    }

    static func shortestWay(_ client: KnownHost.OwnClient) -> String {
        switch client {
        case .withoutSecret: "easiest: a public client, which has no secret"
        case .withoutSecretByDevice: "easiest: enable the device flow; then no secret is needed"
        case .withSecret: "the page shows a client id and a secret; keyfob stores the secret in your keyring"
        }
    }

    /// What is to be copied, in a column of its own.
    static func toCopy(_ name: String, _ value: String) -> String {
        "  " + name + String(repeating: " ", count: max(14 - name.count, 1)) + printable(value)
    }

    static let openThat = "open that page in your browser? [Y/n] "
    static let noBrowser = "no browser can be started here: go to the page yourself"
    static let clientID = "client id: "
    static let whereClientID = "after the registration the page shows the client id; Ctrl-C to give up"
    static let clientSecret = "client secret (not shown): "

    static func gitReads(_ repository: ServiceURL) -> String { "git reads \(printable(repository.description))" }
}
