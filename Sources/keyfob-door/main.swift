import Dialects
import Doors
import Glibc
import Secrets

// docker-credential-keyfob, the other names of Dialects.executables and git-credential-keyfob are links to this
// program. See `CallerDoor` and `GitDoor`. The process exits at once: nothing is buffered, and no cleanup is needed.
ProcessMemory.close()
let name = CommandLine.arguments.first ?? ""
let arguments = Array(CommandLine.arguments.dropFirst())
if GitDoor.isCalled(name) { _exit(GitDoor(arguments: arguments).run()) }
guard let dialect = Dialects.spoken(by: name) else {
    Output.complain("usage: make links to keyfob-door, and call it by one of these names:")
    Output.complain(([GitDoor.name] + Dialects.executables).joined(separator: " "))
    _exit(64)
}
_exit(CallerDoor(dialect: dialect, name: name, arguments: arguments).run())
