-- The examples of JSON, regular expressions and the scanner, each run as a user runs it; socat is the line server's
-- client.

local helper = require "spec.helper"

local sh, quote = helper.shell, helper.quote

-- Output and exit status of an example with this input.
local function example(name, arguments, input)
    local path = helper.write_temporary(input or "")
    local command = ("timeout 60 %s examples/%s.lua %s <%s"):format(helper.interpreter, name, arguments, path)
    local output, status = sh(command)
    os.remove(path)
    return output, status
end

describe("examples/json_filter.lua", function()
    it("prints the documents that it is asked for and reports broken lines", function()
        local output, status = example("json_filter", "level error",
            '{"level":"error","b":1,"a":[2]}\n{"level":"info"}\n\n{"level":\n5\nnull\n{"level":"error"}')
        assert.equal(0, status)
        assert.truthy(output:find('{"a":[2],"b":1,"level":"error"}\n', 1, true), output)
        assert.truthy(output:find('{"level":"error"}\n', 1, true), output)
        assert.truthy(output:find("line 4, column 10: EOF while parsing a value\n", 1, true), output)
        assert.is_nil(output:find("info", 1, true))
    end)

    it("explains its usage", function()
        local output, status = example("json_filter", "")
        assert.same({ "usage: luajit json_filter.lua KEY VALUE <FILE\n", 2 }, { output, status })
    end)
end)

describe("examples/config.lua", function()
    local function config(text)
        local path = helper.write_temporary(text)
        local output, status = example("config", quote(path))
        os.remove(path)
        return output:gsub(path:gsub("%p", "%%%0"), "FILE"), status
    end

    it("prints the settings, with defaults", function()
        assert.equal("host\texample.org\nport\t80\nverbose\ttrue\n", (config('{"host":"example.org","verbose":true}')))
    end)

    it("points at what is wrong", function()
        assert.equal('FILE:3:10: expected `:`\n  "port" 1\n         ^\n',
            (config '{\n  "host": "x",\n  "port" 1\n}\n'))
        assert.equal('FILE:1:28: port: ERANGE on json\n{"port":99999999999999999999}\n' .. (" "):rep(27) .. "^\n",
            (config '{"port":99999999999999999999}'))
        assert.truthy((config '{"host":"x","port":"80"}'):find("FILE: port must be a number\n", 1, true))
    end)
end)

describe("examples/csv_sum.lua", function()
    it("sums a column of fields that may be quoted", function()
        assert.same({ "3\t6.5\n", 0 }, { example("csv_sum", "amount",
            'name,amount\r\n"a, b",1.5\r\nc,"2"\r\n"x ""y""",3') })
    end)

    it("fails where there is no such column", function()
        local output, status = example("csv_sum", "price", "name,amount\n")
        assert.truthy(output:find("no column price", 1, true), output)
        assert.equal(1, status)
    end)
end)

describe("examples/log_fields.lua", function()
    it("prints what awk prints", function()
        local lines = {}
        for i = 1, 3000 do lines[i] = ("  %d GET   /page/%d  \t200 %d"):format(i, i % 7, i * 3) end
        local text = table.concat(lines, "\n") .. "\n\nlast"
        local path = helper.write_temporary(text)
        local awk = sh("awk '{ print $5, $1 }' " .. path)
        os.remove(path)
        assert.same({ awk, 0 }, { example("log_fields", "5 1", text) })
    end)
end)

describe("examples/line_server.lua", function()
    local server, pid, port

    before_each(function()
        server = io.popen(([[
            exec 2>&1
            sh -c 'echo $$; exec timeout --foreground -s KILL 60 %s examples/line_server.lua' ]])
            :format(helper.interpreter))
        pid = server:read "*l"
        port = assert(tostring(server:read "*l"):match "^listening on 127%.0%.0%.1:(%d+)$")
    end)

    after_each(function()
        os.execute("kill -TERM " .. pid .. " 2>/dev/null")
        server:close()
    end)

    it("answers each line", function()
        local lines = "printf 'upper abc\\r\\ncount\\nwhat\\nupper last'"
        local output = sh(("%s | timeout 30 socat -t 30 - TCP:127.0.0.1:%s"):format(lines, port))
        assert.equal("ABC\n2\nunknown command\nLAST\n", output)
    end)

    it("hangs up at quit", function()
        assert.equal("1\n", (sh(("(printf 'count\\nquit\\n') | timeout 30 socat -t 1 - TCP:127.0.0.1:%s")
            :format(port))))
    end)
end)
