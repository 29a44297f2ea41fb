import Secrets

/// The socket on the other machine, and the ssh(1) commands that reach it.
package enum FarPath {
    /// Prints the path of the socket on the other machine, and makes its directory. Deletes a socket that an earlier
    /// connection has left there, because sshd does not, and could not listen there again.
    ///
    /// The directory is the one where the doors look (``Doors/AgentSocket``). The script is for any login shell.
    package static let script =
        "exec sh -c '" + #"d=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; "#
        + #"test -d "$d" && test -w "$d" || d=$HOME/.cache; umask 077; s=$d/keyfob/agent.sock; "#
        + #"mkdir -p "$d/keyfob" && chmod 700 "$d/keyfob" && rm -f "$s" && echo "$s""# + "'"

    /// The path in the output of ``script``. The other machine is not trusted: ssh reads the path up to a colon, and the user
    /// may see it. Nil if it is not a usual path.
    package static func path(in output: [UInt8]) -> String? {
        let lines = String(decoding: output, as: UTF8.self).parts(at: "\n").filter { !$0.isEmpty }
        guard lines.count == 1, let path = lines.first, path.begins(with: "/"), path.ends(with: "/keyfob/agent.sock"),
            path.utf8.count <= 107, path.utf8.allSatisfy(isPlain)
        else { return nil }
        return String(path)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "/._-@".utf8.contains(byte)
        }
    }

    /// Asks the other machine for the path.
    ///
    /// - Parameter options: the user's own options for ssh.
    package static func question(_ destination: String, _ options: [String]) -> [String] {
        ["ssh", "-T", "-o", "ClearAllForwardings=yes"] + options + ["--", destination, script]
    }

    /// Forwards the socket until the connection ends. ssh takes the first value of each option: the user can change how a
    /// silent connection is noticed, and not what makes the socket right.
    package static func forward(_ destination: String, _ options: [String], far: String, near: String) -> [String] {
        [
            "ssh", "-N", "-T", "-o", "ExitOnForwardFailure=yes", "-o", "StreamLocalBindUnlink=yes",
            "-R", far + ":" + near,
        ] + options + ["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3", "--", destination]
    }

    /// Installs the door that comes on standard input, under the names `keyfob` and `git-credential-keyfob`, and makes git use
    /// it. A door for other processors does not run there, and is deleted.
    package static let installation =
        "exec sh -c '" + #"umask 022; d=$HOME/.local/bin; n=$d/.keyfob.new; h=$d/git-credential-keyfob; "#
        + #"mkdir -p "$d" && cat >"$n" && chmod 755 "$n" && if "$n" --version >/dev/null 2>&1; then "#
        + #"mv -f "$n" "$d/keyfob" && ln -sf keyfob "$h" && { git config --global --get-all credential.helper | "#
        + #"grep -qxF "$h" || git config --global --add credential.helper "$h"; }; "#
        + #"else rm -f "$n"; echo keyfob does not run on this machine >&2; exit 1; fi"# + "'"

    /// The command that installs the file `door` on the other machine, for /bin/sh.
    package static func install(_ destination: String, _ options: [String], ssh: String, door: String) -> [String] {
        ["sh", "-c", #"door=$1; shift; exec "$@" <"$door""#, "sh", door, ssh, "-T", "-o", "ClearAllForwardings=yes"]
            + options + ["--", destination, installation]
    }

    /// Whether ssh takes the text as a destination, and not as an option.
    package static func isDestination(_ text: String) -> Bool {
        !text.isEmpty && !text.begins(with: "-") && ![".", ".."].contains(text) && text.utf8.count <= 255
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
