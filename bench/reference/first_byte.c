// `first_byte TIMES COMMAND...`: runs COMMAND in fresh processes, one after the other. Prints the median of the time from
// the request to the first byte on its standard output.

#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

extern char **environ;

static double run(char **command)
{
    int ends[2];
    pid_t child;
    char byte;
    double start = now();
    posix_spawn_file_actions_t actions;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    int error = posix_spawnp(&child, command[0], &actions, NULL, command, environ);
    close(ends[1]);
    int got = error ? 0 : (int)read(ends[0], &byte, 1);
    double took = now() - start;
    close(ends[0]);
    posix_spawn_file_actions_destroy(&actions);
    if (!error)
        waitpid(child, NULL, 0);
    usleep(5000);
    return got == 1 ? took : -1;
}

int main(int argc, char **argv)
{
    int times = argc > 2 ? atoi(argv[1]) : 0;
    double *took = calloc((size_t)times + 1, sizeof *took);
    if (times < 1 || !took) {
        fprintf(stderr, "usage: first_byte TIMES COMMAND...\n");
        return 2;
    }
    for (int i = 0; i < times; i++) {
        took[i] = run(argv + 2);
        if (took[i] < 0) {
            fprintf(stderr, "first_byte: %s says nothing\n", argv[2]);
            return 1;
        }
    }
    qsort(took, (size_t)times, sizeof *took, by_value);
    printf("wall_ms %.5f\n", took[times / 2] * 1e3);
    return 0;
}
