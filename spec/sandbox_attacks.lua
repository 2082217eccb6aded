-- Attacks from inside a sandbox, and what each prints there; `free` is what it prints in an actor that is in a process
-- of its own and in no sandbox: the same attack, or `free_source`, which succeeds. They are run as root and as an
-- ordinary user.
--
-- A guest has in its environment: HOST, the process that made it; SECRET, a file of the host's; DATA, a directory that
-- holds `file`; PORT, where the host listens on loopback; NAME, an abstract name where it has a datagram socket.

local attacks = {}

attacks.PRELUDE = [[
    io.stdout:setvbuf("no")
    local ffi = require "ffi"
    local bit = require "bit"
    local C = ffi.C
    ffi.cdef [=[
        long syscall(long, ...);
        int open(const char *, int, ...); int openat(int, const char *, int, ...); int close(int);
        intptr_t read(int, void *, size_t); intptr_t write(int, const void *, size_t);
        int mkdir(const char *, unsigned); int mknod(const char *, unsigned, unsigned long);
        int chmod(const char *, unsigned); int symlink(const char *, const char *); int unlink(const char *);
        int fchdir(int); int chdir(const char *); int chroot(const char *);
        intptr_t readlink(const char *, char *, size_t);
        void *mmap(void *, size_t, int, int, int, long); int munmap(void *, size_t);
        int kill(int, int); int getpid(void); int getppid(void); int fork(void); void _exit(int); int pause(void);
        int waitpid(int, int *, int);
        long ptrace(long, ...); int ioctl(int, unsigned long, ...); int fcntl(int, int, ...);
        int socket(int, int, int); int socketpair(int, int, int, int *); int connect(int, const void *, unsigned);
        intptr_t sendto(int, const void *, size_t, int, const void *, unsigned);
        int mount(const char *, const char *, const char *, unsigned long, const void *);
        int umount2(const char *, int); int unshare(int); int setns(int, int);
        int setresuid(unsigned, unsigned, unsigned); int setgroups(size_t, void *);
        int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long);
        int memfd_create(const char *, unsigned); int shmget(int, size_t, int); int pipe(int *);
        int gethostname(char *, size_t);
    ]=]
    local NAMES = {
        [1] = "EPERM", [2] = "ENOENT", [3] = "ESRCH", [5] = "EIO", [9] = "EBADF", [10] = "ECHILD", [11] = "EAGAIN",
        [12] = "ENOMEM", [13] = "EACCES", [17] = "EEXIST", [18] = "EXDEV", [19] = "ENODEV", [20] = "ENOTDIR",
        [22] = "EINVAL", [24] = "EMFILE", [25] = "ENOTTY", [26] = "ETXTBSY", [30] = "EROFS", [38] = "ENOSYS",
        [40] = "ELOOP", [97] = "EAFNOSUPPORT", [106] = "EISCONN", [115] = "EINPROGRESS",
    }
    -- The outcome of a call that returns -1 when it fails: `ok`, or the name of the error.
    local function outcome(result)
        if tonumber(ffi.cast("intptr_t", result)) ~= -1 then return "ok" end
        return NAMES[ffi.errno()] or tostring(ffi.errno())
    end
    local function try(name, result)
        print(name, outcome(result))
        return result
    end
    local function word(value) return ffi.cast("long", value) end
    local x64 = jit.arch == "x64"
    local RDONLY, WRONLY, RDWR, CREAT, DIRECTORY, PATH = 0, 1, 2, 0x40, x64 and 0x10000 or 0x4000, 0x200000
    local mode = function(m) return ffi.cast("int", m) end
    local env = os.getenv
    local HOST = tonumber(env "HOST")
]]

