/* The null server as a native program: what a Python one would take of its core is nearly nothing.
 *
 * sink SCRIPT: SCRIPT holds messages ready for the wire, each behind its length (32 bits, native
 * order): the session's creation, its update, "speech started", "speech stopped" with the
 * response's announcement, and the response piece by piece. `########` in them is the number of the
 * turn. A turn ends at the last frame that is not silent. Base64 of digital silence is one group of
 * four characters repeated, and so it is under any mask of four bytes: nothing is unmasked.
 *
 * A line on standard input is answered with a line of JSON: audio frames so far, sessions open, CPU
 * time. After `record FILE` every frame's arrival is written to FILE, until `stop`: session and
 * nanoseconds of the monotonic clock, 64 bits each. It ends when standard input does, and goes
 * before other programs where the system lets it: a late look would be told as a late frame. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CREATED, UPDATED, STARTED, ANSWER, PIECES };
enum { MOST_MESSAGES = 64, MOST_BYTES = 1 << 20, MOST_DIGITS = 8, LISTENER = -1, INPUT = -2 };
/* Beyond the envelope's opening words in any spelling, before its closing ones; see null_server.py. */
enum { HEAD = 64, TAIL = 8, LEAST_AUDIO = 500 };
static const int64_t PIECE_NS = 20000000; /* 100 ms of audio, five times as fast as it plays */

struct message { char *data; size_t size; char *turn[4]; int turns; };
struct connection { int fd; uint64_t number; int upgraded, speaking; unsigned turn; size_t kept; char *rest; };
struct piece { int64_t due_ns; int fd; uint64_t number; int index; struct piece *next; };

static struct message messages[MOST_MESSAGES];
static int known;
static struct connection *by_fd[1 << 17];
static struct piece *first, **last = &first; /* all wait equally long: the order they came in */
static uint64_t frames, accepted, open_now;
static FILE *arrivals;
static int poller;
static char bytes[MOST_BYTES];

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void fail(const char *what) { perror(what); exit(1); }
static void load(const char *path) {
    FILE *file = fopen(path, "rb");
    uint32_t size;
    if (!file) fail(path);
    while (known < MOST_MESSAGES && fread(&size, sizeof size, 1, file) == 1) {
        struct message *m = &messages[known++];
        m->size = size, m->data = malloc(size);
        if (!m->data || fread(m->data, 1, size, file) != size) fail(path);
        char *at = m->data;
        while (m->turns < 4 && (at = memmem(at, m->data + size - at, "########", MOST_DIGITS)))
            m->turn[m->turns++] = at, at += MOST_DIGITS;
    }
    if (fclose(file) || known <= PIECES) fail("too few messages in the script");
}

static void drop(struct connection *c) {
    by_fd[c->fd] = NULL, open_now -= c->upgraded, close(c->fd), free(c->rest), free(c);
}

