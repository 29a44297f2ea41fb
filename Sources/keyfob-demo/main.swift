import FoundationEssentials
import Glibc

// `keyfob-demo [--no-browser]`: the newcomer's first command. The other two modes are for keyfob, which finds this same
// executable in `$BROWSER`, under a name that says which of the two is meant.
let arguments = CommandLine.arguments
switch (arguments.first.map(BrowserChoice.mode), arguments.dropFirst().first) {
case (.walk, let address?): exit(await BrowserMode.walk(address))
case (.open, let address?): exit(await BrowserMode.open(address))
case (_, "--walk") where arguments.count == 3: exit(await BrowserMode.walk(arguments[2]))
case (_, nil): exit(await Program.run(mayOpenBrowser: true))
case (_, "--no-browser"): exit(await Program.run(mayOpenBrowser: false))
default:
    print("usage: keyfob-demo [--no-browser]")
    exit(arguments.dropFirst().first == "--help" ? 0 : 64)
}
