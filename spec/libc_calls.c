/* Makes the calls that libc_service serves: one for each argument list `NAME ARGUMENT...`, lists being separated by ",".
 * Prints what each returns, and why when that is -1. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static void say(const char *name, long result)
{
    if (result == -1)
        printf("%s: -1 %s\n", name, strerrorname_np(errno));
    else
        printf("%s: %ld\n", name, result);
}

/* What is in an open file. */
static void show(const char *name, int fd)
{
    char text[100];
    ssize_t n;
    if (fd < 0) {
        say(name, fd);
        return;
    }
    n = read(fd, text, sizeof text);
    printf("%s: cloexec=%d nonblock=%d %.*s\n", name, fcntl(fd, F_GETFD) & FD_CLOEXEC,
        (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0, n < 0 ? 0 : (int)n, text);
    close(fd);
}

static void show_status(const char *name, int result, const struct stat *s)
{
    if (result != 0) {
        say(name, result);
        return;
    }
    printf("%s: dev=%lu ino=%lu mode=%o nlink=%lu uid=%u gid=%u rdev=%lu size=%ld blksize=%ld blocks=%ld"
           " atime=%ld.%03ld mtime=%ld ctime=%ld\n",
        name, s->st_dev, s->st_ino, s->st_mode, s->st_nlink, s->st_uid, s->st_gid, s->st_rdev, s->st_size, s->st_blksize,
        s->st_blocks, s->st_atim.tv_sec, s->st_atim.tv_nsec / 1000000, s->st_mtim.tv_sec, s->st_ctim.tv_sec);
}

static void addresses(const char *name, char **a)
{
    struct addrinfo hints = { .ai_flags = AI_CANONNAME }, *list = NULL, *info;
    int code;
    hints.ai_family = !strcmp(a[2], "inet6") ? AF_INET6 : !strcmp(a[2], "inet") ? AF_INET : AF_UNSPEC;
    hints.ai_socktype = !strcmp(a[3], "tcp") ? SOCK_STREAM : !strcmp(a[3], "udp") ? SOCK_DGRAM : 0;
    code = getaddrinfo(*a[0] ? a[0] : NULL, *a[1] ? a[1] : NULL, &hints, &list);
    printf("%s:", name);
    if (code == EAI_SYSTEM)
        printf(" %s", strerrorname_np(errno));
    else if (code != 0)
        printf(" %s", gai_strerror(code));
    for (info = list; info != NULL; info = info->ai_next) {
        char host[100], port[10];
        getnameinfo(info->ai_addr, info->ai_addrlen, host, sizeof host, port, sizeof port,
            NI_NUMERICHOST | NI_NUMERICSERV);
        printf(" %s %s %d %s", host, port, info->ai_socktype, info->ai_canonname ? info->ai_canonname : "-");
    }
    printf("\n");
    if (list != NULL)
        freeaddrinfo(list);
}

/* Connects or binds, and sends a word over what has been connected. */
static void address(const char *name, char **a, int (*call)(int, const struct sockaddr *, socklen_t))
{
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } to = { 0 };
    socklen_t length;
    int fd, result;
    if (strstr(name, "unix")) {
        to.un.sun_family = AF_UNIX;
        memcpy(to.un.sun_path, a[0], strnlen(a[0], sizeof to.un.sun_path));
        length = sizeof to.un;
        if (a[0][0] == '@') {
            to.un.sun_path[0] = 0;
            length = offsetof(struct sockaddr_un, sun_path) + strlen(a[0]);
        }
    } else if (strstr(name, "inet6")) {
        to.in6.sin6_family = AF_INET6;
        inet_pton(AF_INET6, a[0], &to.in6.sin6_addr);
        to.in6.sin6_port = htons(atoi(a[1]));
        length = sizeof to.in6;
    } else {
        to.in.sin_family = AF_INET;
        inet_pton(AF_INET, a[0], &to.in.sin_addr);
        to.in.sin_port = htons(atoi(a[1]));
        length = sizeof to.in;
    }
    fd = socket(to.any.sa_family, SOCK_STREAM, 0);
    result = call(fd, &to.any, length);
    say(name, result);
    if (fcntl(fd, F_GETFL) & O_NONBLOCK)
        printf("%s: non-blocking\n", name);
    if (result == 0 && call == connect && write(fd, "hello", 5) != 5)
        perror("write");
    close(fd);
}

