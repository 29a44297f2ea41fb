import Doors
import Glibc
import Secrets

// git-credential-keyfob OPERATION: the door for git. See `GitDoor`.
// Nothing is buffered and nothing to be put in order: the process ends at once.
ProcessMemory.close()
_exit(GitDoor(arguments: Array(CommandLine.arguments.dropFirst())).run())
