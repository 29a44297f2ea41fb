import CredentialProtocol
import Dialects
import Doors
import Glibc
import Secrets

// The door, a small static program: `keyfob`, docker-credential-keyfob and the other names of Dialects.executables. See
// `Door`. The process exits at once: nothing is buffered, and no cleanup is needed.
HandOver.prepare()
let name = CommandLine.arguments.first ?? ""
let arguments = Array(CommandLine.arguments.dropFirst())
if let dialect = Dialects.spoken(by: name) {
    if dialect.name == GitDialect.name { _exit(Door.git(arguments).run()) }
    _exit(Door(dialect, arguments, successor: [name] + arguments).run())
}
if arguments == ["--version"] { _exit(Output.deliver(Reply(Front.version + "\n"))) }
// On a terminal, keyfob asks before it shows a token.
if isatty(STDOUT_FILENO) == 0, let command = Front.command(arguments) {
    // `keyfob-main` reports an invalid `keyfob token` in its own words.
    let scope: Door.Scope = command.dialect is TokenDialect.Type ? .valid : .all
    _exit(Door(command.dialect, command.arguments, successor: [name] + arguments, scope: scope).run())
}
_exit(Output.deliver(Reply(HandOver.run([name] + arguments, input: nil))))
