// `seqpacket_ping_pong SCALE`: a short string there and back between two processes, by blocking calls on one pair of
// SOCK_SEQPACKET sockets: round trips per second.

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

static void rounds(int socket, long count)
{
    static const char text[] = "ping";
    char buffer[256];
    for (long i = 0; i < count; i++) {
        if (send(socket, text, sizeof text - 1, 0) < 0 || recv(socket, buffer, sizeof buffer, 0) <= 0)
            exit(1);
    }
}

int main(int argc, char **argv)
{
    long count = (long)(200000 * (argc > 1 ? atof(argv[1]) : 1));
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0)
        return 1;
    if (fork() == 0) {
        char buffer[256];
        ssize_t n;
        close(ends[0]);
        while ((n = recv(ends[1], buffer, sizeof buffer, 0)) > 0)
            send(ends[1], buffer, (size_t)n, 0);
        return 0;
    }
    close(ends[1]);
    rounds(ends[0], count / 10);
    double start = now();
    rounds(ends[0], count);
    printf("round_trips_per_s %.6f\n", (double)count / (now() - start));
    close(ends[0]);
    wait(NULL);
    return 0;
}
