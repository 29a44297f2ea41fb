// What keeps the memory of a process to itself, as one inline function: prctl(2) is variadic, which Swift does not import,
// and the types of setrlimit(2) it imports in one way with GNU sources and in another without.
// Beside it the start of a program that must not outlive this one: posix_spawn(3) has no PR_SET_PDEATHSIG.
#ifndef KEYFOB_PROCESS_H
#define KEYFOB_PROCESS_H

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// Nobody but root may trace this process, read its memory or its environment, and it leaves no core file. The hard limit
// stays what it was: it would bind the browser, too. Whether both were done.
static inline int keyfob_close_memory(void) {
    struct rlimit limit;
    int closed = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
    if (getrlimit(RLIMIT_CORE, &limit) != 0) return 0;
    limit.rlim_cur = 0;
    return setrlimit(RLIMIT_CORE, &limit) == 0 && closed;
}

// The soft limit for core files, and its setting: for a program that is started in place of this one.
static inline unsigned long long keyfob_core_limit(void) {
    struct rlimit limit;
    return getrlimit(RLIMIT_CORE, &limit) == 0 ? limit.rlim_cur : 0;
}

static inline void keyfob_set_core_limit(unsigned long long bytes) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) != 0) return;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_CORE, &limit);
}

// A crash says nothing: the reporter that Swift starts where SWIFT_BACKTRACE asks for one prints the registers, and what
// is in memory where they point. What was ignored stays ignored.
static inline void keyfob_report_no_crash(void) {
    static const int signals[] = {SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction action;
        if (sigaction(signals[i], NULL, &action) != 0 || action.sa_handler == SIG_IGN) continue;
        action.sa_handler = SIG_DFL;
        action.sa_flags = 0;
        sigaction(signals[i], &action, NULL);
    }
}

// The part of keyfob_start_bound that the child runs. It makes system calls only, and does not return.
static inline void keyfob_become_bound(const char *program, char *const arguments[], char *const environment[],
                                       const char *directory, int output, pid_t parent) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    int null, number;
    // The kernel kills the child when the thread that started it ends. That thread may have ended already.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent) _exit(126);
    // A session of its own: the child has no terminal, and can be killed with all that it starts.
    setsid();
    for (number = 1; number < 32; number++) sigaction(number, &standard, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (directory != NULL && chdir(directory) != 0) _exit(126);
    null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(output, 1) < 0 || dup2(null, 0) < 0 || dup2(null, 2) < 0) _exit(126);
    if (output == 1 && fcntl(1, F_SETFD, 0) != 0) _exit(126);
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3u, ~0u, 0u) != 0)
#endif
        for (number = 3; number < 1024; number++) close(number);
    execve(program, arguments, environment);
    _exit(127);
}

// Starts a program that does not outlive the calling thread, which therefore has to wait for it. Its standard output is a
// pipe, whose other end goes to `output`; standard input and error are /dev/null; no other descriptor is passed on.
// `directory` is its working directory; NULL: that of this process. Returns its id, or -1 with errno.
static inline pid_t keyfob_start_bound(const char *program, char *const arguments[], char *const environment[],
                                       const char *directory, int *output) {
    struct sigaction action;
    sigset_t all, before;
    int ends[2];
    pid_t parent = getpid(), child;
    // Who ignores the end of its children is not told how they ended (wait(2)); a caller may have left us so.
    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
        action.sa_handler = SIG_DFL;
        sigaction(SIGCHLD, &action, NULL);
    }
    if (syscall(SYS_pipe2, ends, O_CLOEXEC) != 0) return -1;
    // No handler of ours may run in the child, which has our memory until it has become the program.
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    child = vfork();
    if (child == 0) keyfob_become_bound(program, arguments, environment, directory, ends[1], parent);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return -1;
    }
    *output = ends[0];
    return child;
}

#endif
