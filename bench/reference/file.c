// `file SCALE prepare|drop|read|write|random|uncached`: what bench/emilua/file.lua does, by pread, write and io_uring.

#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { READ = 1 << 16, WRITE = 1 << 20, PAGE = 4096, DEPTH = 32 };
#define NAME "build/bench/file.data"

static long size;
static double scale = 1;

static double wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static void write_all(int quiet)
{
    unlink(NAME);
    int fd = open(NAME, O_CREAT | O_TRUNC | O_WRONLY, 0777);
    check(fd >= 0, NAME);
    char *buffer = malloc(WRITE);
    memset(buffer, 'a', WRITE);
    double start = wall();
    for (long i = 0; i < size / WRITE; i++)
        check(write(fd, buffer, WRITE) == WRITE, "write");
    check(fsync(fd) == 0, "fsync");
    if (!quiet)
        printf("mb_per_s %f\n", (double)size / 1e6 / (wall() - start));
}

// The file, written if it is not there in this size.
static int data(void)
{
    int fd = open(NAME, O_RDONLY);
    if (fd < 0 || lseek(fd, 0, SEEK_END) != size) {
        write_all(1);
        fd = open(NAME, O_RDONLY);
    }
    check(fd >= 0, NAME);
    return fd;
}

static void read_all(void)
{
    int fd = data();
    char *buffer = malloc(READ);
    for (int pass = 1; pass <= 2; pass++) {
        double start = wall();
        for (long i = 0; i < size / READ; i++)
            check(pread(fd, buffer, READ, i * READ) == READ, "pread");
        if (pass == 2)
            printf("mb_per_s %f\n", (double)size / 1e6 / (wall() - start));
    }
}

static uint32_t state = 1;

static long next_page(void)
{
    state = state * 1664525u + 1013904223u;
    return (long)(state % (uint32_t)(size / PAGE));
}

// A loop that keeps DEPTH reads in the ring.
static void random_reads(long count)
{
    int fd = data();
    struct io_uring_params p = {0};
    int ring = (int)syscall(__NR_io_uring_setup, DEPTH, &p);
    check(ring >= 0, "io_uring_setup");
    size_t sq_size = p.sq_off.array + p.sq_entries * sizeof(unsigned);
    size_t cq_size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
    char *sq = mmap(0, sq_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
    char *cq = mmap(0, cq_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_CQ_RING);
    struct io_uring_sqe *sqes = mmap(0, p.sq_entries * sizeof *sqes, PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
    unsigned *sq_tail = (unsigned *)(sq + p.sq_off.tail), *sq_array = (unsigned *)(sq + p.sq_off.array);
    unsigned sq_mask = *(unsigned *)(sq + p.sq_off.ring_mask);
    unsigned *cq_head = (unsigned *)(cq + p.cq_off.head), *cq_tail = (unsigned *)(cq + p.cq_off.tail);
    unsigned cq_mask = *(unsigned *)(cq + p.cq_off.ring_mask);
    struct io_uring_cqe *cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
    char *buffers = malloc(DEPTH * PAGE);
    unsigned idle[DEPTH], n_idle = DEPTH;
    for (unsigned i = 0; i < DEPTH; i++)
        idle[i] = i;

    double start = wall();
    long started = 0, done = 0;
    while (done < count) {
        unsigned queued = 0, tail = *sq_tail;
        while (n_idle > 0 && started < count) {
            unsigned slot = idle[--n_idle];
            struct io_uring_sqe *sqe = &sqes[tail & sq_mask];
            memset(sqe, 0, sizeof *sqe);
            sqe->opcode = IORING_OP_READ;
            sqe->fd = fd;
            sqe->addr = (uint64_t)(uintptr_t)(buffers + slot * PAGE);
            sqe->len = PAGE;
            sqe->off = (uint64_t)next_page() * PAGE;
            sqe->user_data = slot;
            sq_array[tail & sq_mask] = tail & sq_mask;
            tail++, queued++, started++;
        }
        __atomic_store_n(sq_tail, tail, __ATOMIC_RELEASE);
        check(syscall(__NR_io_uring_enter, ring, queued, 1, IORING_ENTER_GETEVENTS, NULL, 0) >= 0, "io_uring_enter");
        unsigned head = *cq_head;
        while (head != __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE)) {
            struct io_uring_cqe *cqe = &cqes[head & cq_mask];
            check(cqe->res == PAGE, "read");
            idle[n_idle++] = (unsigned)cqe->user_data;
            head++, done++;
        }
        __atomic_store_n(cq_head, head, __ATOMIC_RELEASE);
    }
    printf("reads_per_s %f\n", (double)count / (wall() - start));
}

// Throws the file out of the page cache.
static void drop(void)
{
    int fd = data();
    check(fsync(fd) == 0, "fsync");
    check(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0, "posix_fadvise");
}

int main(int argc, char **argv)
{
    if (argc > 1)
        scale = atof(argv[1]);
    const char *mode = argc > 2 ? argv[2] : "read";
    size = (long)((double)(1 << 30) * scale);
    if (size < 1 << 25)
        size = 1 << 25;
    size -= size % (1 << 20);
    if (!strcmp(mode, "prepare"))
        close(data());
    else if (!strcmp(mode, "drop"))
        drop();
    else if (!strcmp(mode, "write"))
        write_all(0);
    else if (!strcmp(mode, "random"))
        random_reads((long)(1000000 * scale));
    else if (!strcmp(mode, "uncached"))
        random_reads((long)(20000 * scale));
    else
        read_all();
    return 0;
}
