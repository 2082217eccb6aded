// `sleeper SCALE`: 2000 times SCALE sleeps of 0.5 ms with one timerfd in one epoll, as a bare event loop does. Prints
// the median.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"

int main(int argc, char **argv)
{
    int count = 1 + (int)(2000 * (argc > 1 ? atof(argv[1]) : 1));
    double *slept = malloc((size_t)count * sizeof *slept);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    if (!slept || timer < 0 || poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event)) {
        perror("sleeper");
        return 1;
    }
    for (int i = 0; i < count; i++) {
        struct itimerspec half_a_millisecond = {.it_value.tv_nsec = 500000};
        uint64_t expirations;
        double start = now();
        timerfd_settime(timer, 0, &half_a_millisecond, NULL);
        if (epoll_wait(poller, &event, 1, -1) != 1 || read(timer, &expirations, sizeof expirations) < 0) {
            perror("sleeper");
            return 1;
        }
        slept[i] = now() - start;
    }
    qsort(slept, (size_t)count, sizeof *slept, by_value);
    printf("median_ms %.6f\n", slept[count / 2] * 1e3);
    return 0;
}
