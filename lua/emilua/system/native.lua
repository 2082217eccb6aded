-- The operations of src/system and src/sandbox. Of an area that the platform lacks, every function raises ENOSYS.
local import = ...
local errors = import("core.errors")
local native = import("core.native")
local raw = import("core.raw")

local raise, raise_code = errors.raise, errors.raise_code

local function missing() raise("ENOSYS") end

-- The operations of an area that the platform lacks.
local absent = setmetatable({}, { __index = function() return missing end })

local function bind(area, prototypes)
    return raw.operations[area] and native.bind(area, prototypes) or absent
end

local system = {
    identity = bind("identity", [[
        int32_t getpid(void);
        int32_t getppid(void);
        int32_t getpgrp(void);
        int32_t getpgid(int32_t);
        int32_t getsid(int32_t);
        int32_t setpgid(int32_t, int32_t);
        int32_t setsid(void);
        int32_t kill(int32_t, int32_t);
        int32_t getresuid(uint32_t *);
        int32_t getresgid(uint32_t *);
        int32_t setresuid(uint32_t, uint32_t, uint32_t);
        int32_t setresgid(uint32_t, uint32_t, uint32_t);
        int32_t getgroups(uint32_t *, int32_t);
        int32_t setgroups(const uint32_t *, int32_t); ]]),
    exit = bind("exit", [[
        int32_t at_once(int32_t);
        int32_t abort(void); ]]),
    signal = bind("signal", [[
        void *new(void *vm, uint32_t, uint32_t);
        void free(void *);
        int32_t add(void *, int32_t);
        int32_t remove(void *, int32_t);
        int32_t clear(void *);
        int32_t take(void *);
        int32_t ignore(int32_t);
        int32_t default(int32_t);
        int32_t is_default(int32_t);
        int32_t raise(int32_t); ]]),
}

-- The result of a native operation, or the error that its code says.
function system.check(code)
    if code < 0 then raise_code(code) end
    return code
end

-- An integer that a C int holds, argument `arg`.
function system.integer(n, arg)
    if type(n) ~= "number" or n % 1 ~= 0 or n < -0x80000000 or n > 0x7fffffff then raise("EINVAL", arg) end
    return n
end

system.bind, system.missing, system.absent = bind, missing, absent

return system
