// Relays one TCP connection to a port of 127.0.0.1 by splice(2) through a pipe. Prints its own port.

#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 1 << 20 };

static void check(int ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(1);
}

int main(int argc, char **argv)
{
    check(argc == 2, "usage: splice PORT");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), to = socket(AF_INET, SOCK_STREAM, 0), ends[2];
    check(!bind(listener, (struct sockaddr *)&address, length) && !listen(listener, 1), "listen");
    check(!getsockname(listener, (struct sockaddr *)&address, &length), "getsockname");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    int from = accept(listener, NULL, NULL);
    address.sin_port = htons((uint16_t)atoi(argv[1]));
    check(from >= 0 && !connect(to, (struct sockaddr *)&address, length), "connect");
    check(!pipe(ends) && fcntl(ends[1], F_SETPIPE_SZ, PIECE) > 0, "pipe");
    for (;;) {
        ssize_t held = splice(from, NULL, ends[1], NULL, PIECE, SPLICE_F_MOVE);
        check(held >= 0, "splice");
        if (held == 0)
            return 0;
        while (held > 0) {
            ssize_t n = splice(ends[0], NULL, to, NULL, (size_t)held, SPLICE_F_MOVE);
            check(n > 0, "splice");
            held -= n;
        }
    }
}
