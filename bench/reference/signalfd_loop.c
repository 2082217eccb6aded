/* Waits for SIGUSR1 in an epoll loop with a signalfd and says when it was told, in nanoseconds. */
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), loop = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN | EPOLLET };
    epoll_ctl(loop, EPOLL_CTL_ADD, signals, &event);
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct signalfd_siginfo info;
        epoll_wait(loop, &event, 1, -1);
        while (read(signals, &info, sizeof info) == sizeof info) {
            struct timespec t;
            clock_gettime(CLOCK_MONOTONIC, &t);
            printf("%.0f\n", t.tv_sec * 1e9 + t.tv_nsec);
            fflush(stdout);
        }
    }
}
