-- The benchmark harness: that a line of it runs. What it measures is nobody's business here.

describe("bench/run", function()
    local function output(arguments)
        local pipe = assert(io.popen("bench/run " .. arguments .. " 2>&1; echo status $?"))
        local text = pipe:read("*a")
        pipe:close()
        return text
    end

    it("names its lines", function()
        local text = output("--list")
        assert.truthy(text:find("\nswitch\n", 1, true))
        assert.truthy(text:find("status 0", 1, true))
    end)

    it("refuses a line that it does not have", function()
        assert.truthy(output("--quick no_such_line"):find("status 2", 1, true))
    end)

    it("prints a row with a value and a verdict, and keeps no file of a quick run", function()
        local text = output("--quick switch")
        local row = text:match("\n(switch: [^\n]*)\n")
        assert.truthy(row, text)
        assert.truthy(row:match("%s%d[%d.]*%s+ns%s"), text)
        assert.is_nil(row:match("%serror"), text)
        assert.is_nil(text:find("kept in", 1, true))
        assert.truthy(text:find("status 0", 1, true), text)
    end)
end)
