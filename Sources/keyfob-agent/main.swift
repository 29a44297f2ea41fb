import Doors
import Forwarding
import Glibc

// The agent of `keyfob forward`, which `keyfob-main` starts. See `Agent`. It answers from kernel memory as a door does.
HandOver.prepare()
let arguments = Array(CommandLine.arguments.dropFirst())
_exit(AgentRun.run(arguments, program: HandOver.program, remembered: RememberedToken.answer(to:)))
