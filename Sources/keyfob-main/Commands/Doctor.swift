import ArgumentParser
import Console
import CredentialProtocol
import Doctor
import Glibc
import KeyfobCore
import SecretService

/// Runs the checks from the session bus to a token, and reports the result of each.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Find out what is wrong, from the keyring to a token.",
        discussion: """
            It opens no window, asks no question and shows no secret, so you can publish the report. The exit status is \
            that of the first failed check.
            """)

    @Argument(help: "The URL of a service to check, too.", completion: .services)
    var url: String?

    @Flag(help: "Print one JSON array (protocol.md, appendix B) instead of text for people.")
    var json = false

    @Flag(help: "Also test the refresh token of the service.")
    var refresh = false

    func validate() throws {
        if refresh, url == nil { throw ValidationError("--refresh needs a URL.") }
    }

    func run() async throws {
        let request: CredentialRequest?
        do {
            request = try url.map { try CredentialRequest(url: $0) }
        } catch {
            throw Report(error, about: url).print()
        }
        let busIsInEnvironment = Environment.variable("DBUS_SESSION_BUS_ADDRESS")?.isEmpty == false
        // This connection sets the variable, so it is made first, while there is one thread.
        let keyring = KeyringExamination()
        let context = CheckContext(
            DoctorParts(service: url), keyring: keyring, request: request, busIsInEnvironment: busIsInEnvironment)
        let checks = Checks.all(hasService: url != nil, refreshes: refresh)
        let deadline = refresh ? CheckRun.deadlineWithRefresh : CheckRun.deadline
        let results = await CheckRun(checks, deadline: deadline) { await context.look($0) }.run()
        let report = DoctorReport(results, home: Environment.variable("HOME"), names: context.names)
        let lines = report.lines(emphasises: Terminal.mayEmphasiseOutput).map { $0 + "\n" }.joined()
        do {
            try StandardOutput.write(json ? JSONText.bytes(report) : Array(lines.utf8))
        } catch {
            throw Report(error).print()
        }
        // Does not wait for checks that did not finish in time.
        _exit(CheckRun.exitStatus(of: results))
    }
}
