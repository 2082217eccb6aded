/* Starts a program on a core, sends it SIGUSR1 again and again, and takes from its output when it was told: the
 * median delay. usage: signaller SCALE CPU PROGRAM [ARGUMENT ...] */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    int count = 2000 * atof(argv[1]), ends[2];
    if (count < 1)
        count = 1;
    if (pipe(ends) != 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        cpu_set_t cpus;
        CPU_ZERO(&cpus);
        CPU_SET(atoi(argv[2]), &cpus);
        sched_setaffinity(0, sizeof cpus, &cpus);
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execvp(argv[3], argv + 3);
        _exit(127);
    }
    close(ends[1]);
    FILE *told = fdopen(ends[0], "r");
    char line[64];
    double *delays = calloc(count, sizeof *delays);
    if (!fgets(line, sizeof line, told) || strcmp(line, "ready\n") != 0)
        return 1;
    for (int i = 0; i < count; ++i) {
        /* The program sleeps again before the next one. */
        usleep(200);
        double sent = now();
        kill(child, SIGUSR1);
        if (!fgets(line, sizeof line, told))
            return 1;
        delays[i] = atof(line) - sent;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    qsort(delays, count, sizeof *delays, compare);
    printf("median_ms %f\n", delays[count / 2] / 1e6);
    return 0;
}
