// What keeps the memory of a process to itself, as one inline function: prctl(2) is variadic, which Swift does not import,
// and the types of setrlimit(2) it imports in one way with GNU sources and in another without.
#ifndef KEYFOB_PROCESS_H
#define KEYFOB_PROCESS_H

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>

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

#endif
