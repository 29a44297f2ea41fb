import Dialects
import Doors
import Glibc
import Secrets

// docker-credential-keyfob and the other names of Dialects.executables, all of them links to this one file: the door for
// the callers that are not git. See `CallerDoor`.
// Nothing is buffered and nothing to be put in order: the process ends at once.
ProcessMemory.close()
let name = CommandLine.arguments.first ?? ""
guard let dialect = Dialects.spoken(by: name) else {
    Output.complain("usage: make links to keyfob-door, and call it by one of these names:")
    Output.complain(Dialects.executables.joined(separator: " "))
    _exit(64)
}
_exit(CallerDoor(dialect: dialect, name: name, arguments: Array(CommandLine.arguments.dropFirst())).run())
