import CredentialProtocol
import Dialects
import Doors
import Glibc
import Secrets

// docker-credential-keyfob, the other names of Dialects.executables and git-credential-keyfob are links to this
// program. See `Door`. The process exits at once: nothing is buffered, and no cleanup is needed.
ProcessMemory.close()
let name = CommandLine.arguments.first ?? ""
let arguments = Array(CommandLine.arguments.dropFirst())
guard let dialect = Dialects.spoken(by: name) else {
    Output.complain("usage: make links to keyfob-door, and call it by one of these names:")
    Output.complain(Dialects.executables.joined(separator: " "))
    _exit(64)
}
if dialect.name == GitDialect.name { _exit(Door.git(arguments).run()) }
_exit(Door(dialect, arguments, successor: [name] + arguments).run())
