/* posix_spawn of /bin/true and waitpid, AT_ONCE children at a time: wall time per child.
 * usage: children SCALE AT_ONCE */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void run(int at_once)
{
    static char *argv[] = { "true", NULL }, *envp[] = { NULL };
    pid_t children[1024];
    for (int i = 0; i < at_once; ++i) {
        if (posix_spawn(&children[i], "/bin/true", NULL, NULL, argv, envp) != 0) {
            perror("posix_spawn");
            exit(1);
        }
    }
    for (int i = 0; i < at_once; ++i)
        waitpid(children[i], NULL, 0);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int at_once = atoi(argv[2]);
    int count = 2000 * atof(argv[1]);
    int rounds = count < at_once ? 1 : (count + at_once - 1) / at_once;
    for (int i = 0; i < (rounds + 9) / 10; ++i)
        run(at_once);
    double start = now();
    for (int i = 0; i < rounds; ++i)
        run(at_once);
    printf("child_us %f\n", (now() - start) * 1e6 / ((double)rounds * at_once));
    return 0;
}
