// The load generator of the echo lines: starts a server, keeps CONNECTIONS ping-pongs of 64 bytes going, and reads
// the server's CPU clock around the measured time.
//
//   load [KIND:]CONNECTIONS SECONDS WARMUP SERVER_CPU COMMAND...
//
// KIND is `tcp`; `udp`, one socket for each; `new`, a TCP connection for each request, which the server ends; or `unix`
// or `seqpacket`, UNIX sockets. The server prints its port (on 127.0.0.1) as its first line, or the number N of its
// abstract name "bench-N". Every answer is compared with what was sent.

#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE = 64, EVENTS = 512 };

struct connection {
    int fd;
    uint32_t received;           // bytes of the current answer
    uint64_t sent[MESSAGE / 8];  // differs from request to request
    uint64_t answer[MESSAGE / 8];
};

static pid_t server;
enum kind { TCP, UDP, NEW, UNIX, SEQPACKET };
static const char *const kinds[] = {"tcp:", "udp:", "new:", "unix:", "seqpacket:"};
static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_STREAM, SOCK_STREAM, SOCK_SEQPACKET};
static enum kind kind;
static union {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_un un;
} address;
static socklen_t address_length;
static int poller;

static void fail(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
    if (server > 0)
        kill(server, SIGKILL);
    exit(1);
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t))
        fail("clock_gettime");
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int start_server(int cpu, char **command)
{
    int out[2];
    pid_t parent = getpid();
    if (pipe(out))
        fail("pipe");
    server = fork();
    if (server < 0)
        fail("fork");
    if (server == 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        sched_setaffinity(0, sizeof set, &set);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    close(out[1]);
    FILE *from = fdopen(out[0], "r");
    int port = 0;
    errno = 0;
    if (!from || fscanf(from, "%d", &port) != 1)
        fail("the server gave no port");
    return port;  // `from` stays open: a server that prints more must not get SIGPIPE
}

static void ask(struct connection *c)
{
    c->sent[0]++;
    c->received = 0;
    if (send(c->fd, c->sent, MESSAGE, MSG_NOSIGNAL) != MESSAGE)
        fail("send");
}

// The address of the server that has printed `number`.
static void set_address(int number)
{
    if (kind < UNIX) {
        address.in = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_port = htons((uint16_t)number), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        address_length = sizeof address.in;
    } else {
        address.un.sun_family = AF_UNIX;
        int length = snprintf(address.un.sun_path + 1, sizeof address.un.sun_path - 1, "bench-%d", number);
        address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    }
}

static void open_connection(struct connection *c)
{
    int one = 1;
    c->fd = socket(address.any.sa_family, types[kind], 0);
    if (c->fd < 0 || connect(c->fd, &address.any, address_length))
        fail("connect");
    if (kind == TCP || kind == NEW)
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event))
        fail("epoll_ctl");
}

// Takes what has come; true if that makes an answer complete.
static int take(struct connection *c)
{
    ssize_t n = recv(c->fd, (char *)c->answer + c->received, sizeof c->answer - c->received, MSG_DONTWAIT);
    if (n == 0 && kind == NEW && c->received == MESSAGE) {
        close(c->fd);
        open_connection(c);
    } else if (n <= 0) {
        errno = n ? errno : ECONNRESET;
        fail("recv");
    } else {
        c->received += (uint32_t)n;
        if (c->received < MESSAGE || kind == NEW)
            return 0;
    }
    errno = 0;
    if (memcmp(c->sent, c->answer, MESSAGE))
        fail("the answer is not what was sent");
    return 1;
}

// Serves answers until `end` on the monotonic clock; returns how many were complete.
static uint64_t run(double end)
{
    struct epoll_event events[EVENTS];
    uint64_t requests = 0;
    do {
        int count = epoll_wait(poller, events, EVENTS, 5000);
        if (count == 0)
            errno = ETIMEDOUT;
        if (count <= 0)
            fail("waiting for an answer");
        for (int i = 0; i < count; i++) {
            struct connection *c = events[i].data.ptr;
            if (!take(c))
                continue;
            requests++;
            ask(c);
        }
    } while (seconds(CLOCK_MONOTONIC) < end);
    return requests;
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr, "usage: load [KIND:]CONNECTIONS SECONDS WARMUP SERVER_CPU COMMAND...\n");
        return 2;
    }
    const char *colon = strchr(argv[1], ':');
    int count = atoi(colon ? colon + 1 : argv[1]);
    for (enum kind k = TCP; k <= SEQPACKET; k++)
        if (!strncmp(argv[1], kinds[k], strlen(kinds[k])))
            kind = k;
    double duration = atof(argv[2]), warm_up = atof(argv[3]);
    set_address(start_server(atoi(argv[4]), argv + 5));

    clockid_t server_clock;
    if ((errno = clock_getcpuclockid(server, &server_clock)))
        fail("clock_getcpuclockid");
    struct connection *connections = calloc((size_t)count, sizeof *connections);
    poller = epoll_create1(0);
    if (!connections || poller < 0)
        fail("set-up");
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < MESSAGE / 8; j++)
            connections[i].sent[j] = ((uint64_t)i + 1) << 32;
        open_connection(&connections[i]);
    }
    for (int i = 0; i < count; i++)
        ask(&connections[i]);

    run(seconds(CLOCK_MONOTONIC) + warm_up);
    double cpu = seconds(server_clock), own = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    uint64_t requests = run(wall + duration);
    cpu = seconds(server_clock) - cpu;
    own = seconds(CLOCK_PROCESS_CPUTIME_ID) - own;
    wall = seconds(CLOCK_MONOTONIC) - wall;

    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    printf("requests %llu\nseconds %.6f\n", (unsigned long long)requests, wall);
    printf("requests_per_s %.1f\ncpu_us %.5f\n", (double)requests / wall, cpu * 1e6 / (double)requests);
    printf("server_busy %.3f\nload_busy %.3f\n", cpu / wall, own / wall);
    return 0;
}
