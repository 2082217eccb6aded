-- Core §15: error categories described in Turtle.

local environment = require "spec.environment"
local helper = require "spec.helper"
local programs = require "spec.program_helper"

local PREFIX = "@prefix c: <https://schema.emilua.org/error_category/0/#>.\n"
local MODULE = PREFIX .. "<about:emilua-module> a <https://schema.emilua.org/error_category/0/>"

local PRINTER = MODULE .. [[;
    c:error [ c:code 7; c:alias "no_paper", "E7";
              c:message "Printer is out of paper", "Papier fehlt"@de, "Papier ist aus"@de-AT;
              c:generic_error "EAGAIN" ],
            [ c:code 8; c:message "Printer is on fire"; c:alias "fire" ].
]]

local function check(expected, app, ttl, opts)
    local output = programs.run({ ["app.lua"] = "local printer = require './printer'\n" .. app,
        ["printer.ttl"] = ttl or PRINTER }, opts)
    assert.equal(expected, output)
end

-- How the file fails to load: the code in emilua.core.
local function check_refused(code, ttl)
    local output = programs.run {
        ["app.lua"] = "local ok, e = pcall(require, './m') print(ok, tostring(e.category), e.code)",
        ["m.ttl"] = ttl,
    }
    assert.equal("false\temilua.core\t" .. code .. "\n", output)
end

describe("§15 an error category", function()
    after_each(programs.clean)

    it("is an rdf_error_category_module", function()
        check("rdf_error_category_module\n", "print(getmetatable(printer))")
    end)

    it("index by an alias: a new error of that code", function()
        check("7\t7\tfalse\terror_code\n", [[
            local a, b = printer.no_paper, printer.E7
            print(a.code, b.code, rawequal(a, b), getmetatable(a))
        ]])
    end)

    it("unknown alias and other types: bad_index", function()
        check("8\t2\n8\t2\n8\t2\n", [[
            for _, key in ipairs { "nothing", true, {} } do
                local ok, e = pcall(function() return printer[key] end)
                print(e.code, e.index)
            end
        ]])
    end)

    it("index by a number: an error of that code, unchecked; 0 gives nil", function()
        check("7\t99\tUnknown\tnil\n", "print(printer[7].code, printer[99].code, tostring(printer[99]), printer[0])")
    end)

    it("the category's name is file:// and the path", function()
        check("file://DIR/printer.ttl\n", "print(printer.E7.category)")
    end)

    it("compares by category and code", function()
        check("true\tfalse\tfalse\n", [[
            print(printer.E7 == printer.no_paper, printer.E7 == printer.fire,
                printer.E7 == require "generic_error".E2BIG)
        ]])
    end)

    it("message(code) is the untagged text; Unknown for unknown codes", function()
        check("Printer is out of paper\tPrinter is on fire\tUnknown\n", [[
            local c = printer.E7.category
            print(c:message(7), c:message(8), c:message(9))
        ]], nil, { env = { LC_ALL = "C" } })
    end)

    it("togeneric() gives the mapped error, or the same one", function()
        check("generic\ttrue\ttrue\n", [[
            local e = printer.E7:togeneric()
            print(e.category, e == require("generic_error").EAGAIN, printer.fire:togeneric() == printer.fire)
        ]])
    end)

    it("may be shared by root and search path imports", function()
        local output = programs.run({
            ["app.lua"] = "print(require('/p/x').a.code, require('x').a.code)",
            ["p/x.ttl"] = MODULE .. '; c:error [ c:code 5; c:alias "a"; c:message "five" ].',
        }, { env = { EMILUA_PATH = "DIR/p" } })
        assert.equal("5\t5\n", output)
    end)

    it("a category without errors is one", function()
        check("rdf_error_category_module\n", "print(getmetatable(printer))", MODULE .. ".")
    end)

    it("nodes with names of their own, negative codes, generic_error of the system's name list", function()
        check("-3\ttrue\n", [[print(printer.minus.code, printer.minus:togeneric() == require("generic_error").EIO)]],
            MODULE .. "; c:error <about:a>.\n" ..
            '<about:a> c:code -3; c:alias "minus"; c:message "m"; c:generic_error "EIO".')
    end)
end)

