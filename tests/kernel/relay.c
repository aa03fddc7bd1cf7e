/* Joins two network namespaces by two TUN devices; delays every packet, loses some.

   relay NETNS_A NETNS_B DELAY_US LOSS_PPM_AB LOSS_PPM_BA MEAN_BAD_US SEED [LOG]

   Loss is drawn independently for each packet, or, with MEAN_BAD_US above 0, by good and bad times
   of exponential length, one process per flow and direction. SYN, FIN and RST are never lost.
   "ready" is printed once both devices are up, and what was seen and lost at the end (SIGTERM).
   LOG gets one line a TCP packet: time ns, direction, client port, seq, ack, payload bytes, lost. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <math.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { RING = 1 << 15, PACKET = 2048, FLOWS = 1 << 16 };

struct waiting { int64_t due_ns; int bytes; unsigned char data[PACKET]; };
struct phase { int64_t turns_ns; int bad; };
struct way {
    int from, to;
    double loss;
    uint64_t draws;
    struct waiting *ring;
    unsigned head, tail;
    struct phase *flows;
    long seen, lost;
};

static volatile sig_atomic_t ended;
static double mean_bad_ns;
static FILE *log_file;

static void end(int signal_number) { (void)signal_number; ended = 1; }

static void die(const char *what) { perror(what); exit(2); }

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* xorshift64*, uniform in [0, 1). */
static double draw(struct way *way) {
    way->draws ^= way->draws >> 12;
    way->draws ^= way->draws << 25;
    way->draws ^= way->draws >> 27;
    return (double)((way->draws * 2685821657736338717ULL) >> 11) / 9007199254740992.0;
}

static double length(struct way *way, int bad) {
    double mean = bad ? mean_bad_ns : mean_bad_ns * (1 - way->loss) / way->loss;
    return -mean * log(1 - draw(way));
}

static int is_lost(struct way *way, unsigned flow, int64_t at_ns) {
    if (way->loss <= 0) return 0;
    if (mean_bad_ns <= 0) return draw(way) < way->loss;
    struct phase *phase = &way->flows[flow];
    if (!phase->turns_ns) {
        phase->bad = draw(way) < way->loss;
        phase->turns_ns = at_ns + (int64_t)length(way, phase->bad);
    }
    while (phase->turns_ns <= at_ns) {
        phase->bad = !phase->bad;
        phase->turns_ns += (int64_t)length(way, phase->bad);
    }
    return phase->bad;
}

static int open_tun(const char *netns) {
    char path[256];
    snprintf(path, sizeof path, "/var/run/netns/%s", netns);
    int ns = open(path, O_RDONLY | O_CLOEXEC);
    if (ns < 0 || setns(ns, CLONE_NEWNET)) die(path);
    close(ns);
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tun < 0) die("/dev/net/tun");
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    strcpy(request.ifr_name, "tun0");
    if (ioctl(tun, TUNSETIFF, &request)) die("TUNSETIFF");
    return tun;
}

static void take(struct way *way, int number, int64_t delay_ns) {
    for (;;) {
        if (way->head - way->tail == RING) return;
        struct waiting *slot = &way->ring[way->head % RING];
        ssize_t bytes = read(way->from, slot->data, PACKET);
        if (bytes <= 0) return;
        int64_t at_ns = now_ns();
        unsigned char *ip = slot->data, *tcp = ip + (ip[0] & 15) * 4;
        if (ip[0] >> 4 == 4 && ip[9] == 6) {
            int payload = (int)bytes - (int)(tcp - ip) - (tcp[12] >> 4) * 4;
            unsigned port = number ? tcp[2] << 8 | tcp[3] : tcp[0] << 8 | tcp[1];
            uint32_t seq, ack;
            memcpy(&seq, tcp + 4, 4);
            memcpy(&ack, tcp + 8, 4);
            int lost = !(tcp[13] & 7) && is_lost(way, port, at_ns);
            way->seen++;
            way->lost += lost;
            if (log_file)
                fprintf(log_file, "%lld %d %u %u %u %d %d\n", (long long)at_ns, number, port,
                        ntohl(seq), ntohl(ack), payload, lost);
            if (lost) continue;
        }
        slot->due_ns = at_ns + delay_ns;
        slot->bytes = (int)bytes;
        way->head++;
    }
}

static int64_t give(struct way *way) {
    while (way->head != way->tail) {
        struct waiting *slot = &way->ring[way->tail % RING];
        if (slot->due_ns > now_ns()) return slot->due_ns;
        if (write(way->to, slot->data, slot->bytes) < 0) perror("write");
        way->tail++;
    }
    return INT64_MAX;
}

int main(int count, char **word) {
    if (count < 8) return 2;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    struct sigaction action = {.sa_handler = end};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    int a = open_tun(word[1]), b = open_tun(word[2]);
    int64_t delay_ns = atoll(word[3]) * 1000;
    mean_bad_ns = atof(word[6]) * 1000;
    struct way ways[2] = {{.from = a, .to = b}, {.from = b, .to = a}};
    for (int i = 0; i < 2; i++) {
        ways[i].loss = atof(word[4 + i]) / 1e6;
        ways[i].draws = strtoull(word[7], NULL, 10) * 0x9E3779B97F4A7C15ULL + 1 + i;
        ways[i].ring = calloc(RING, sizeof *ways[i].ring);
        ways[i].flows = calloc(FLOWS, sizeof *ways[i].flows);
        for (int j = 0; j < 8; j++) draw(&ways[i]);
    }
    if (count > 8) log_file = fopen(word[8], "w");
    puts("ready");
    fflush(stdout);
    while (!ended) {
        int64_t due_ns = INT64_MAX;
        for (int i = 0; i < 2; i++) {
            int64_t next_ns = give(&ways[i]);
            if (next_ns < due_ns) due_ns = next_ns;
        }
        int64_t wait_ns = due_ns == INT64_MAX ? 100000000 : due_ns - now_ns();
        if (wait_ns < 0) wait_ns = 0;
        if (wait_ns > 100000000) wait_ns = 100000000;
        struct timespec wait = {0, wait_ns};
        struct pollfd ready[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
        if (ppoll(ready, 2, &wait, NULL) > 0)
            for (int i = 0; i < 2; i++)
                if (ready[i].revents & POLLIN) take(&ways[i], i, delay_ns);
    }
    for (int i = 0; i < 2; i++) printf("%ld %ld\n", ways[i].seen, ways[i].lost);
    if (log_file) fclose(log_file);
    return 0;
}
