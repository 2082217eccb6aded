-- Fibers that are interrupted at random while they read and write lose no byte.

local byte_span = require "emilua.byte_span"
local emilua = require "emilua"
local helper = require "spec.helper"
local M = require "spec.tls_helper"

local spawn = emilua.spawn

M.install()

local SIZE = 2 ^ 21

-- The same numbers each time; EMILUA_SEED gives others.
local function new_random(seed)
    local state = seed + (tonumber(os.getenv "EMILUA_SEED") or 0)
    return function(n)
        state = (state * 1664525 + 1013904223) % 4294967296
        return math.floor(state / 4294967296 * n) + 1
    end
end

local function pattern(seed)
    local random, parts = new_random(seed), {}
    for i = 1, SIZE / 4 do parts[i] = ("%04x"):format(random(65536) - 1) end
    return byte_span.append(table.concat(parts))
end

-- Calls transfer(part of the span that is left) until all is done, in fibers that are interrupted again and again.
local function until_done(span, random, transfer)
    local done, interruptions = 0, 0
    while done < #span do
        local fiber = spawn(function()
            while done < #span do
                local last = math.min(#span, done + random(50000))
                done = done + transfer(span:slice(done + 1, last))
            end
        end)
        helper.turns(random(40))
        fiber:interrupt()
        fiber:join()
        if fiber.interruption_caught then interruptions = interruptions + 1 end
    end
    return interruptions
end

for kind, wrap in pairs{ ["a socket"] = false, ["a table"] = M.wrapped } do
    describe("a session over " .. kind, function()
        for _, method in ipairs{ "tlsv12", "tlsv13" } do
            it("loses nothing by interruptions, " .. method, M.closing(function()
                local client, server = M.pair(M.client_context("ca", method), nil, wrap or nil)
                local total = 0
                emilua.group(function(group)
                    for i, ends in ipairs{ { client, server }, { server, client } } do
                        local sent, got = pattern(i), byte_span.new(SIZE)
                        group:spawn(function()
                            local n = until_done(sent, new_random(i + 10), function(bs)
                                return ends[1]:write_some(bs)
                            end)
                            total = total + n
                        end)
                        group:spawn(function()
                            local n = until_done(got, new_random(i + 20), function(bs) return ends[2]:read_some(bs) end)
                            total = total + n
                            assert.is_true(got == sent)
                        end)
                    end
                end)
                assert.is_true(total > 0)
            end))
        end
    end)
end
