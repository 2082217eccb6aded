// `startup TIMES COMMAND...`: runs COMMAND in fresh processes, one after the other. Prints the median of the time from
// fork to wait and the greatest resident size. Small itself, because a child's ru_maxrss begins with its parent's.

#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "clock.h"

extern char **environ;

int main(int argc, char **argv)
{
    int times = argc > 2 ? atoi(argv[1]) : 0;
    double *took = calloc((size_t)times + 1, sizeof *took);
    long resident = 0;
    if (times < 1 || !took) {
        fprintf(stderr, "usage: startup TIMES COMMAND...\n");
        return 2;
    }
    for (int i = 0; i < times; i++) {
        pid_t child;
        int status;
        struct rusage usage;
        double start = now();
        int error = posix_spawnp(&child, argv[2], NULL, NULL, argv + 2, environ);
        if (error || wait4(child, &status, 0, &usage) < 0 || status != 0) {
            fprintf(stderr, "startup: %s failed: %s\n", argv[2], error ? strerror(error) : "exit status");
            return 1;
        }
        took[i] = now() - start;
        if (usage.ru_maxrss > resident)
            resident = usage.ru_maxrss;
    }
    qsort(took, (size_t)times, sizeof *took, by_value);
    printf("wall_ms %.5f\nrss_mib %.4f\n", took[times / 2] * 1e3, (double)resident / 1024);
    return 0;
}
