-- What a process forbids itself: no_new_privs and seccomp.
local import = ...
local errors = import("core.errors")
local check_master = import("core.master").check
local mirror = import("core.mirror")
local native = import("system.native")

local class_name, raise = errors.class_name, errors.raise
local check = native.check

local area = native.bind("sandbox", [[
    int32_t threads(void);
    int32_t capabilities_get(int32_t, void *);
    int32_t capabilities_set(const void *);
    int32_t bounded(int32_t);
    int32_t drop_bound(int32_t);
    int32_t ambient(int32_t);
    int32_t set_ambient(int32_t, int32_t);
    int32_t reset_ambient(void);
    int32_t securebits(void);
    int32_t set_securebits(int32_t);
    int32_t set_no_new_privs(void);
    int32_t set_filter(const void *);
    int32_t landlock_create(const void *, size_t, uint32_t);
    int32_t landlock_add_rule(int32_t, int32_t, const void *);
    int32_t landlock_restrict(int32_t, uint32_t); ]])

local sandbox = { area = area }

-- Refuses what would hold for one thread only, while the process has others.
function sandbox.check_alone(name)
    local threads = check(area.threads())
    if threads > 1 then
        errors.raise_detail("EBUSY", ("%s acts on one thread, and the process has %d: call it before the first run")
            :format(name, threads))
    end
end

local system = {}

function system.set_no_new_privs()
    check_master()
    check(area.set_no_new_privs())
    mirror("no_new_privs")
end

function system.seccomp_set_mode_filter(bpf)
    check_master()
    if class_name(bpf) ~= "byte_span" or #bpf == 0 or #bpf % 8 ~= 0 then raise("EINVAL", 1) end
    check(area.set_filter(bpf))
    mirror("seccomp", 0, 0, 0, tostring(bpf))
end

sandbox.system = system

return sandbox
