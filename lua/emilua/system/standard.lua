-- system.in_, system.out and system.err: the standard streams.
local import = ...
local core = import("core.native")
local errors = import("core.errors")
local master = import("core.master")
local mirror = import("core.mirror")
local native = import("system.native")
local operation = import("core.operation")
local S = import("core.scheduler")
local ffi = require("ffi")

local class_name, raise = errors.class_name, errors.raise
local check, integer = native.check, native.integer
local check_yieldable, enter, pass = S.check_yieldable, S.enter, S.pass
local PENDING, HEAD = core.PENDING, S.HEAD
local await, charge = operation.await, S.charge

local area = native.bind("standard", [[
    void *new(void *vm, int32_t, uint32_t);
    void free(void *);
    int32_t read(void *, const void *);
    int32_t write(void *, const void *);
    int32_t duplicate(int32_t);
    int32_t duplicate_from(int32_t, int32_t);
    int32_t is_terminal(int32_t);
    int32_t foreground(int32_t);
    int32_t set_foreground(int32_t, int32_t); ]])

-- read_some or write_some of descriptor `number`.
local function transfer(number, call)
    local d, handle
    return function(_, bs)
        local f = enter()
        if class_name(bs) ~= "byte_span" then raise("EINVAL", 2) end
        if #bs == 0 then
            check_yieldable()
            pass(f)
            return 0
        end
        if not handle then
            d = operation.direction()
            handle = ffi.gc(area.new(core.vm, number, d[operation.TOKEN]), area.free)
        end
        local n = PENDING
        if not d[HEAD] then n = call(handle, bs) end
        if n == PENDING then return check(await(d, f, call, handle, bs)) end
        charge(f)
        return check(n)
    end
end

-- What each stream has: descriptor `number`, which `method` reads or writes.
local function stream(number, method, call)
    local self = { [method] = transfer(number, call) }
    if jit.os == "Windows" then return self end

    function self.dup() return import("io.descriptor").adopt(check(area.duplicate(number))) end

    function self.dup_from(_, fd)
        master.check()
        local descriptor = import("io.descriptor")
        descriptor.use(fd, 2)
        local from = descriptor.number(fd)
        check(area.duplicate_from(from, number))
        mirror("stream", number, 0, 0, nil, from)
    end

    function self.isatty() return area.is_terminal(number) == 1 end

    function self.tcgetpgrp() return check(area.foreground(number)) end

    function self.tcsetpgrp(_, group) check(area.set_foreground(number, integer(group, 2))) end

    return self
end

return {
    in_ = stream(0, "read_some", area.read),
    out = stream(1, "write_some", area.write),
    err = stream(2, "write_some", area.write),
}
