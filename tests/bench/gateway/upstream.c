/* An API that costs next to nothing: answers every POST from memory, whole or as a stream.
 *
 *     upstream PORT BODY_FILE LARGE_BODY_FILE EVENT_FILE END_FILE
 *
 * BODY_FILE is the whole answer's body, LARGE_BODY_FILE that of requests over 32 KiB, whose usage is in proportion. A
 * request with `"stream": true` gets a chunked answer of as many copies of
 * EVENT_FILE as its `"max_tokens": N` says, each in a chunk and a write of its own, and then END_FILE. One thread. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 256 * 1024, CONNECTIONS = 8192, LARGE = 32 * 1024 };

struct connection {
    char *data;
    int used, events_left, ending, offset, writable_asked;
};

static struct connection connections[CONNECTIONS];
static int flowing[CONNECTIONS], flowing_count;
static char *whole, *large, *chunk, *ending;
static int whole_bytes, large_bytes, chunk_bytes, ending_bytes, poller;
static const char STREAM_HEAD[] =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

static char *read_file(const char *path, int *length) {
    FILE *file = fopen(path, "rb");
    char *text = malloc(1 << 20);
    if (!file) { perror(path); exit(1); }
    *length = (int)fread(text, 1, 1 << 20, file);
    fclose(file);
    return text;
}

static char *framed(const char *text, int length, const char *end, int *framed_bytes) {
    char *out = malloc(length + 64);
    int head = sprintf(out, "%x\r\n", length);
    memcpy(out + head, text, length);
    *framed_bytes = head + length + sprintf(out + head + length, "\r\n%s", end);
    return out;
}

static char *headed(const char *path, int *bytes) {
    int length;
    char *body = read_file(path, &length), *out = malloc(length + 256);
    *bytes = sprintf(out, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n", length);
    memcpy(out + *bytes, body, length);
    *bytes += length;
    return out;
}

static void watch(int fd, int writing) {
    struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.fd = fd};
    if (connections[fd].writable_asked != writing) epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event);
    connections[fd].writable_asked = writing;
}

static void drop(int fd) {
    free(connections[fd].data);
    memset(&connections[fd], 0, sizeof connections[fd]);
    close(fd);
}

/* The next event of each running stream that can take one: so they come one by one, as tokens do, and not as a block. */
static void tick(void) {
    for (int each = 0; each < flowing_count;) {
        int fd = flowing[each];
        struct connection *c = &connections[fd];
        const char *text = c->events_left ? chunk : ending;
        int length = c->events_left ? chunk_bytes : ending_bytes;
        ssize_t sent = send(fd, text + c->offset, length - c->offset, MSG_NOSIGNAL);
        int full = sent < 0 && errno == EAGAIN, gone = sent < 0 && !full;
        if (sent > 0 && (c->offset += sent) == length) {
            c->offset = 0;
            if (c->events_left) c->events_left--; else c->ending = 0;
        }
        if (full) watch(fd, 1);
        if (full || gone || !c->ending) flowing[each] = flowing[--flowing_count]; else each++;
        if (gone) drop(fd);
    }
}

static void flow(int fd) {
    watch(fd, 0);
    flowing[flowing_count++] = fd;
}

static void stop_flowing(int fd) {
    for (int each = 0; each < flowing_count; each++)
        if (flowing[each] == fd) { flowing[each] = flowing[--flowing_count]; return; }
}

/* What follows a key, with or without a space between; NULL where it is not there. */
static const char *after(const char *body, int length, const char *key) {
    const char *found = memmem(body, length, key, strlen(key));
    return found ? found + strlen(key) + (found[strlen(key)] == ' ') : NULL;
}

static int answer(int fd, char *body, int length) {
    const char *many = after(body, length, "\"max_tokens\":"), *stream = after(body, length, "\"stream\":");
    if (!stream || *stream != 't') {
        const char *text = length > LARGE ? large : whole;
        int bytes = length > LARGE ? large_bytes : whole_bytes;
        if (send(fd, text, bytes, MSG_NOSIGNAL) == bytes) return 1;
        drop(fd);
        return 0;
    }
    connections[fd].events_left = many ? atoi(many) : 64;
    connections[fd].ending = 1;
    if (send(fd, STREAM_HEAD, sizeof STREAM_HEAD - 1, MSG_NOSIGNAL) < 0) { drop(fd); return 0; }
    flow(fd);
    return 1;
}

/* Length of the whole request at the front of the buffer, 0 when it is not whole yet; `*body` where its body begins. */
static int request_bytes(char *data, int used, int *body) {
    char *end = memmem(data, used, "\r\n\r\n", 4), *length, *coding;
    if (!end) return 0;
    *body = (int)(end - data) + 4;
    *end = 0;
    length = strcasestr(data, "\r\ncontent-length:");
    coding = strcasestr(data, "\r\ntransfer-encoding: chunked");
    int bytes = length ? atoi(length + 17) : 0;
    *end = '\r';
    if (coding) {
        char *last = memmem(data + *body, used - *body, "\r\n0\r\n\r\n", 7);
        return last ? (int)(last - data) + 7 : 0;
    }
    return *body + bytes <= used ? *body + bytes : 0;
}

static void readable(int fd) {
    struct connection *c = &connections[fd];
    ssize_t got = recv(fd, c->data + c->used, BUFFER - 1 - c->used, 0);
    if (got <= 0) {
        if (got < 0 && errno == EAGAIN) return;
        stop_flowing(fd);
        drop(fd);
        return;
    }
    c->used += got;
    c->data[c->used] = 0;
    int body, length;
    while (!c->events_left && !c->ending && (length = request_bytes(c->data, c->used, &body))) {
        char *data = c->data;
        if (!answer(fd, data + body, length - body)) return;
        memmove(data, data + length, c->used - length + 1);
        c->used -= length;
    }
}

int main(int count, char **arguments) {
    if (count != 6) return 2;
    int length, one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1]))};
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    whole = headed(arguments[2], &whole_bytes);
    large = headed(arguments[3], &large_bytes);
    char *body = read_file(arguments[4], &length);
    chunk = framed(body, length, "", &chunk_bytes);
    body = read_file(arguments[5], &length);
    ending = framed(body, length, "0\r\n\r\n", &ending_bytes);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&where, sizeof where) || listen(listener, 4096)) { perror("bind"); return 1; }
    poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[256];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int found = epoll_wait(poller, ready, 256, flowing_count ? 0 : -1);
        for (int each = 0; each < found; each++) {
            int fd = ready[each].data.fd;
            if (fd != listener) {
                if (ready[each].events & EPOLLOUT) flow(fd);
                if (ready[each].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(fd);
                continue;
            }
            int accepted = accept4(listener, 0, 0, SOCK_NONBLOCK);
            if (accepted < 0 || accepted >= CONNECTIONS) { if (accepted >= 0) close(accepted); continue; }
            setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            connections[accepted].data = malloc(BUFFER);
            event = (struct epoll_event){.events = EPOLLIN, .data.fd = accepted};
            epoll_ctl(poller, EPOLL_CTL_ADD, accepted, &event);
        }
        tick();
    }
}
