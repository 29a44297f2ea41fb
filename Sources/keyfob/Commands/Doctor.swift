import ArgumentParser
import Console
import CredentialProtocol
import Glibc
import KeyfobCore

/// Runs the checks from the session bus to a token, and reports the result of each.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find out what is wrong, from the keyring to a token.",
        discussion: """
            Nothing is opened, nobody is asked, and no secret is shown: the report may be passed on. It ends with the exit \
            status of the first thing that has failed.
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
        let examiner: Examiner
        do {
            examiner = Examiner(try url.map { try CredentialRequest(url: $0) })
        } catch {
            throw Report(error).print()
        }
        // A refresh must not be interrupted: its answer could be lost.
        let deadline = refresh ? .seconds(120) : Ladder.deadline
        let checks = Check.all(hasService: url != nil, refreshes: refresh)
        let steps = await Ladder(checks, deadline: deadline) { await examiner.look(at: $0) }.climb()
        let report = DoctorReport(steps, home: Environment.variable("HOME"))
        let lines = report.lines(emphasises: Terminal.mayEmphasiseOutput).map { $0 + "\n" }.joined()
        do {
            try StandardOutput.write(json ? JSONText.bytes(report) : Array(lines.utf8))
        } catch {
            throw FailureReport(error).print()
        }
        // Does not wait for checks that missed the time limit.
        _exit(Ladder.exitStatus(of: steps))
    }
}