static void call(char **a)
{
    const char *name = a[0];
    struct stat s;
    int directory = -1;
    memset(&s, 0, sizeof s);
    a++;
#define IS(other) (!strcmp(name, other))
    if (IS("open")) show(name, open(a[0], strtol(a[1], NULL, 0), strtol(a[2], NULL, 8)));
    else if (IS("open64")) show(name, open64(a[0], strtol(a[1], NULL, 0), strtol(a[2], NULL, 8)));
    else if (IS("openat")) show(name, openat(0, a[0], strtol(a[1], NULL, 0), strtol(a[2], NULL, 8)));
    else if (IS("openat_cwd")) show(name, openat(AT_FDCWD, a[0], O_RDONLY));
    else if (IS("creat")) show(name, creat(a[0], 0640));
    else if (IS("fopen")) {
        FILE *file = fopen(a[0], a[1]);
        if (file) { printf("%s: %ld\n", name, (long)fread(&s, 1, 4, file)); fclose(file); }
        else say(name, -1);
    } else if (IS("opendir")) {
        DIR *stream = opendir(a[0]);
        if (stream) { printf("%s: %d\n", name, readdir(stream) != NULL); closedir(stream); }
        else say(name, -1);
    }
    else if (IS("unlink")) say(name, unlink(a[0]));
    else if (IS("unlinkat")) say(name, unlinkat(AT_FDCWD, a[0], 0));
    else if (IS("unlinkat_rmdir")) say(name, unlinkat(AT_FDCWD, a[0], AT_REMOVEDIR));
    else if (IS("remove")) say(name, remove(a[0]));
    else if (IS("rmdir")) say(name, rmdir(a[0]));
    else if (IS("rename")) say(name, rename(a[0], a[1]));
    else if (IS("renameat")) say(name, renameat(AT_FDCWD, a[0], AT_FDCWD, a[1]));
    else if (IS("mkdir")) say(name, mkdir(a[0], 0751));
    else if (IS("mkdirat")) say(name, mkdirat(AT_FDCWD, a[0], 0751));
    else if (IS("access")) say(name, access(a[0], atoi(a[1])));
    else if (IS("eaccess")) say(name, eaccess(a[0], atoi(a[1])));
    else if (IS("faccessat")) say(name, faccessat(AT_FDCWD, a[0], atoi(a[1]), 0));
    else if (IS("faccessat_eaccess")) say(name, faccessat(AT_FDCWD, a[0], atoi(a[1]), AT_EACCESS));
    else if (IS("stat")) show_status(name, stat(a[0], &s), &s);
    else if (IS("lstat")) show_status(name, lstat(a[0], &s), &s);
    else if (IS("fstatat")) show_status(name, fstatat(AT_FDCWD, a[0], &s, 0), &s);
    else if (IS("fstatat_link")) show_status(name, fstatat(AT_FDCWD, a[0], &s, AT_SYMLINK_NOFOLLOW), &s);
    else if (IS("fstatat_directory")) {
        directory = syscall(SYS_openat, AT_FDCWD, "/proc/self/fd", O_PATH);
        show_status(name, fstatat(directory, "0", &s, 0), &s);
    }
    else if (IS("statx")) {
        struct statx x;
        int result = statx(AT_FDCWD, a[0], 0, STATX_BASIC_STATS, &x);
        if (result) say(name, result);
        else printf("%s: mode=%o size=%llu mtime=%lld\n", name, x.stx_mode, x.stx_size, x.stx_mtime.tv_sec);
    }
    else if (!strncmp(name, "connect", 7)) address(name, a, connect);
    else if (!strncmp(name, "bind", 4)) address(name, a, bind);
    else if (IS("getaddrinfo")) addresses(name, a);
    else if (IS("closefrom")) closefrom(3);
    else if (IS("chdir")) say(name, chdir(a[0]));
    else printf("%s: unknown\n", name);
    if (directory >= 0)
        close(directory);
}

int main(int argc, char **argv)
{
    int i, first = 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (i = 1; i <= argc; i++)
        if (i == argc || !strcmp(argv[i], ",")) {
            argv[i] = NULL;
            call(argv + first);
            first = i + 1;
        }
    return 0;
}
