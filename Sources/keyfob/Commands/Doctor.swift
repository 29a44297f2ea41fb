import ArgumentParser
import Console
import CredentialProtocol
import Glibc
import KeyfobCore

/// Walks the ladder from the session bus to a token, and tells of each check whether it holds.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look for what is wrong, from the keyring to a token.",
        discussion: """
            Nothing is opened, nobody is asked, and no secret is shown: the report may be passed on. It ends with the exit \
            status of the first thing that has failed.
            """)

    @Argument(help: "The URL of a service, to be looked at as well.", completion: .services)
    var url: String?

    @Flag(help: "Print one JSON array (protocol.md, appendix B) instead of lines for people.")
    var json = false

    @Flag(help: "Try the refresh token of the service, too.")
    var refresh = false

    func validate() throws {
        if refresh, url == nil { throw ValidationError("--refresh goes with a URL.") }
    }

    func run() async throws {
        let examiner: Examiner
        do {
            examiner = Examiner(try url.map { try CredentialRequest(url: $0) })
        } catch {
            throw Report(error).print()
        }
        // A refresh takes as long as it takes: broken off, it could lose the answer.
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
        // Who did not answer in time is not waited for.
        _exit(Ladder.exitStatus(of: steps))
    }
}
