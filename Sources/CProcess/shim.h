// Protects the memory of the process. These are inline functions because Swift does not import prctl(2), which is
// variadic, and imports the types of setrlimit(2) differently with and without GNU sources. Also starts a program that
// must not outlive this process: posix_spawn(3) has no PR_SET_PDEATHSIG.
#ifndef KEYFOB_PROCESS_H
#define KEYFOB_PROCESS_H

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

// Lets only root trace this process or read its memory and environment, and turns its core files off. The hard limit is
// unchanged: the browser would inherit it. Returns whether both steps succeeded.
static inline int keyfob_close_memory(void) {
    struct rlimit limit;
    int closed = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
    if (getrlimit(RLIMIT_CORE, &limit) != 0) return 0;
    limit.rlim_cur = 0;
    return setrlimit(RLIMIT_CORE, &limit) == 0 && closed;
}

// Read and set the soft limit for core files, for a program that replaces this process.
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

// Turns crash reports off: the reporter that Swift starts if SWIFT_BACKTRACE requests one prints the registers and the
// memory that they point to. Ignored signals stay ignored.
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

// The child's part of keyfob_start_bound. It only makes system calls and does not return.
static inline void keyfob_become_bound(const char *program, char *const arguments[], char *const environment[],
                                       const char *directory, int input, int output, int errors,
                                       pid_t parent) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    int null, number;
    // The kernel kills the child when the thread that started it ends. That thread may have ended already.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent) _exit(126);
    // A new session: the child has no terminal, and can be killed together with all processes that it starts.
    setsid();
    for (number = 1; number < 32; number++) sigaction(number, &standard, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (directory != NULL && chdir(directory) != 0) _exit(126);
    null = open("/dev/null", O_RDWR);
    // Copies above 2 first: the descriptors may be 0, 1 or 2 themselves, if a caller started keyfob without those.
    input = fcntl(input < 0 ? null : input, F_DUPFD, 3);
    output = fcntl(output, F_DUPFD, 3);
    errors = fcntl(errors < 0 ? null : errors, F_DUPFD, 3);
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(errors, 2) < 0) _exit(126);
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3u, ~0u, 0u) != 0)
#endif
        for (number = 3; number < 1024; number++) close(number);
    execve(program, arguments, environment != NULL ? environment : environ);
    _exit(127);
}

// Starts a program that does not outlive the calling thread, so that thread has to wait for it. Its standard output is
// a pipe, whose other end is stored in `output`; so is its standard error if `errors` is not NULL. Its standard input is
// `input`. Instead of a missing one (NULL, -1), it gets /dev/null. It inherits no other descriptor. `directory` is its
// working directory; NULL means this process's. `environment` is complete; NULL means this process's. Returns the process id, or -1 with errno.
static inline pid_t keyfob_start_bound(const char *program, char *const arguments[], char *const environment[],
                                       const char *directory, int input, int *output, int *errors) {
    struct sigaction action;
    sigset_t all, before;
    int ends[2], errorEnds[2] = {-1, -1};
    pid_t parent = getpid(), child;
    // A process that ignores SIGCHLD does not get the exit status of its children (wait(2)). A caller may have started
    // keyfob with SIGCHLD ignored.
    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
        action.sa_handler = SIG_DFL;
        sigaction(SIGCHLD, &action, NULL);
    }
    if (syscall(SYS_pipe2, ends, O_CLOEXEC) != 0) return -1;
    if (errors != NULL && syscall(SYS_pipe2, errorEnds, O_CLOEXEC) != 0) {
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    // No signal handler may run in the child: until execve, it shares the memory of this process.
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    child = vfork();
    if (child == 0)
        keyfob_become_bound(program, arguments, environment, directory, input, ends[1], errorEnds[1], parent);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (errors != NULL) close(errorEnds[1]);
    if (child < 0) {
        close(ends[0]);
        if (errors != NULL) close(errorEnds[0]);
        return -1;
    }
    *output = ends[0];
    if (errors != NULL) *errors = errorEnds[0];
    return child;
}

// Starts a program that the user sees: it has this process's terminal, standard input and standard error, and is in its
// process group. It gets SIGTERM when the calling thread ends. Its standard output is `output`; -1 means this process's.
// Returns the process id, or -1 with errno.
static inline pid_t keyfob_start_beside(const char *program, char *const arguments[], int output) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t all, none, before;
    pid_t parent = getpid(), child;
    int number;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    child = vfork();
    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0 || getppid() != parent) _exit(126);
        for (number = 1; number < 32; number++) sigaction(number, &standard, NULL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        if (output >= 0 && dup2(output, 1) < 0) _exit(126);
#ifdef SYS_close_range
        if (syscall(SYS_close_range, 3u, ~0u, 0u) != 0)
#endif
            for (number = 3; number < 1024; number++) close(number);
        execv(program, arguments);
        _exit(127);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return child;
}

// A descriptor that poll(2) reports as readable once the child has ended; -1 if the kernel has none (before 5.3).
static inline int keyfob_watch_child(pid_t child) {
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, child, 0);
#else
    (void)child;
    return -1;
#endif
}

#endif
