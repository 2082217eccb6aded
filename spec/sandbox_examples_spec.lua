-- The examples of sandboxes.

local helper = require "spec.helper"

local quote, sh = helper.quote, helper.shell

-- What an example prints, and its status.
local function run(name, arguments, prefix)
    return sh(("cd %s. && %s LUA_CPATH='./?.so;;' timeout 60 %s examples/sandbox/%s.lua %s"):format(quote(helper.root),
        prefix or "", helper.interpreter, name, arguments or ""))
end

describe("examples/sandbox/image_info.lua", function()
    local directory

    setup(function()
        directory = os.tmpname()
        os.remove(directory)
        sh("mkdir " .. directory)
    end)

    teardown(function() sh("rm -r " .. directory) end)

    local function image(name, bytes)
        local file = assert(io.open(directory .. "/" .. name, "wb"))
        file:write(bytes)
        file:close()
        return directory .. "/" .. name
    end

    it("prints sizes, and says what it cannot tell", function()
        local png = image("a.png", "\137PNG\r\n\26\n\0\0\0\rIHDR\0\0\2\128\0\0\1\224\8\2\0\0\0")
        local bmp = image("b.bmp", "BM" .. ("\0"):rep(16) .. "\44\1\0\0\56\255\255\255" .. ("\0"):rep(20))
        local ppm = image("c.ppm", "P6\n# a comment\n12 34\n255\n" .. ("\0"):rep(100))
        local junk = image("d", ("junk"):rep(100))
        local short = image("e", "x")
        local output, status = run("image_info", table.concat({ png, bmp, ppm, junk, short }, " "), "")
        assert.equal(0, status)
        local lines = {}
        for line in output:gmatch "[^\n]+" do lines[#lines + 1] = line end
        assert.equal(png .. "\tPNG\t640x480", lines[1])
        assert.equal(bmp .. "\tBMP\t300x200", lines[2])
        assert.equal(ppm .. "\tPPM\t12x34", lines[3])
        assert.equal(junk .. "\tunknown", lines[4])
        assert.matches("no answer", lines[5])
    end)
end)

describe("examples/sandbox/json_pick.lua", function()
    it("picks a member", function()
        assert.same({ '{"c":"x"}\n', 0 }, { run("json_pick", "a.b.2", [[echo '{"a":{"b":[1,{"c":"x"}]}}' |]]) })
    end)

    it("fails for what is no JSON, and for what is too much", function()
        local output, status = run("json_pick", "a", "echo '{\"a\":' |")
        assert.matches("json_pick: the guest has given no answer", output)
        assert.equal(1, status)
        output, status = run("json_pick", "1", [[(printf '['; yes '[1,2,3],' | head -c 100000000) |]])
        assert.matches("json_pick: the guest has given no answer", output)
        assert.equal(1, status)
    end)
end)

describe("examples/sandbox/plugin_host.lua", function()
    it("runs plugins with the rights that each was granted", function()
        assert.same({
            "shout\tEUROPE/LONDON!\nzones\tEurope/London is a time zone\nspy\tEurope/London was all I could find\n", 0,
        }, { run "plugin_host" })
    end)
end)

describe("examples/sandbox/file_server.lua", function()
    it("serves files by name, and nothing else", function()
        local directory = os.tmpname()
        os.remove(directory)
        sh(("mkdir %s && cd %s && echo hello >greeting && ln -s /etc/passwd .secret"):format(directory, directory))
        local output = sh(([[
            cd %s. && LUA_CPATH='./?.so;;' timeout 60 %s examples/sandbox/file_server.lua %s >%s/out &
            server=$!
            until grep -q listening %s/out 2>/dev/null; do sleep 0.05; done
            port=$(sed 's/.*://' %s/out)
            for _ in 1 2; do
                printf 'GET greeting\nGET ../out\nGET .secret\nGET nothing\nhello\n' |
                    timeout 30 socat -t 30 - TCP:127.0.0.1:$port
            done
            { kill $server; wait $server; } 2>/dev/null
        ]]):format(quote(helper.root), helper.interpreter, directory, directory, directory, directory))
        sh("rm -r " .. directory)
        assert.equal(("hello\nno such file\nno such file\nno such file\nwhat?\n"):rep(2), output)
    end)
end)
