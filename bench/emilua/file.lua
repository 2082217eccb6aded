-- Files, as bench/reference/file.c does the same: `file.lua SCALE read|write|random|uncached`.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local file = require "emilua.file"
local filesystem = require "emilua.filesystem"
local measure = require "measure"

local SIZE = math.max(2 ^ 25, measure.scaled(2 ^ 30)) -- bytes, of whole mebibytes
SIZE = SIZE - SIZE % 2 ^ 20
local READ, WRITE, PAGE = 2 ^ 16, 2 ^ 20, 4096
local DEPTH = 32
local NAME = "build/bench/file.data"

local function open(class, flags)
    local object = class.new()
    object:open(filesystem.path.new(NAME), flags)
    return object
end

-- Pages in the order of the generator; each fiber takes the next.
local function random_reads(count)
    local object, random, left = open(file.random_access, { "read_only" }), measure.random(), count
    local pages = SIZE / PAGE
    local start = measure.wall()
    emilua.group(function(readers)
        for _ = 1, DEPTH do
            readers:spawn(function()
                local bs = emilua.byte_span.new(PAGE)
                while left > 0 do
                    left = left - 1
                    assert(object:read_some_at(random() % pages * PAGE, bs) == PAGE)
                end
            end)
        end
    end)
    measure.report("reads_per_s", count / (measure.wall() - start))
    object:close()
end

local modes = {}

function modes.write()
    os.remove(NAME)
    local object = open(file.stream, { "create", "truncate", "write_only" })
    local bs = emilua.byte_span.new(WRITE):fill(97)
    local start = measure.wall()
    for _ = 1, SIZE / WRITE do
        assert(object:write_some(bs) == WRITE)
    end
    object:sync_all()
    measure.report("mb_per_s", SIZE / 1e6 / (measure.wall() - start))
    object:close()
end

function modes.read()
    local object = open(file.stream, { "read_only" })
    local bs = emilua.byte_span.new(READ)
    for pass = 1, 2 do
        object:seek(0, "set")
        local start = measure.wall()
        for _ = 1, SIZE / READ do
            assert(object:read_some(bs) == READ)
        end
        if pass == 2 then measure.report("mb_per_s", SIZE / 1e6 / (measure.wall() - start)) end
    end
    object:close()
end

function modes.random() random_reads(measure.scaled(1000000)) end

function modes.uncached() random_reads(measure.scaled(20000)) end

emilua.run(modes[arg[2]])
