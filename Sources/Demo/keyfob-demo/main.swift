import FoundationEssentials
import Glibc

// `keyfob-demo [--no-browser]` is a new user's first command. The other two modes are for keyfob, which starts this
// executable as its `$BROWSER` through a link whose name selects the mode.
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
