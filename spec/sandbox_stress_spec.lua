-- Many guests at once, ended in every way and at any time: what was answered is right, and no process is left.

local emilua = require "emilua"
local inbox = require "emilua.inbox"
local sandbox = require "emilua.sandbox"
local time = require "emilua.time"
local helper = require "spec.helper"
require "spec.sandbox_helper"

helper.install()

local GUEST = [[
    local inbox = require "emilua.inbox"
    local hello = inbox:receive()
    while true do
        local ok, n = pcall(inbox.receive, inbox)
        if not ok then break end
        hello.reply:send { id = hello.id, n = n, square = n * n }
    end
]]
local GUESTS, ROUNDS = 20, 200
local SEED = tonumber(os.getenv "EMILUA_SEED") or os.time()

local function exists(pid)
    local file = io.open("/proc/" .. pid .. "/stat")
    if file then file:close() end
    return file ~= nil
end

describe("many guests", function()
    it("answer, and end with nothing left (EMILUA_SEED=" .. SEED .. ")", helper.fiber(function()
        math.randomseed(SEED)
        local box = sandbox.new { memory = "128M", cpu = 60, files = 32 }
        local context = box:context { source = GUEST }
        local guests, pids = {}, {}
        local function start(id)
            local guest = emilua.spawn_vm(context)
            guests[id], pids[#pids + 1] = guest, guest.child_pid
            guest:send { reply = inbox, id = id }
        end
        for id = 1, GUESTS do start(id) end

        local answers = 0
        local receiver = emilua.spawn(function()
            while true do
                local answer = inbox:receive()
                assert.equal(answer.n * answer.n, answer.square)
                answers = answers + 1
            end
        end)
        for n = 1, ROUNDS do
            local id, dice = math.random(GUESTS), math.random(10)
            guests[id]:send(n)
            if dice == 1 then
                guests[id]:kill()
                start(id)
            elseif dice == 2 then
                guests[id]:close()
                start(id)
            elseif dice == 3 then
                time.sleep(0.001)
            end
        end
        for id = 1, GUESTS do guests[id]:close() end
        -- The last guest's end is that of the last sender.
        local ok, e = pcall(receiver.join, receiver)
        assert.is_false(ok)
        helper.is_error(e, "emilua.core", "no_senders", {})
        assert.is_true(answers > ROUNDS / 2, answers)
        for _, pid in ipairs(pids) do
            while exists(pid) do time.sleep(0.01) end
        end
    end))
end)
