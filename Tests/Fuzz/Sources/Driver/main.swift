import CLibFuzzer
import Glibc

// keyfob-fuzz [LIBFUZZER OPTION]... [CORPUS]...: feeds libFuzzer's inputs to the target that the variable
// KEYFOB_FUZZ_TARGET names. It is a variable because libFuzzer restarts the program with its own arguments.
// `keyfob-fuzz --list` prints the names.

if CommandLine.arguments.dropFirst() == ["--list"] {
    for target in FuzzTarget.allCases { print(target.rawValue) }
    exit(0)
}

private let target = unsafe getenv("KEYFOB_FUZZ_TARGET").flatMap { unsafe FuzzTarget(rawValue: String(cString: $0)) }
guard target != nil else { fatalError("KEYFOB_FUZZ_TARGET names no target; --list does") }

/// Ends the process if an invariant does not hold. libFuzzer reports this as a crash.
private func check(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    do {
        try target?.check(bytes)
    } catch {
        fatalError("\(error)")
    }
    return 0
}

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
exit(unsafe LLVMFuzzerRunDriver(&count, &arguments) { data, size in unsafe check(data, size) })
