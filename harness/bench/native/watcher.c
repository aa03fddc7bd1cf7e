/* Says when this machine did not let a waiting program run.
 *
 * watcher PERIOD_US LEAST_US: sleeps to absolute deadlines PERIOD_US apart and prints one line for
 * every deadline that was met more than LEAST_US late: the deadline and the delay, nanoseconds of
 * the monotonic clock. It takes no memory and no lock and goes before every other program, the audio
 * thread of a run included, where the system lets it: what delays it then is the host. It ends when
 * standard input does. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_AT_INPUT_EVERY = 64, BEFORE_AUDIO = 10 };

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int input_ended(void) {
    struct pollfd input = {.fd = 0, .events = POLLIN};
    char ignored[256];
    return poll(&input, 1, 0) > 0 && read(0, ignored, sizeof ignored) <= 0;
}

int main(int count, char **words) {
    if (count != 3) {
        fprintf(stderr, "usage: watcher PERIOD_US LEAST_US\n");
        return 2;
    }
    int64_t period_ns = atoll(words[1]) * 1000, least_ns = atoll(words[2]) * 1000;
    sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){BEFORE_AUDIO});
    int64_t due_ns = now_ns() + period_ns;
    for (unsigned wake_ups = 1;; wake_ups++) {
        struct timespec due = {due_ns / 1000000000, due_ns % 1000000000};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) != 0) {}
        int64_t at_ns = now_ns(), late_ns = at_ns - due_ns;
        if (late_ns > least_ns) {
            printf("%" PRId64 " %" PRId64 "\n", due_ns, late_ns);
            fflush(stdout);
        }
        /* What was slept through is one delay, not many. */
        due_ns = late_ns > period_ns ? at_ns + period_ns : due_ns + period_ns;
        if (wake_ups % LOOK_AT_INPUT_EVERY == 0 && input_ended()) return 0;
    }
}
