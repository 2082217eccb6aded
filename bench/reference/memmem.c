// `memmem SCALE`: libc's memmem over the text of bench/emilua/find.lua.

#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SIZE = 1 << 20, EVERY = 1 << 16 };

static char text[SIZE];

static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// How often `needle` is in the text.
static unsigned count(const char *needle)
{
    size_t length = strlen(needle);
    unsigned hits = 0;
    for (const char *at = text; (at = memmem(at, (size_t)(text + SIZE - at), needle, length)); at++)
        hits++;
    return hits;
}

static void measure(const char *name, const char *needle, unsigned expected, int rounds)
{
    double start = cpu();
    for (int i = 0; i < rounds; i++)
        if (count(needle) != expected) {
            fprintf(stderr, "memmem: wrong number of hits\n");
            exit(1);
        }
    printf("%s_mb_per_s %.1f\n", name, (double)SIZE * rounds / 1e6 / (cpu() - start));
}

int main(int argc, char **argv)
{
    int rounds = 1 + (int)(1000 * (argc > 1 ? atof(argv[1]) : 1));
    uint32_t state = 1;
    for (int i = 0; i < SIZE; i++) {
        state = state * 1664525u + 1013904223u;
        text[i] = (char)('a' + (state >> 24) % 26);
    }
    for (int i = EVERY - 100; i < SIZE; i += EVERY)
        memcpy(text + i, "rareneedleinthehay", 18);
    measure("absent", "thisisabsentatall", 0, rounds);
    measure("rare", "rareneedleinthehay", SIZE / EVERY, rounds);
    return 0;
}
