import Files

/// A program that runs scripts. A user knows the script, and not the interpreter.
struct Interpreter {
    /// The options before the script that take the next argument.
    private let valued: [String]
    /// The options after which there is no file with a script, but the script itself.
    private let inline: [String]
    /// The option whose next argument is the script, as a module or an archive.
    private let naming: String?

    /// - Parameter program: the name of the program's file, which may end in a version.
    /// - Returns: nil if the program is no interpreter that keyfob knows.
    init?(_ program: String) {
        let name = program.prefix { $0.isLetter }
        guard program.dropFirst(name.count).allSatisfy({ $0.isNumber || $0 == "." }) else { return nil }
        switch name {
        case "python", "pypy": (valued, inline, naming) = (["-W", "-X"], ["-c"], "-m")
        case "java":
            (valued, inline, naming) = (
                ["-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-modules"], [], "-jar"
            )
        case "node", "nodejs", "bun", "electron":
            (valued, inline, naming) = (
                ["-r", "--require", "--import", "--loader", "-C"], ["-e", "--eval", "-p", "--print"], nil
            )
        case "perl": (valued, inline, naming) = (["-I"], ["-e", "-E"], nil)
        case "ruby": (valued, inline, naming) = (["-I", "-r", "-C"], ["-e"], nil)
        case "php": (valued, inline, naming) = (["-c", "-d"], ["-r"], "-f")
        case "lua", "luajit": (valued, inline, naming) = (["-l"], ["-e"], nil)
        case "mono", "dotnet", "guile", "tclsh", "wish", "gjs", "Rscript": (valued, inline, naming) = ([], ["-c"], nil)
        default: return nil
        }
    }

    /// The name of the script, without its directory; nil if no argument names one.
    ///
    /// - Parameter arguments: those of the interpreter, after its name.
    func script(in arguments: [String]) -> String? {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == naming { return rest.first.flatMap(Self.name) }
            if inline.contains(argument) { return nil }
            if valued.contains(argument) {
                rest = rest.dropFirst()
            } else if !argument.hasPrefix("-") {
                return Self.name(argument)
            }
        }
        return nil
    }

    private static func name(_ path: String) -> String? { path.split(separator: "/").last.map(String.init) }
}
