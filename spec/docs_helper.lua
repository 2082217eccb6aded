-- The blocks of code in a page of the documentation, and the directory in which they are run.
--
-- What stands behind the language says what is done with a block:
--   lua              a program: it exits with 0 and prints what its `-->` comments say
--   lua prelude      goes before all later programs of the page
--   lua part         goes before the next program or file
--   lua multicast, lua memory, lua cgroup    a program for machines that have that: multicast, the controller `memory`,
--                    the right to make control groups
--   ANY file=NAME    is written to that file
--   sh               commands, each of which succeeds; they print what their `#>` comments say, or the block
--                    `text output` that follows. A line that ends in `&` starts a server
--   sh install       commands that spec/install_spec.lua runs
--   text output      what the `sh` before it prints; addresses and times are as they come
--   text             what is only shown
--   json             a JSON text
-- Nothing else is allowed. Blocks in an HTML comment, which readers do not see, are blocks too: what a fragment needs
-- around it. (A comment ends with the first `-->`, so they have no such comments.)

local helper = require "spec.helper"

local docs = {}

-- info -> true: the words that a block may have, "file=" aside.
local KINDS = {}
for _, info in ipairs {
    "lua", "lua prelude", "lua part", "lua multicast", "lua memory", "lua cgroup", "sh", "sh install", "text",
    "text output", "json",
} do
    KINDS[info] = true
end

--- The blocks of a page, in order: `{ info, file, line, text }`, where `file` is the name behind "file=".
function docs.blocks(path)
    local blocks, block, lines = {}, nil, nil
    local number, hidden = 0, false
    for line in io.lines(path) do
        number = number + 1
        local indent, info = line:match "^( *)```(.*)$"
        if block and info == "" then
            block.text = table.concat(lines, "\n") .. "\n"
            blocks[#blocks + 1], block = block, nil
        elseif block then
            lines[#lines + 1] = line:sub(#block.indent + 1)
            assert(not (hidden and line:find("-->", 1, true)), ("%s:%d: ends the comment"):format(path, number))
        elseif info then
            block = { info = info, file = info:match "^%l+ file=(%S+)$", line = number, indent = indent }
            lines = {}
            assert(block.file or KINDS[info], ("%s:%d: what is to be done with ```%s?"):format(path, number, info))
        elseif line == "<!--" or line == "-->" then
            hidden = line == "<!--"
        end
    end
    assert(not block, path .. ": a block is not closed")
    return blocks
end

-- What comes behind a mark in a text, a line each.
local function marked(text, mark)
    local lines = {}
    for output in text:gmatch(mark .. " ([^\n]*)") do lines[#lines + 1] = output .. "\n" end
    return table.concat(lines)
end

--- What is to be run of a page, in order: its blocks with `program`, the text in full, and `output`, what is expected.
function docs.steps(path)
    local steps, prelude, parts = {}, "", ""
    local last
    for _, block in ipairs(docs.blocks(path)) do
        local info = block.info
        if block.file and info:find "^lua" then
            block.text, parts = parts .. block.text, ""
        elseif info == "lua prelude" then
            prelude = prelude .. block.text
        elseif info == "lua part" then
            parts = parts .. block.text
        elseif info:find "^lua" then
            block.program, parts = prelude .. parts .. block.text, ""
            block.output = marked(block.program, "%-%->")
        elseif info == "sh" then
            block.program, block.output = block.text, marked(block.text, "#>")
        elseif info == "text output" then
            assert(last and last.info == "sh", ("%s:%d: output of what?"):format(path, block.line))
            last.output = block.text
        end
        if info ~= "text output" then last = block end
        if block.program or block.file or info == "json" then steps[#steps + 1] = block end
    end
    assert(parts == "", path .. ": parts without an end")
    return steps
end

--- A new directory in which the project is seen as from its root.
function docs.directory()
    local path = os.tmpname()
    helper.shell(("d=%s; rm $d && mkdir $d && chmod 755 $d && ln -s %s* $d && rm -f $d/build"):format(path,
        helper.quote(helper.root)))
    return path
end

--- Writes a block to its file.
function docs.write(directory, block)
    local path = directory .. "/" .. block.file
    helper.shell("mkdir -p " .. helper.quote(path:match "^(.*)/"))
    local file = assert(io.open(path, "w"))
    file:write(block.text)
    file:close()
end

-- Processes and a network of its own: servers end with the script, and every port is free. A file "hosts" of the page
-- is /etc/hosts.
local WORLD = [[
    ip link set lo up
    if [ -e hosts ]; then mount --bind hosts /etc/hosts; fi
    exec sh -e "$1"
]]

-- Until there is a socket that listens: a state of TCP, a flag of UNIX sockets.
local LISTENING = "& until grep -qE ' (0A|00010000) ' /proc/net/tcp /proc/net/unix; do sleep 0.01; done\n"

--- Runs commands in a directory and returns their output and status, and their error output.
function docs.shell(directory, commands)
    local script = helper.write_temporary((commands:gsub(" *#>[^\n]*", ""):gsub("&\n", LISTENING)))
    local errors = os.tmpname()
    local output, status = helper.shell(([[
        export HOME=%s PATH=%s:"$PATH" LUA_CPATH=%s; cd "$HOME"
        [ "$(id -u)" = 0 ] || user=--map-root-user
        exec timeout -k 5 60 unshare $user --net --pid --fork --kill-child --mount --mount-proc \
            sh -c %s sh %s 2>%s </dev/null
    ]]):format(helper.quote(directory), helper.quote(helper.root .. "lua/bin"),
        helper.quote(helper.root .. "?.so;;"), helper.quote(WORLD), script, errors))
    local text = helper.shell("cat " .. errors)
    os.remove(script)
    os.remove(errors)
    return output, status, text
end

--- A text with its addresses and times replaced.
function docs.normalise(text)
    return (text:gsub("0x%x+", "0x"):gsub("%d+%.%d+ s%f[^%w]", "s"))
end

return docs