local function attack(name, t)
    t.name = name
    attacks[#attacks + 1] = t
end

attack("the files of the host cannot be opened, nor the way to them found", {
    source = [[
        try("passwd", C.open("/etc/passwd", RDONLY))
        try("climbing", C.open("/../../../etc/passwd", RDONLY))
        try("secret", C.open(env "SECRET", RDONLY))
        try("the root of the host", C.open("/proc/1/root", PATH))
        try("proc", C.open("/proc/self/status", RDONLY))
        try("sys", C.open("/sys/kernel", PATH))
        try("chdir", C.chdir("/etc"))
    ]],
    inside = [[
passwd	ENOENT
climbing	ENOENT
secret	ENOENT
the root of the host	ENOENT
proc	ENOENT
sys	ENOENT
chdir	ENOENT
]],
    free = "passwd\tok\nclimbing\tok\nsecret\tok\n",
})

attack("nothing can be written anywhere", {
    source = [[
        try("create", C.open("/x", bit.bor(WRONLY, CREAT), mode(384)))
        try("mkdir", C.mkdir("/x", 448))
        try("mknod", C.mknod("/x", 0x2180, 0x103))
        try("symlink", C.symlink("/etc", "/x"))
        try("chmod", C.chmod("/", 511))
        try("memfd", C.memfd_create("x", 0))
        try("shared memory", C.shmget(0, 4096, 1023))
    ]],
    -- Landlock or the root that is read-only, whichever the kernel asks first.
    inside = "create\t%u+\nmkdir\t%u+\nmknod\tEPERM\nsymlink\t%u+\nchmod\tEROFS\nmemfd\tEPERM\nshared memory\tEPERM\n",
    pattern = true,
})

attack("what may be read may not be written, and not executed", {
    options = function(env) return { read = { env.DATA } } end,
    source = [[
        local data = env "DATA"
        local fd = try("read", C.open(data .. "/file", RDONLY))
        try("list", C.open(data, bit.bor(RDONLY, DIRECTORY)))
        try("write", C.open(data .. "/file", WRONLY))
        try("create", C.open(data .. "/new", bit.bor(WRONLY, CREAT), mode(384)))
        try("unlink", C.unlink(data .. "/file"))
        try("chmod", C.chmod(data .. "/file", 511))
        try("code", C.mmap(nil, 4096, 5, 2, fd, 0))
        try("beside", C.open(data .. "/../passwd", RDONLY))
        try("climbing", C.open(data .. "/../../../../etc/passwd", RDONLY))
    ]],
    inside = "read\tok\nlist\tok\nwrite\t%u+\ncreate\t%u+\nunlink\t%u+\nchmod\tEROFS\ncode\tEPERM\nbeside\tENOENT\n"
        .. "climbing\tENOENT\n",
    pattern = true,
    free = "read\tok\nlist\tok\nwrite\tok\ncreate\tok\n",
})

attack("what may be written holds no programs with rights, no devices, and no way out", {
    options = function(env) return { write = { env.DATA } } end,
    source = [[
        local data = env "DATA"
        local function path(name) return data .. "/" .. name end
        C.unlink(path "new") C.unlink(path "away")
        local fd = try("create", C.open(path "new", bit.bor(RDWR, CREAT), mode(420)))
        try("write", C.write(fd, "x", 1))
        try("code", C.mmap(nil, 4096, 5, 2, fd, 0))
        try("set-user-id", C.chmod(path "new", 2541))
        try("set-group-id", C.chmod(path "new", 1517))
        try("created so", C.open(path "other", bit.bor(RDWR, CREAT), mode(2541)))
        try("plain chmod", C.chmod(path "new", 384))
        try("device", C.mknod(path "null", 0x2180, 0x103))
        try("symlink", C.symlink("/etc/passwd", path "away"))
        try("through it", C.open(path "away", RDONLY))
        C.unlink(path "away")
        try("symlink that climbs", C.symlink("../../../../../etc/passwd", path "away"))
        try("through it", C.open(path "away", RDONLY))
        C.unlink(path "away")
    ]],
    inside = [[
create	ok
write	ok
code	EPERM
set-user-id	EPERM
set-group-id	EPERM
created so	EPERM
plain chmod	ok
device	EPERM
symlink	ok
through it	ENOENT
symlink that climbs	ok
through it	ENOENT
]],
})

attack("devices that are on a path cannot be opened", {
    options = function() return { read = { "/dev/null" }, write = { "/dev/zero" } } end,
    source = [[
        try("null", C.open("/dev/null", RDONLY))
        try("zero", C.open("/dev/zero", RDWR))
    ]],
    inside = "null\tEACCES\nzero\tEACCES\n",
    free = "null\tok\nzero\tok\n",
})

attack("a directory that is sent leads nowhere", {
    directory = true,
    source = [[
        local fd = received()
        try("in it", C.openat(fd, "file", RDONLY))
        try("climbing", C.openat(fd, "../../../../etc/passwd", RDONLY))
        try("its root", C.openat(fd, "/etc/passwd", RDONLY))
        try("fchdir", C.fchdir(fd))
        try("relative", C.open("file", RDONLY))
        try("created", C.openat(fd, "new", bit.bor(WRONLY, CREAT), mode(384)))
    ]],
    inside = "in it\tEACCES\nclimbing\tEACCES\nits root\tENOENT\nfchdir\tok\nrelative\tEACCES\ncreated\tEACCES\n",
    free = "in it\tok\nclimbing\tok\nits root\tok\nfchdir\tok\nrelative\tok\ncreated\tok\n",
})

attack("a file that is sent is what was sent", {
    file = true,
    source = [[
        local fd = received()
        local buffer = ffi.new("char[64]")
        io.write(ffi.string(buffer, C.read(fd, buffer, 64)))
        try("write", C.write(fd, "x", 1))
    ]],
    inside = "contents\nwrite\tEBADF\n",
    free = "contents\nwrite\tEBADF\n",
})

attack("the processes of the host cannot be looked into, even where /proc can be", {
    options = function() return { read = { "/proc" } } end,
    source = [[
        local host = "/proc/" .. env "HOST" .. "/"
        local function try_read(name, path)
            local fd = C.open(path, RDONLY)
            local buffer = ffi.new("char[64]")
            local result = outcome(fd)
            if result == "ok" then
                local n = C.read(fd, buffer, 64)
                -- Closed again by the kernel, or of no process.
                result = n > 0 and "ok" or n == 0 and "empty" or outcome(n)
            end
            print(name, result)
        end
        try_read("environ", host .. "environ")
        try_read("maps", host .. "maps")
        try("mem", C.open(host .. "mem", RDWR))
        try("root", C.open(host .. "root/etc/passwd", RDONLY))
        try("cwd", C.open(host .. "cwd/etc/passwd", PATH))
        try("exe", C.open(host .. "exe", RDONLY))
        try("a descriptor", C.open(host .. "fd/1", WRONLY))
        try("a namespace", C.open(host .. "ns/mnt", RDONLY))
    ]],
    inside = "environ\tE%u+\nmaps\tE%u+\nmem\tE%u+\nroot\tE%u+\ncwd\tE%u+\nexe\tE%u+\n"
        .. "a descriptor\tE%u+\na namespace\tE%u+\n",
    pattern = true,
    free = "environ\tok\nmaps\tok\nmem\tok\nroot\tok\n",
})

attack("the interpreter and this library cannot be overwritten", {
    options = function() return { read = { "/proc" } } end,
    source = [[
        try("exe", C.open("/proc/self/exe", WRONLY))
        local own, others = 0, 0
        for line in io.lines "/proc/self/maps" do
            local range, inode, path = line:match "^(%x+%-%x+) %S+ %S+ %S+ (%d+)%s*(.*)$"
            if inode ~= "0" then
                local fd = C.open("/proc/self/map_files/" .. range, RDWR)
                if fd >= 0 then others = others + 1 end
                if path:find("memfd:", 1, true) then own = own + 1 end
            end
        end
        print(own > 0, others)
    ]],
    inside = "exe\tE%u+\ntrue\t0\n",
    pattern = true,
})

attack("all descriptors are accounted for", {
    options = function() return { read = { "/proc" } } end,
    source = [[
        local buffer = ffi.new("char[256]")
        for number = 0, 1023 do
            local n = C.readlink("/proc/self/fd/" .. number, buffer, 256)
            if n > 0 then
                local what = ffi.string(buffer, n)
                -- Of the loop: epoll, timers, wake-ups and its own copies of them.
                if not what:find "^anon_inode:" then print(number, what:match "^%a+") end
            end
        end
    ]],
    -- Standard streams; the inbox; the pair by which the loop hears of signals.
    inside = "0\tpipe\n1\tpipe\n2\tpipe\n3\tsocket\n",
})

attack("other processes cannot be signalled or traced", {
    source = [[
        try("the host", C.kill(HOST, 0))
        try("all", C.kill(-1, 0))
        try("PID 1", C.kill(1, 9))
        try("the group", C.kill(0, 0))
        try("itself", C.kill(C.getpid(), 0))
        try("pidfd", C.syscall(434, word(HOST), word(0)))
        try("attach", C.ptrace(16, word(HOST), nil, nil))
        try("seize", C.ptrace(0x4206, word(1), nil, nil))
        try("traceme", C.ptrace(0, word(0), nil, nil))
        try("read memory", C.syscall(x64 and 310 or 270, word(HOST), nil, word(0), nil, word(0), word(0)))
        try("write memory", C.syscall(x64 and 311 or 271, word(HOST), nil, word(0), nil, word(0), word(0)))
        try("steal a descriptor", C.syscall(438, word(0), word(0), word(0)))
        print("numbers", C.getpid(), C.getppid())
    ]],
    inside = [[
the host	EPERM
all	EPERM
PID 1	EPERM
the group	EPERM
itself	ok
pidfd	EPERM
attach	EPERM
seize	EPERM
traceme	EPERM
read memory	EPERM
write memory	EPERM
steal a descriptor	EPERM
numbers	2	1
]],
    free_source = [[
        try("the host", C.kill(HOST, 0))
        try("pidfd", C.syscall(434, word(HOST), word(0)))
    ]],
    free = "the host\tok\npidfd\tok\n",
})

attack("PID 1, which has no seccomp filter, cannot be written to, even where /proc can be", {
    options = function() return { write = { "/proc" } } end,
    source = [[
        -- Numbers are the host's in its /proc: PID 1 here is the parent.
        local parent = io.open("/proc/self/stat"):read("*a"):match "%) %S (%d+)"
        try("mem", C.open("/proc/" .. parent .. "/mem", RDWR))
        try("its root", C.open("/proc/" .. parent .. "/root/etc/passwd", RDONLY))
        try("its own", C.open("/proc/self/mem", RDWR))
    ]],
    inside = "mem\tEACCES\nits root\tEACCES\nits own\tok\n",
})

attack("with processes of its own neither", {
    options = function() return { processes = 32, allow_degraded = { "processes" } } end,
    source = [[
        try("the host", C.kill(HOST, 0))
        try("PID 1 survives", C.kill(1, 9))
        local child = C.fork()
        if child == 0 then C.pause() end
        try("a child", C.kill(child, 9))
        try("it ended", C.waitpid(child, nil, 0))
        try("the host's pidfd", C.syscall(434, word(HOST), word(0)))
        try("attach", C.ptrace(16, word(1), nil, nil))
    ]],
    inside = [[
the host	ESRCH
PID 1 survives	ok
a child	ok
it ended	ok
the host's pidfd	ESRCH
attach	EPERM
]],
})

attack("there is no network", {
    source = [[
        local function address(family, port)
            local a = ffi.new("uint8_t[16]")
            ffi.cast("uint16_t *", a)[0] = family
            a[2], a[3], a[4], a[7] = math.floor(port / 256), port % 256, 127, 1
            return a
        end
        local function abstract(name)
            local a = ffi.new("uint8_t[110]")
            ffi.cast("uint16_t *", a)[0] = 1
            ffi.copy(a + 3, name, #name)
            return a, 3 + #name
        end
        local fd = try("inet", C.socket(2, 1, 0))
        if fd >= 0 then try("connect", C.connect(fd, address(2, tonumber(env "PORT")), 16)) end
        try("inet6", C.socket(10, 1, 0))
        try("netlink", C.socket(16, 3, 0))
        try("packet", C.socket(17, 3, 0))
        try("vsock", C.socket(40, 1, 0))
        local to, length = abstract(env "NAME")
        fd = try("unix", C.socket(1, 2, 0))
        if fd >= 0 then try("abstract", C.sendto(fd, "x", 1, 0, to, length)) end
        local pair = ffi.new("int[2]")
        if outcome(try("datagram pair", C.socketpair(1, 2, 0, pair))) == "ok" then
            try("its end elsewhere", C.sendto(pair[0], "x", 1, 0, to, length))
        end
        try("stream pair", C.socketpair(1, 1, 0, pair))
        try("connected elsewhere", C.connect(pair[0], to, length))
    ]],
    inside = [[
inet	EPERM
inet6	EPERM
netlink	EPERM
packet	EPERM
vsock	EPERM
unix	EPERM
datagram pair	EPERM
stream pair	ok
connected elsewhere	EPERM
]],
    free = "inet\tok\nconnect\tok\ninet6\tok\nnetlink\tok\n",
})

attack("with net there is the host's network by IP, and nothing else", {
    options = function() return { net = true } end,
    source = [[
        local fd = try("inet", C.socket(2, 1, 0))
        local a = ffi.new("uint8_t[16]")
        local port = tonumber(env "PORT")
        ffi.cast("uint16_t *", a)[0] = 2
        a[2], a[3], a[4], a[7] = math.floor(port / 256), port % 256, 127, 1
        try("connect", C.connect(fd, a, 16))
        try("inet6", C.socket(10, 2, 0))
        try("raw", C.socket(2, 3, 1))
        try("netlink", C.socket(16, 3, 0))
        try("unix", C.socket(1, 1, 0))
    ]],
    inside = "inet\tok\nconnect\tok\ninet6\tok\nraw\tEPERM\nnetlink\tEPERM\nunix\tEPERM\n",
})

attack("a socket that is sent cannot be connected", {
    socket = true,
    source = [[
        local fd = received()
        local a = ffi.new("uint8_t[16]")
        local port = tonumber(env "PORT")
        ffi.cast("uint16_t *", a)[0] = 2
        a[2], a[3], a[4], a[7] = math.floor(port / 256), port % 256, 127, 1
        try("connect", C.connect(fd, a, 16))
    ]],
    inside = "connect\tEPERM\n",
    free = "connect\tEINPROGRESS\n",
})

attack("nothing can be mounted, and no namespace entered", {
    source = [[
        try("tmpfs", C.mount("none", "/", "tmpfs", 0, nil))
        try("proc", C.mount("none", "/", "proc", 0, nil))
        try("remount", C.mount(nil, "/", nil, 0x20, nil))
        try("umount", C.umount2("/", 2))
        try("chroot", C.chroot("/"))
        try("pivot_root", C.syscall(x64 and 155 or 41, ffi.cast("const char *", "/"), ffi.cast("const char *", "/")))
        try("open_tree", C.syscall(428, word(-100), ffi.cast("const char *", "/"), word(1)))
        try("fsopen", C.syscall(430, ffi.cast("const char *", "tmpfs"), word(0)))
        try("mount_setattr", C.syscall(442, word(-100), ffi.cast("const char *", "/"), word(0), nil, word(0)))
        for _, flag in ipairs { 0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000, 0x2000000, 0x80 } do
            try("unshare", C.unshare(flag))
        end
        try("setns", C.setns(0, 0))
        try("a child in a user namespace", C.syscall(x64 and 56 or 220, word(0x10000011), nil, nil, nil, nil))
        try("clone3", C.syscall(435, nil, word(0)))
    ]],
    inside = [[
tmpfs	EPERM
proc	EPERM
remount	EPERM
umount	EPERM
chroot	EPERM
pivot_root	EPERM
open_tree	EPERM
fsopen	EPERM
mount_setattr	EPERM
]] .. ("unshare\tEPERM\n"):rep(8) .. [[
setns	EPERM
a child in a user namespace	EPERM
clone3	ENOSYS
]],
})

attack("a child cannot be in a new namespace either", {
    options = function() return { processes = true, allow_degraded = { "processes" } } end,
    source = [[
        for _, flag in ipairs { 0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000, 0x2000000 } do
            try("clone", C.syscall(x64 and 56 or 220, word(flag + 17), nil, nil, nil, nil))
        end
        try("clone3", C.syscall(435, nil, word(0)))
        try("unshare", C.unshare(0x10000000))
    ]],
    inside = ("clone\tEPERM\n"):rep(7) .. "clone3\tENOSYS\nunshare\tEPERM\n",
})

attack("no privilege is left, and none can be had again", {
    source = [[
        local system = require "emilua.system"
        print("capabilities", tostring(system.cap_get_proc()))
        for _, name in ipairs { "cap_sys_admin", "cap_setuid", "cap_net_raw" } do
            print(name, system.cap_get_bound(name), system.cap_get_ambient(name))
        end
        print("regained", (pcall(function() system.cap_from_text("all=eip"):set_proc() end)))
        try("setresuid", C.setresuid(0, 0, 0))
        try("setgroups", C.setgroups(0, nil))
        try("no_new_privs", C.prctl(39, 0, 0, 0, 0))
        print("it is set", C.prctl(39, 0, 0, 0, 0))
        print("securebits", C.prctl(27, 0, 0, 0, 0))
        try("keep capabilities", C.prctl(8, 1, 0, 0, 0))
        try("dumpable", C.prctl(4, 1, 0, 0, 0))
        print("user", table.concat({ system.getresuid() }, " "))
    ]],
    inside = [[
capabilities	=
cap_sys_admin	false	false
cap_setuid	false	false
cap_net_raw	false	false
regained	false
setresuid	EPERM
setgroups	EPERM
no_new_privs	ok
it is set	1
securebits	239
keep capabilities	EPERM
dumpable	EPERM
user	1000 1000 1000
]],
})

attack("io_uring and the rest of the deep kernel are not there", {
    source = [[
        try("io_uring_setup", C.syscall(425, word(8), nil))
        try("io_uring_enter", C.syscall(426, word(0), word(0), word(0), word(0), nil, word(0)))
        try("io_uring_register", C.syscall(427, word(0), word(0), nil, word(0)))
        try("bpf", C.syscall(x64 and 321 or 280, word(0), nil, word(0)))
        try("userfaultfd", C.syscall(x64 and 323 or 282, word(0)))
        try("perf_event_open", C.syscall(x64 and 298 or 241, nil, word(0), word(-1), word(-1), word(0)))
        try("add_key", C.syscall(x64 and 248 or 217, nil, nil, nil, word(0), word(0)))
        try("keyctl", C.syscall(x64 and 250 or 219, word(0), word(-3), word(0)))
        try("seccomp", C.syscall(x64 and 317 or 277, word(1), word(0), nil))
        try("open_by_handle_at", C.syscall(x64 and 304 or 265, word(-100), nil, word(0)))
    ]],
    inside = [[
io_uring_setup	EPERM
io_uring_enter	EPERM
io_uring_register	EPERM
bpf	EPERM
userfaultfd	EPERM
perf_event_open	EPERM
add_key	EPERM
keyctl	EPERM
seccomp	EPERM
open_by_handle_at	EPERM
]],
})

attack("nothing of the host's environment, and not its name", {
    source = [[
        ffi.cdef "extern char **environ;"
        local n = 0
        while C.environ ~= nil and C.environ[n] ~= nil do n = n + 1 end
        print("variables", n)
        local name = ffi.new("char[65]")
        C.gethostname(name, 65)
        print("name", ffi.string(name))
    ]],
    -- Those that this spec passes on.
    inside = "variables\t5\nname\tsandbox\n",
})

attack("without processes there is none to make", {
    source = [[
        try("fork", C.fork())
        try("clone", C.syscall(x64 and 56 or 220, word(17), nil, nil, nil, nil))
        try("vfork", C.syscall(x64 and 58 or 220, word(0), nil, nil, nil, nil))
        print("popen", io.popen("true") == nil)
        print("execute", os.execute("true") ~= 0)
        try("execve", C.syscall(x64 and 59 or 221, ffi.cast("const char *", "/bin/true"), nil, nil))
    ]],
    inside = "fork\tEPERM\nclone\tEPERM\nvfork\tEPERM\npopen\ttrue\nexecute\ttrue\nexecve\tEPERM\n",
})

attack("without JIT no memory can be made executable", {
    options = function() return { jit = false } end,
    source = [[
        ffi.cdef "int mprotect(void *, size_t, int);"
        try("mmap", C.mmap(nil, 4096, 7, 0x22, -1, 0))
        local page = C.mmap(nil, 4096, 3, 0x22, -1, 0)
        try("mprotect", C.mprotect(page, 4096, 5))
        local sum = 0
        for i = 1, 1e6 do sum = sum + i end
        print("computes", sum)
    ]],
    inside = "mmap\tEPERM\nmprotect\tEPERM\ncomputes\t500000500000\n",
    free = "mmap\tok\nmprotect\tok\n",
})

return attacks