/* A client that reads so little that its buffers are full is given up, and is missed as lost. */
static int put(struct connection *c, const void *data, size_t size) {
    return send(c->fd, data, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static int say(struct connection *c, int index) {
    struct message *m = &messages[index];
    char digits[MOST_DIGITS + 1];
    snprintf(digits, sizeof digits, "%08u", c->turn % 100000000);
    for (int i = 0; i < m->turns; i++) memcpy(m->turn[i], digits, MOST_DIGITS);
    return put(c, m->data, m->size);
}

static void later(struct connection *c, int index) {
    struct piece *p = malloc(sizeof *p);
    if (!p) fail("memory");
    *p = (struct piece){now_ns() + PIECE_NS, c->fd, c->number, index, NULL};
    *last = p, last = &p->next;
}

static void say_pieces(void) {
    while (first && first->due_ns <= now_ns()) {
        struct piece *p = first;
        struct connection *c = by_fd[p->fd];
        if (!(first = p->next)) last = &first;
        if (c && c->number == p->number) {
            if (!say(c, p->index)) drop(c);
            else if (p->index + 1 < known) later(c, p->index + 1);
        }
        free(p);
    }
}

static uint32_t turned(uint32_t x, int by) { return x << by | x >> (32 - by); }

/* SHA-1 of at most 119 bytes: a key of 24 and the 36 of RFC 6455. */
static void sha1(const char *text, unsigned char digest[20]) {
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0}, w[80];
    unsigned char block[128] = {0};
    size_t size = strlen(text), blocks = size > 55 ? 2 : 1;
    memcpy(block, text, size), block[size] = 0x80;
    block[64 * blocks - 2] = size * 8 >> 8, block[64 * blocks - 1] = size * 8;
    for (size_t b = 0; b < blocks; b++) {
        for (int i = 0; i < 16; i++) memcpy(&w[i], block + 64 * b + 4 * i, 4), w[i] = ntohl(w[i]);
        for (int i = 16; i < 80; i++) w[i] = turned(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        uint32_t a = h[0], c = h[1], d = h[2], e = h[3], f = h[4];
        for (int i = 0; i < 80; i++) {
            uint32_t mixed = i < 20 ? ((c & d) | (~c & e)) + 0x5A827999 : i < 40 ? (c ^ d ^ e) + 0x6ED9EBA1
                : i < 60 ? ((c & d) | (c & e) | (d & e)) + 0x8F1BBCDC : (c ^ d ^ e) + 0xCA62C1D6;
            uint32_t next = turned(a, 5) + mixed + f + w[i];
            f = e, e = d, d = turned(c, 30), c = a, a = next;
        }
        h[0] += a, h[1] += c, h[2] += d, h[3] += e, h[4] += f;
    }
    for (int i = 0; i < 5; i++) { uint32_t word = htonl(h[i]); memcpy(digest + 4 * i, &word, 4); }
}

static int upgrade(struct connection *c, char *request) {
    static const char of[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[64] = "", accept[29] = "", answer[256], *key = strcasestr(request, "sec-websocket-key:");
    unsigned char digest[21] = {0};
    if (!key || sscanf(key + 18, " %24[^ \r\n]", text) != 1) return 0;
    sha1(strcat(text, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"), digest);
    for (int i = 0; i < 7; i++) {
        uint32_t three = digest[3 * i] << 16 | digest[3 * i + 1] << 8 | digest[3 * i + 2];
        for (int j = 0; j < 4; j++) accept[4 * i + j] = of[three >> (18 - 6 * j) & 63];
    }
    accept[27] = '=';
    int size = snprintf(answer, sizeof answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
    c->upgraded = 1, open_now++;
    return put(c, answer, size) && say(c, CREATED);
}

static int take(struct connection *c, int opcode, unsigned char *mask, char *body, size_t size, int64_t at_ns) {
    if (opcode == 8) { put(c, "\x88\x02\x03\xe8", 4); return 0; }
    if (opcode == 9 && size <= 125) {
        char pong[127] = {(char)0x8a, (char)size};
        for (size_t i = 0; i < size; i++) pong[2 + i] = body[i] ^ mask[i % 4];
        return put(c, pong, 2 + size);
    }
    if (opcode != 1 || size < LEAST_AUDIO) return opcode != 1 || say(c, UPDATED);
    frames++;
    if (arrivals) fwrite((uint64_t[]){c->number, at_ns}, 16, 1, arrivals);
    int silent = memcmp(body + HEAD, body + HEAD + 4, size - HEAD - TAIL - 4) == 0;
    if (silent != c->speaking) return 1;
    c->speaking = !silent;
    if (!silent) return say(c, STARTED);
    c->turn++;
    if (!say(c, ANSWER) || !say(c, PIECES)) return 0;
    later(c, PIECES + 1);
    return 1;
}

static void receive(struct connection *c) {
    if (c->kept) memcpy(bytes, c->rest, c->kept);
    ssize_t got = recv(c->fd, bytes + c->kept, sizeof bytes - 1 - c->kept, 0);
    if (got <= 0) { if (got == 0 || errno != EAGAIN) drop(c); return; }
    int64_t at_ns = now_ns();
    size_t size = c->kept + got, at = 0;
    if (!c->upgraded) {
        bytes[size] = 0;
        char *end = strstr(bytes, "\r\n\r\n");
        if (end && !upgrade(c, bytes)) { drop(c); return; }
        if (end) at = end + 4 - bytes;
    }
    while (c->upgraded && size - at >= 8) {
        unsigned char *b = (unsigned char *)bytes + at;
        size_t length = b[1] & 0x7F, head = 6;
        if (length == 126) length = b[2] << 8 | b[3], head = 8;
        else if (length == 127) length = (size_t)b[6] << 24 | b[7] << 16 | b[8] << 8 | b[9], head = 14;
        if (head + length > size - at) break;
        if (!take(c, b[0] & 15, b + head - 4, (char *)b + head, length, at_ns)) { drop(c); return; }
        at += head + length;
    }
    c->kept = size - at;
    if (c->kept && !(c->rest = realloc(c->rest, c->kept))) fail("memory");
    if (c->kept) memcpy(c->rest, bytes + at, c->kept);
}

static void watch(int fd, int what) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = what};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event)) fail("epoll");
}

static void welcome(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        struct connection *c = (size_t)fd < sizeof by_fd / sizeof *by_fd ? calloc(1, sizeof *c) : NULL;
        if (!c) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        c->fd = fd, c->number = accepted++, by_fd[fd] = c;
        watch(fd, fd);
    }
}

static void answer(void) {
    char line[4096];
    if (!fgets(line, sizeof line, stdin)) exit(0);
    line[strcspn(line, "\n")] = 0;
    if (arrivals && !strcmp(line, "stop")) fclose(arrivals), arrivals = NULL;
    if (!arrivals && !strncmp(line, "record ", 7) && !(arrivals = fopen(line + 7, "wb"))) fail(line + 7);
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu_s = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("{\"frames\": %" PRIu64 ", \"open\": %" PRIu64 ", \"cpu_s\": %.6f}\n", frames, open_now, cpu_s);
    fflush(stdout);
}

int main(int count, char **words) {
    if (count != 2) { fprintf(stderr, "usage: sink SCRIPT\n"); return 2; }
    load(words[1]);
    sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){1});
    struct rlimit files;
    if (!getrlimit(RLIMIT_NOFILE, &files)) files.rlim_cur = files.rlim_max, setrlimit(RLIMIT_NOFILE, &files);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) fail("listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    poller = epoll_create1(EPOLL_CLOEXEC);
    watch(listener, LISTENER), watch(0, INPUT);
    setvbuf(stdin, NULL, _IONBF, 0); /* what is buffered would not wake the poller */
    printf("listening on ws://127.0.0.1:%d/v1/realtime\n", ntohs(address.sin_port));
    fflush(stdout);
    for (struct epoll_event events[256];;) {
        int64_t wait_ns = first ? first->due_ns - now_ns() : 0;
        int wait_ms = !first ? -1 : wait_ns <= 0 ? 0 : (int)((wait_ns + 999999) / 1000000);
        int ready = epoll_wait(poller, events, 256, wait_ms);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == LISTENER) welcome(listener);
            else if (fd == INPUT) answer();
            else if (by_fd[fd]) receive(by_fd[fd]);
        }
        say_pieces();
    }
}
