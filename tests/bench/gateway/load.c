/* Sends one request over and over on kept connections and says how it went, as JSON.
 *
 *     load PORT REQUEST_FILE CONNECTIONS SECONDS RATE LIMIT
 *
 * RATE 0: a closed loop, each connection asks again at once. Else so many requests a second in all, each timed from the
 * moment it was due. LIMIT 0 or the number of requests after which it ends. Eight `@` in the request become a number
 * that is new each time, so that no answer can come from a cache. One thread. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = 16 * 1024, BINS = 4096, TAIL = 7, CONNECTIONS = 4096 };

struct connection {
    int fd, busy, head_used, in_body, chunked, status, closing;
    long body_left;
    int64_t due;
    char head[HEAD], tail[TAIL];
};

static struct connection *connections;
static char *request;
static int request_bytes, marker = -1, port, poller, idle[CONNECTIONS], idle_count, busy_count;
static long good, bad, lost, bytes, started, first_number;
static uint32_t *latencies;
static long latency_room = 1 << 22;

static int64_t now_ns(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static void dial(int number) {
    struct connection *c = &connections[number];
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c->fd, (struct sockaddr *)&where, sizeof where)) { perror("connect"); exit(1); }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
}

static void ask(int number, int64_t due) {
    struct connection *c = &connections[number];
    char digits[24];
    c->busy = 1, c->head_used = 0, c->in_body = 0, c->due = due, c->closing = 0, c->chunked = 0;
    busy_count++;
    started++;
    if (marker >= 0) {
        snprintf(digits, sizeof digits, "%08ld", (first_number + started) % 100000000);
        memcpy(request + marker, digits, 8);
    }
    int sent = 0;
    while (sent < request_bytes) {
        ssize_t step = send(c->fd, request + sent, request_bytes - sent, MSG_NOSIGNAL);
        if (step <= 0) return;
        sent += step;
    }
}

static void over(int number, int kept) {
    struct connection *c = &connections[number];
    if (c->busy) {
        busy_count--;
        if (!kept) lost++;
        else if (c->status == 200) {
            if (good < latency_room) latencies[good] = (uint32_t)((now_ns() - c->due) / 100);
            good++;
        } else bad++;
    }
    c->busy = 0;
    if (!kept || c->closing) { close(c->fd); dial(number); }
    idle[idle_count++] = number;
}

/* Whether the body has ended with these bytes; a chunked one ends with an empty chunk. */
static int body_ended(struct connection *c, const char *data, long length) {
    bytes += length;
    if (!c->chunked) return (c->body_left -= length) <= 0;
    if (length >= TAIL) memcpy(c->tail, data + length - TAIL, TAIL);
    else {
        memmove(c->tail, c->tail + length, TAIL - length);
        memcpy(c->tail + TAIL - length, data, length);
    }
    return !memcmp(c->tail, "\r\n0\r\n\r\n", TAIL);
}

static int take(struct connection *c, const char *data, long length) {
    if (c->in_body) return body_ended(c, data, length);
    long room = HEAD - 1 - c->head_used, taken = length < room ? length : room;
    memcpy(c->head + c->head_used, data, taken);
    long before = c->head_used;
    c->head_used += taken;
    c->head[c->head_used] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end) return 0;
    end[2] = 0;
    char *size = strcasestr(c->head, "\r\ncontent-length:");
    c->status = atoi(c->head + 9);
    c->chunked = strcasestr(c->head, "\r\ntransfer-encoding: chunked") != 0;
    c->closing = strcasestr(c->head, "\r\nconnection: close") != 0;
    c->body_left = size ? atol(size + 17) : 0;
    c->in_body = 1;
    memset(c->tail, 0, TAIL);
    long head_bytes = end + 4 - c->head - before;
    if (c->chunked && length == head_bytes) return 0;
    return body_ended(c, data + head_bytes, length - head_bytes);
}

static int ascending(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static double quantile(double share) {
    long count = good < latency_room ? good : latency_room;
    return count ? latencies[(long)(share * (count - 1))] / 10.0 : 0;
}

static void receive(int timeout_ms) {
    static char data[1 << 18];
    struct epoll_event ready[512];
    int found = epoll_wait(poller, ready, 512, timeout_ms);
    for (int each = 0; each < found; each++) {
        int number = ready[each].data.u32;
        ssize_t got = recv(connections[number].fd, data, sizeof data, MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN) continue;
        if (got <= 0) { if (connections[number].busy) over(number, 0); else { close(connections[number].fd); dial(number); } }
        else if (connections[number].busy && take(&connections[number], data, got)) over(number, 1);
    }
}

static void run(double seconds, double rate, long limit) {
    int64_t begin = now_ns(), end = begin + (int64_t)(seconds * 1e9), due = begin;
    for (;;) {
        int64_t now = now_ns();
        int going = now < end && (!limit || started < limit);
        if (!going && (!busy_count || now > end + 5000000000LL)) return;
        if (rate > 0) {
            while (going && due <= now && idle_count) {
                ask(idle[--idle_count], due);
                due += (int64_t)(1e9 / rate);
            }
            /* Sleeping would wake up late by more than what is measured: it spins, on a core of its own. */
            receive(busy_count || now + 200000 > due ? 0 : 1 + (int)((due - now - 200000) / 1200000));
        } else {
            while (going && idle_count && (!limit || started < limit)) ask(idle[--idle_count], now_ns());
            receive(100);
        }
    }
}

int main(int count, char **arguments) {
    if (count != 7) return 2;
    FILE *file = fopen(arguments[2], "rb");
    int many = atoi(arguments[3]);
    port = atoi(arguments[1]);
    request = malloc(1 << 20);
    request_bytes = file ? (int)fread(request, 1, 1 << 20, file) : 0;
    char *mark = memmem(request, request_bytes, "@@@@@@@@", 8);
    marker = mark ? (int)(mark - request) : -1;
    connections = calloc(many, sizeof *connections);
    latencies = malloc(latency_room * sizeof *latencies);
    poller = epoll_create1(0);
    for (int number = 0; number < many; number++) { dial(number); idle[idle_count++] = number; }
    int64_t begin = now_ns();
    first_number = begin / 1000 % 100000000; /* microseconds: no two runs send the same numbers */
    run(atof(arguments[4]), atof(arguments[5]), atol(arguments[6]));
    double seconds = (now_ns() - begin) / 1e9;
    qsort(latencies, good < latency_room ? good : latency_room, sizeof *latencies, ascending);
    printf("{\"good\": %ld, \"bad\": %ld, \"lost\": %ld, \"unanswered\": %d, \"bytes\": %ld, \"seconds\": %.6f, "
           "\"p50_us\": %.1f, \"p99_us\": %.1f}\n",
           good, bad, lost, busy_count, bytes, seconds, quantile(0.5), quantile(0.99));
}
