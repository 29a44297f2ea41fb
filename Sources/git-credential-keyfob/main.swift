import Glibc

// git-credential-keyfob OPERATION: the door for git. See `Door`.
exit(Door(arguments: Array(CommandLine.arguments.dropFirst())).run())
