import CredentialProtocol
import Glibc

/// Becomes `keyfob` with the same request on standard input.
struct HandOver {
    let operation: String
    let options: [String]
    let request: [UInt8]

    /// - Returns: an exit status only if keyfob cannot be started.
    func run() -> Int32 {
        guard request.count <= AttributeLines.maxRequest else {
            Output.complain("keyfob: the request is larger than \(AttributeLines.maxRequest) bytes")
            return 65
        }
        guard putOnStandardInput() else {
            Output.complain("keyfob: the request cannot be handed over")
            return 75
        }
        let program = Self.directory() + "/keyfob"
        let arguments = ["keyfob", operation, "--dialect", "git"] + options
        var argv = unsafe arguments.map { unsafe strdup($0) } + [nil]
        unsafe execv(program, &argv)
        Output.complain("keyfob: \(program) cannot be started")
        Output.complain("hint: install keyfob and git-credential-keyfob into one directory")
        return 75
    }

    /// Puts the request into a pipe that is large enough for all of it, so that nobody has to write on while keyfob
    /// reads, and makes that pipe standard input.
    private func putOnStandardInput() -> Bool {
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { return false }
        let ordinarySize = 65_536  // pipe(7)
        if request.count > ordinarySize {
            let setPipeSize: CInt = 1031  // F_SETPIPE_SZ, which the C module shows to GNU sources alone
            guard fcntl(ends[1], setPipeSize, CInt(AttributeLines.maxRequest)) >= request.count else { return false }
        }
        let written = unsafe write(ends[1], request, request.count)
        close(ends[1])
        guard written == request.count, dup2(ends[0], STDIN_FILENO) == STDIN_FILENO else { return false }
        close(ends[0])
        return true
    }

    /// The directory of this very file, whatever name it was called by.
    private static func directory() -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        let path = buffer[..<max(count, 0)].map { UInt8(bitPattern: $0) }
        let end = path.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
        return String(decoding: path[..<end], as: UTF8.self)
    }
}
