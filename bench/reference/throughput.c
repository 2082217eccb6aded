// 2 GiB through a TCP connection to itself, in 64 KiB pieces: one thread writes what fits, reads what is there, and
// asks epoll when neither goes on. What bench/emilua/throughput.lua does with two fibers.

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 65536 };

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(long result, const char *what)
{
    if (result < 0) {
        perror(what);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    double scale = argc > 1 ? atof(argv[1]) : 1;
    long long total = (long long)(2048 * scale) * 1048576, sent = 0, received = 0;
    static char out[PIECE], in[PIECE];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;

    int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    check(bind(listener, (struct sockaddr *)&address, length), "bind");
    check(getsockname(listener, (struct sockaddr *)&address, &length), "getsockname");
    check(listen(listener, 1), "listen");
    check(connect(client, (struct sockaddr *)&address, length), "connect");
    int server = accept(listener, NULL, NULL), poller = epoll_create1(0);
    check(server, "accept");
    struct epoll_event event = {.events = EPOLLOUT | EPOLLET};
    check(epoll_ctl(poller, EPOLL_CTL_ADD, client, &event), "epoll_ctl");
    event.events = EPOLLIN | EPOLLET;
    check(epoll_ctl(poller, EPOLL_CTL_ADD, server, &event), "epoll_ctl");

    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    while (received < total) {
        int moved = 0;
        while (sent < total) {
            ssize_t n = send(client, out, PIECE, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n < 0 && errno == EAGAIN)
                break;
            check(n, "send");
            sent += n;
            moved = 1;
            if (n < PIECE)
                break;
        }
        for (;;) {
            ssize_t n = recv(server, in, PIECE, MSG_DONTWAIT);
            if (n < 0 && errno == EAGAIN)
                break;
            check(n, "recv");
            received += n;
            moved = 1;
            if (n < PIECE)
                break;
        }
        struct epoll_event events[2];
        if (!moved)
            check(epoll_wait(poller, events, 2, -1), "epoll_wait");
    }
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = seconds(CLOCK_MONOTONIC) - wall;
    double gib = (double)total / (1 << 30);
    printf("cpu_s_per_gib %.6f\ngib_per_s %.6f\n", cpu / gib, gib / wall);
    return 0;
}