describe("§15 localised messages", function()
    after_each(programs.clean)

    -- Makes a locale of that name, of the sources of the C library's own "C" locale, and runs in it.
    local function check_locale(expected, locale)
        local output, status = programs.run({
            ["app.lua"] = "print(require('./printer').E7)", ["printer.ttl"] = PRINTER,
        }, {
            env = { LC_ALL = locale, LOCPATH = "DIR/locales" },
            before = "mkdir -p DIR/locales && localedef -i C -f UTF-8 DIR/locales/" .. locale .. " 2>/dev/null;",
        })
        assert.same({ expected .. "\n", 0 }, { output, status })
    end

    it("C takes the untagged text", function() check_locale("Printer is out of paper", "C") end)

    it("a tag that begins the locale's name; the longest one; the first - is a _", function()
        if not environment.need("locale sources", function()
            return select(2, helper.shell "test -e /usr/share/i18n/locales/C && command -v localedef") == 0
        end) then return end
        check_locale("Papier fehlt", "de_DE.UTF-8")
        check_locale("Papier ist aus", "de_AT.UTF-8")
        check_locale("Printer is out of paper", "fr_FR.UTF-8")
    end)

    it("a locale that is not installed is C, with a warning", function()
        local output = programs.run({ ["app.lua"] = "print(require('./printer').E7)", ["printer.ttl"] = PRINTER },
            { env = { LC_ALL = "xx_XX.UTF-8" } })
        assert.matches("^<4>Failed to set the native locale: [^\n]+\nPrinter is out of paper\n$", output)
    end)
end)

describe("§15 file problems", function()
    after_each(programs.clean)

    local function with(node) return MODULE .. "; c:error " .. node .. "." end

    it("no triples at all: bad_rdf", function()
        check_refused(19, "")
        check_refused(19, "# a comment\n")
        check_refused(19, "this is no turtle")
        check_refused(19, PREFIX)
    end)

    it("no type, several, or a non-URI one: bad_rdf_module", function()
        check_refused(20, "<about:other> a <https://schema.emilua.org/error_category/0/>.")
        check_refused(20, "<about:emilua-module> <about:x> 1.")
        check_refused(20, "<about:emilua-module> a <https://schema.emilua.org/error_category/0/>, <about:x>.")
        check_refused(20, "<about:emilua-module> a 'https://schema.emilua.org/error_category/0/'.")
        check_refused(20, "<about:emilua-module> a [].")
    end)

    it("another schema: bad_rdf_error_category", function()
        check_refused(21, "<about:emilua-module> a <https://schema.emilua.org/error_category/1/>.")
    end)

    it("code: required, one integer", function()
        check_refused(21, with '[ c:message "m" ]')
        check_refused(21, with '[ c:code "7"; c:message "m" ]')
        check_refused(21, with '[ c:code 7.5; c:message "m" ]')
        check_refused(21, with '[ c:code 7, 8; c:message "m" ]')
        check_refused(21, with '[ c:code <about:x>; c:message "m" ]')
        check_refused(21, with '[ c:code 99999999999; c:message "m" ]')
    end)

    it("alias: plain literals, unique in the file", function()
        check_refused(21, with '[ c:code 7; c:message "m"; c:alias 1 ]')
        check_refused(21, with '[ c:code 7; c:message "m"; c:alias "a"@en ]')
        check_refused(21, with '[ c:code 7; c:message "m"; c:alias <about:x> ]')
        check_refused(21, with '[ c:code 7; c:message "m"; c:alias "a" ], [ c:code 8; c:message "n"; c:alias "a" ]')
    end)

    it("message: the untagged one is required, at most one per language", function()
        check_refused(21, with '[ c:code 7 ]')
        check_refused(21, with '[ c:code 7; c:message "m"@en ]')
        check_refused(21, with '[ c:code 7; c:message "m", "n" ]')
        check_refused(21, with '[ c:code 7; c:message "m", "a"@en, "b"@en ]')
        check_refused(21, with '[ c:code 7; c:message 7 ]')
    end)

    it("generic_error: at most one name of generic_error", function()
        check_refused(21, with '[ c:code 7; c:message "m"; c:generic_error "EAGAIN", "EIO" ]')
        check_refused(21, with '[ c:code 7; c:message "m"; c:generic_error "ENOTHING" ]')
        check_refused(21, with '[ c:code 7; c:message "m"; c:generic_error 11 ]')
    end)

    it("an error that is a literal", function() check_refused(21, with '"7"') end)

    it("can be mended: another require reads the file again", function()
        local output = programs.run {
            ["app.lua"] = [[
                local ffi = require "ffi"
                ffi.cdef "int rename(const char *, const char *);"
                local directory = tostring(_FILE):match "^(.*)/"
                print((pcall(require, "./m")))
                ffi.C.rename(directory .. "/good.ttl", directory .. "/m.ttl")
                print(require("./m").E7.code)
            ]],
            ["m.ttl"] = "nonsense", ["good.ttl"] = PRINTER,
        }
        assert.equal("false\n7\n", output)
    end)
end)
