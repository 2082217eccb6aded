-- An interpreter of seccomp programs: what they decide.

local ffi = require "ffi"
local bit = require "bit"

local bpf = {}

ffi.cdef [[
    struct bpf_helper_instruction { uint16_t code; uint8_t jt, jf; uint32_t k; };
]]

-- AUDIT_ARCH_*
local ARCH = { x86_64 = 0xc000003e, aarch64 = 0xc00000b7, i386 = 0x40000003 }

local RESULTS = {
    [0x7fff0000] = "allow", [0x80000000] = "kill_process", [0x00000000] = "kill_thread", [0x7ffc0000] = "log",
    [0x00030000] = "trap",
}

local function text_of(result)
    local kind, data = result - result % 0x10000, result % 0x10000
    if kind == 0x00050000 then return "errno " .. data end
    if kind == 0x7ff00000 then return "trace " .. data end
    return data == 0 and RESULTS[result] or ("%#x"):format(result)
end

--- A number or cdata as a word; of a negative number, C leaves it undefined.
function bpf.to_word(value)
    return ffi.cast("uint64_t", type(value) == "number" and value < 0 and ffi.cast("int64_t", value) or value)
end

--- What a program decides for a call of a number with up to six arguments, numbers or cdata.
function bpf.decide(program, architecture, number, arguments)
    local words = ffi.new("uint32_t[16]", number, ARCH[architecture])
    local values = ffi.cast("uint64_t *", words + 4)
    for i, value in ipairs(arguments or {}) do values[i - 1] = bpf.to_word(value) end

    local text = tostring(program)
    local code = ffi.cast("const struct bpf_helper_instruction *", text)
    local a, at = 0, 0
    local jumps = {
        [0x15] = function(k) return a == k end, [0x25] = function(k) return a > k end,
        [0x35] = function(k) return a >= k end,
    }
    while true do
        assert(at < #text / 8, "the program runs out")
        local i = code[at]
        local op, k = tonumber(i.code), tonumber(i.k)
        at = at + 1
        if op == 0x06 then return text_of(k) end
        if op == 0x20 then
            a = tonumber(words[k / 4])
        elseif op == 0x05 then
            at = at + k
        elseif op == 0x54 then
            a = bit.band(a, k) % 2 ^ 32
        else
            local jump = assert(jumps[op], ("instruction %#x"):format(op))
            at = at + (jump(k) and i.jt or i.jf)
        end
    end
end

return bpf
