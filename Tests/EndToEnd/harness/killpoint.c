// Runs a command, and kills it at one of the points where it has an effect outside itself, or gets input from outside.
//
//   killpoint SIGNAL N LIST ROOT COMMAND [ARGUMENT]...
//
// These points are counted over all threads of the command, in their order:
//
// - system calls that write to, read from, connect or lock a socket, a pipe or a file below ROOT;
// - system calls that open such a file for writing, rename it or remove it;
// - system calls that change the kernel's keyrings;
// - the end of the command.
//
// At the entry of the Nth point, the command gets the signal with the number SIGNAL. SIGKILL prevents the system call;
// with any other signal, the call is the last one of its thread. With N = 0 the command runs to its end. LIST gets one
// line for each point that was reached.
//
// strace(1) can inject a signal into the Nth call of a kind. But it counts each thread and each kind of call
// separately, and the thread that sends a message differs from run to run.
//
// The programs that the command starts are not followed. The exit status is that of the command, or 128 plus the number
// of the signal that ended it.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum kind { descriptor, path, opening, key, end };

static const struct call {
    long number;
    const char *name;
    enum kind kind;
    int argument;  // which one is the path
} calls[] = {
    {SYS_write, "write", descriptor, 0},
    {SYS_writev, "writev", descriptor, 0},
    {SYS_pwrite64, "pwrite64", descriptor, 0},
    {SYS_read, "read", descriptor, 0},
    {SYS_readv, "readv", descriptor, 0},
    {SYS_sendto, "sendto", descriptor, 0},
    {SYS_sendmsg, "sendmsg", descriptor, 0},
    {SYS_recvfrom, "recvfrom", descriptor, 0},
    {SYS_recvmsg, "recvmsg", descriptor, 0},
    {SYS_connect, "connect", descriptor, 0},
    {SYS_listen, "listen", descriptor, 0},
    {SYS_accept4, "accept4", descriptor, 0},
    {SYS_fsync, "fsync", descriptor, 0},
    {SYS_ftruncate, "ftruncate", descriptor, 0},
    {SYS_flock, "flock", descriptor, 0},
    {SYS_openat, "openat", opening, 1},
    {SYS_mkdirat, "mkdirat", path, 1},
    {SYS_unlinkat, "unlinkat", path, 1},
    {SYS_renameat2, "renameat2", path, 1},
#ifdef SYS_rename
    {SYS_mkdir, "mkdir", path, 0},
    {SYS_unlink, "unlink", path, 0},
    {SYS_rename, "rename", path, 0},
#endif
    {SYS_add_key, "add_key", key, 0},
    {SYS_keyctl, "keyctl", key, 0},
    {SYS_exit_group, "exit_group", end, 0},
};

// The operations of keyctl(2) that change something, in the order of <linux/keyctl.h>.
static const struct { unsigned long long operation; const char *name; } changes[] = {
    {2, "update"}, {3, "revoke"},      {5, "setperm"},     {7, "clear"},
    {8, "link"},   {9, "unlink"},      {15, "set_timeout"}, {21, "invalidate"}, {30, "move"},
};

static const char *root;

static int is_below_root(const char *name) { return strncmp(name, root, strlen(root)) == 0; }

static void fail(const char *what) {
    perror(what);
    exit(70);
}

// Describes a descriptor of the process in `told`. Returns 0 if system calls on it are no points.
static int tell_descriptor(pid_t process, unsigned long long number, char *told, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/fd/%llu", process, number);
    ssize_t length = readlink(link, told, size - 1);
    if (length < 0) return 0;
    told[length] = 0;
    return strncmp(told, "socket:", 7) == 0 || strncmp(told, "pipe:", 5) == 0 || is_below_root(told);
}

static int tell_path(pid_t process, unsigned long long address, char *told, size_t size) {
    // Read page by page: the page after the end of the string may not exist.
    size_t have = 0;
    while (have < size - 1) {
        size_t piece = 4096 - (address + have) % 4096;
        if (piece > size - 1 - have) piece = size - 1 - have;
        struct iovec local = {told + have, piece}, remote = {(void *)(address + have), piece};
        if (process_vm_readv(process, &local, 1, &remote, 1, 0) != (ssize_t)piece) break;
        if (memchr(told + have, 0, piece)) return told[0] != '/' || is_below_root(told);
        have += piece;
    }
    return 0;
}

// Returns the name of the system call, and describes its file or key in `told`. Returns NULL if it is no point.
static const char *point(pid_t process, const struct __ptrace_syscall_info *info, char *told, size_t size) {
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        const struct call *call = &calls[i];
        const __typeof__(info->entry.args[0]) *arguments = info->entry.args;
        if ((long)info->entry.nr != call->number) continue;
        *told = 0;
        switch (call->kind) {
            case descriptor: return tell_descriptor(process, arguments[0], told, size) ? call->name : NULL;
            case opening:
                if ((arguments[2] & (O_ACCMODE | O_CREAT)) == O_RDONLY) return NULL;
                // fall through
            case path: return tell_path(process, arguments[call->argument], told, size) ? call->name : NULL;
            case end: return call->name;
            case key:
                if (call->number == SYS_add_key) return call->name;
                for (size_t j = 0; j < sizeof changes / sizeof *changes; j++) {
                    if (changes[j].operation != arguments[0]) continue;
                    snprintf(told, size, "%s", changes[j].name);
                    return call->name;
                }
                return NULL;
        }
    }
    return NULL;
}

static pid_t start(char **command) {
    pid_t process = fork();
    if (process < 0) fail("fork");
    if (process == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0) fail("PTRACE_TRACEME");
        raise(SIGSTOP);
        execvp(command[0], command);
        fail(command[0]);
    }
    int status;
    if (waitpid(process, &status, 0) < 0 || !WIFSTOPPED(status)) fail("waitpid");
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SETOPTIONS, process, 0, options) < 0) fail("PTRACE_SETOPTIONS");
    if (ptrace(PTRACE_SYSCALL, process, 0, 0) < 0) fail("PTRACE_SYSCALL");
    return process;
}

int main(int count, char **arguments) {
    if (count < 6) return 64;
    int death = atoi(arguments[1]);
    long wanted = atol(arguments[2]), met = 0;
    FILE *list = fopen(arguments[3], "w");
    if (!list) fail(arguments[3]);
    root = arguments[4];
    pid_t process = start(arguments + 5);
    for (;;) {
        int status, signal = 0;
        pid_t thread = waitpid(-1, &status, __WALL);
        if (thread < 0 && errno == EINTR) continue;
        if (thread < 0) fail("waitpid");
        if (thread == process && (WIFEXITED(status) || WIFSIGNALED(status))) {
            fclose(list);
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        if (!WIFSTOPPED(status)) continue;
        if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
            struct __ptrace_syscall_info info;
            char told[PATH_MAX];
            long have = ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info);
            const char *name = have > 0 && info.op == PTRACE_SYSCALL_INFO_ENTRY
                                   ? point(process, &info, told, sizeof told) : NULL;
            if (name) {
                fprintf(list, "%ld %s %s\n", ++met, name, told);
                // Sent to this thread: if another thread got the signal, this one would go on meanwhile.
                if (met == wanted) syscall(SYS_tgkill, process, thread, death);
            }
        } else if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP) {
            signal = WSTOPSIG(status);
        }
        ptrace(PTRACE_SYSCALL, thread, 0, signal);
    }
}
