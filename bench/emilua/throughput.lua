-- 2 GiB through a TCP connection to itself, in 64 KiB pieces: a fiber writes, another reads.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local ip = require "emilua.ip"
local measure = require "measure"

local PIECE = 65536

emilua.run(function()
    local total = measure.scaled(2048) * 2 ^ 20
    local acceptor = ip.tcp.listen "127.0.0.1:0"
    local client = ip.tcp.dial("127.0.0.1:" .. acceptor.local_port)
    local server = acceptor:accept()

    local cpu, wall = measure.cpu(), measure.wall()
    local writer = emilua.spawn(function()
        local piece, sent = emilua.byte_span.new(PIECE), 0
        while sent < total do
            sent = sent + client:write_some(piece)
        end
    end)
    local piece, received = emilua.byte_span.new(PIECE), 0
    while received < total do
        received = received + server:read_some(piece)
    end
    writer:join()
    cpu, wall = measure.cpu() - cpu, measure.wall() - wall

    local gib = total / 2 ^ 30
    measure.report("cpu_s_per_gib", cpu / gib)
    measure.report("gib_per_s", gib / wall)
end)
