// Times whole processes side by side. Each contestant runs once in each round, so a disturbance affects all of them.
//
//   race ROUNDS AT_ONCE -- STDIN COMMAND [ARG...] [+ STDIN COMMAND [ARG...]]... -- ...
//
// A contestant is one or more steps, run one after the other; its time is the sum of its steps. STDIN is the file that
// the step reads; with `~` before it, the step is run but not timed. With AT_ONCE above 1, that many processes of each
// step run at once. Standard output goes to /dev/null. A step that does not exit with 0
// ends the race with status 1.
//
// Prints one line per contestant: the largest resident set of its timed processes in KiB, then the microseconds of
// each round. This is a small program in C, because the peak memory of a child includes its parent's memory at the
// fork.

#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum { MAX_CONTESTANTS = 8, MAX_STEPS = 4, MAX_AT_ONCE = 256, WARM_UP = 2 };

struct step {
    const char *input;
    int timed;
    char **command;
};

struct contestant {
    struct step steps[MAX_STEPS];
    int count;
    long peak;
    double *times;
};

extern char **environ;

static void fail(const char *what, const char *about) {
    fprintf(stderr, "race: %s: %s\n", what, about);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static pid_t start(const struct step *step) {
    posix_spawn_file_actions_t files;
    pid_t child;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, step->input, O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&child, step->command[0], &files, NULL, step->command, environ) != 0)
        fail("cannot start", step->command[0]);
    posix_spawn_file_actions_destroy(&files);
    return child;
}

static double run(struct contestant *contestant, const struct step *step, int at_once) {
    pid_t children[MAX_AT_ONCE];
    double begun = now();
    for (int i = 0; i < at_once; i++)
        children[i] = start(step);
    for (int i = 0; i < at_once; i++) {
        struct rusage usage;
        int status;
        if (wait4(children[i], &status, 0, &usage) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fail("did not succeed", step->command[0]);
        if (step->timed && usage.ru_maxrss > contestant->peak)
            contestant->peak = usage.ru_maxrss;
    }
    return step->timed ? now() - begun : 0;
}

static double once(struct contestant *contestant, int at_once) {
    double sum = 0;
    for (int i = 0; i < contestant->count; i++)
        sum += run(contestant, &contestant->steps[i], contestant->steps[i].timed ? at_once : 1);
    return sum;
}

static int parse(char **argv, struct contestant *contestants) {
    int count = 0;
    for (char **at = argv; *at;) {
        int new_contestant = strcmp(*at, "--") == 0;
        *at++ = NULL;
        if (new_contestant && ++count > MAX_CONTESTANTS)
            fail("too many", "contestants");
        struct contestant *contestant = &contestants[count - 1];
        if (contestant->count == MAX_STEPS || !at[0] || !at[1])
            fail("bad", "step");
        struct step *step = &contestant->steps[contestant->count++];
        step->timed = **at != '~';
        step->input = *at++ + !step->timed;
        step->command = at;
        while (*at && strcmp(*at, "--") != 0 && strcmp(*at, "+") != 0)
            at++;
    }
    return count;
}

int main(int argc, char **argv) {
    static struct contestant contestants[MAX_CONTESTANTS];
    if (argc < 6 || strcmp(argv[3], "--") != 0)
        fail("usage", "race ROUNDS AT_ONCE -- STDIN COMMAND [ARG...] ...");
    int rounds = atoi(argv[1]), at_once = atoi(argv[2]);
    if (rounds < 1 || at_once < 1 || at_once > MAX_AT_ONCE)
        fail("bad", "numbers");
    int count = parse(argv + 3, contestants);
    for (int i = 0; i < count; i++)
        contestants[i].times = calloc(rounds, sizeof(double));
    for (int round = -WARM_UP; round < rounds; round++)
        for (int i = 0; i < count; i++) {
            double time = once(&contestants[i], at_once);
            if (round >= 0)
                contestants[i].times[round] = time;
        }
    for (int i = 0; i < count; i++) {
        printf("%ld", contestants[i].peak);
        for (int round = 0; round < rounds; round++)
            printf(" %.1f", contestants[i].times[round]);
        printf("\n");
    }
    return 0;
}
