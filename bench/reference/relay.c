// The load generator of the copy line: starts a relay, sends GIB gibibytes through it, and reads the relay's CPU time.
//
//   relay GIB RELAY_CPU COMMAND...
//
// The relay gets the port to which it must connect (on 127.0.0.1) as its last argument, prints the port on which it
// accepts one connection, and ends when all is relayed.

#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

enum { PIECE = 1 << 18, ARGUMENTS = 16 };

static char piece[PIECE];

static void fail(const char *what)
{
    fprintf(stderr, "relay: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
    exit(1);
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

// Starts the relay; the port on which it listens.
static int start(pid_t *relay, int cpu, char **command, int count, int port)
{
    char *arguments[ARGUMENTS] = {0}, text[16];
    int out[2];
    if (count >= ARGUMENTS - 1 || pipe(out))
        fail("pipe");
    memcpy(arguments, command, (size_t)count * sizeof *command);
    snprintf(text, sizeof text, "%d", port);
    arguments[count] = text;
    *relay = fork();
    if (*relay < 0)
        fail("fork");
    if (*relay == 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        sched_setaffinity(0, sizeof set, &set);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        execvp(arguments[0], arguments);
        perror(arguments[0]);
        _exit(127);
    }
    close(out[1]);
    FILE *from = fdopen(out[0], "r");
    errno = 0;
    if (!from || fscanf(from, "%d", &port) != 1)
        fail("the relay gave no port");
    return port;
}

static void send_all(int port, uint64_t bytes)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
        fail("connect");
    while (bytes > 0) {
        ssize_t n = send(fd, piece, bytes < PIECE ? bytes : PIECE, 0);
        if (n < 0)
            fail("send");
        bytes -= (uint64_t)n;
    }
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: relay GIB RELAY_CPU COMMAND...\n");
        return 2;
    }
    double gib = atof(argv[1]);
    uint64_t bytes = (uint64_t)(gib * (1 << 30)), received = 0;
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 1)
        || getsockname(listener, (struct sockaddr *)&address, &length))
        fail("listen");
    pid_t relay;
    int port = start(&relay, atoi(argv[2]), argv + 3, argc - 3, ntohs(address.sin_port));

    double begin = now();
    pid_t sender = fork();
    if (sender < 0)
        fail("fork");
    if (sender == 0) {
        send_all(port, bytes);
        _exit(0);
    }
    int fd = accept(listener, NULL, NULL);
    ssize_t n;
    // MSG_TRUNC: the bytes are dropped in the kernel.
    while ((n = recv(fd, piece, PIECE, MSG_TRUNC)) > 0)
        received += (uint64_t)n;
    double wall = now() - begin;
    struct rusage usage;
    int status;
    if (received != bytes || wait4(relay, &status, 0, &usage) != relay || status != 0)
        fail("the relay lost bytes or failed");
    waitpid(sender, NULL, 0);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("cpu_s_per_gib %.6f\ngib_per_s %.4f\n", cpu / gib, gib / wall);
    return 0;
}
