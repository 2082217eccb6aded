local emilua = require "emilua"
local environment = require "spec.environment"
local helper = require "spec.helper"

local format = emilua.format

helper.install()

-- Each row: the expected text, the format string, its arguments.
local function check(rows)
    for _, row in ipairs(rows) do
        assert.equal(row[1], format(unpack(row, 2, table.maxn(row))), row[2])
    end
end

-- Asserts a string error without position.
local function fails(text, ...)
    local ok, e = pcall(format, ...)
    assert.is_false(ok, (...))
    assert.equal(text, e, (...))
end

local nan, inf = 0 / 0, 1 / 0

describe("format", function()
    it("is a plain function, also outside of a run", function()
        assert.equal("function", type(format))
        assert.equal("1", format("{}", 1))
        assert.equal("1", helper.run(function() return format("{}", 1) end))
    end)

    it("is loaded when it is first asked for", function()
        assert.equal("nil function", (helper.child [[
            local emilua = require "emilua"
            io.write(type(rawget(emilua, "format")), " ", type(emilua.format))
        ]]))
    end)

    it("does not suspend", function()
        helper.run(function()
            emilua.this_fiber.forbid_suspend()
            assert.equal("1", format("{}", 1))
            emilua.this_fiber.allow_suspend()
        end)
    end)

    it("raises EINVAL(arg=1) for a fmt that is no string; numbers are not converted", function()
        for _, fmt in ipairs { 1, true, {}, print, 0 / 0 } do
            helper.EINVAL(function() format(fmt) end, 1)
        end
        helper.EINVAL(function() format() end, 1)
        helper.EINVAL(function() format(nil, {}) end, 1)
    end)

    it("takes booleans, numbers, strings and pairs", function()
        assert.equal("true 1 2.5 s 7", format("{} {} {} {} {}", true, 1, 2.5, "s", { "n", 7 }))
    end)

    it("raises EINVAL(arg=i) for any other argument, also for one that is not used", function()
        for _, bad in ipairs { print, coroutine.create(print), newproxy(), emilua.byte_span.new(2), {} } do
            for _ = 1, 2 do
                helper.EINVAL(function() format("{}", bad) end, 2)
                helper.EINVAL(function() format("{}{}", 1, bad) end, 3)
                helper.EINVAL(function() format("{}", 1, bad) end, 3)
                helper.EINVAL(function() format("", bad) end, 2)
            end
        end
        for _ = 1, 2 do
            helper.EINVAL(function() format("{}", nil) end, 2)
            helper.EINVAL(function() format("{}", 1, nil) end, 3)
            helper.EINVAL(function() format("{}{}", nil, 1) end, 2)
        end
    end)

    it("checks the arguments before the format string", function()
        helper.EINVAL(function() format("{", nil) end, 2)
        helper.EINVAL(function() format("{:d}{}", "s", nil) end, 3)
    end)

    it("says where the caller of a wrong argument stands", function()
        local e = helper.EINVAL(function() format("{}", nil) end, 2)
        assert.truthy(e.where:find "format_spec%.lua:%d+$")
    end)

    it("raises EINVAL(arg=i) for a pair whose size, name or value is wrong", function()
        for _, bad in ipairs { { "n" }, { "n", 1, 2 }, { 1, 2 }, { "n", {} }, { "n", print }, { nil, 1 },
            { "n", { "m", 1 } } } do
            helper.EINVAL(function() format("{}", bad) end, 2)
            helper.EINVAL(function() format("{}{n}", 1, bad) end, 3)
        end
    end)

    it("gives text without fields as it is", function()
        check { { "", "" }, { "text", "text" }, { "100%", "100%" }, { "%d", "%d" }, { "a\0b\n\r\\\"", "a\0b\n\r\\\"" },
            { "%5.3s é", "%5.3s {}", "é" } }
    end)

    it("ignores arguments that no field uses", function()
        check { { "1", "{}", 1, 2 }, { "", "", 1 }, { "a", "{0}", "a", { "n", 1 } } }
    end)
end)

describe("an integer", function()
    it("is any number that is integral within 64 bits", function()
        check {
            { "3", "{:d}", 3.0 }, { "0", "{}", -0.0 }, { "100000000000000000", "{}", 1e17 },
            { "9007199254740992", "{}", 2 ^ 53 }, { "-9223372036854775808", "{}", -2 ^ 63 },
            { "9223372036854774784", "{:d}", 2 ^ 63 - 1024 },
        }
    end)

    it("is not any other number", function()
        check { { "9.223372036854776e+18", "{}", 2 ^ 63 }, { "-9.223372036854778e+18", "{}", -2 ^ 63 - 2048 } }
        fails("invalid type specifier", "{:d}", 2 ^ 63)
        fails("invalid type specifier", "{:d}", 3.5)
        fails("invalid type specifier", "{:x}", inf)
    end)

    it("is no double: a float type or a precision is an error", function()
        for kind in ("fFeEgGaA"):gmatch "." do fails("invalid type specifier", "{:" .. kind .. "}", 3) end
        fails("precision not allowed for this argument type", "{:.2f}", 3)
        fails("precision not allowed for this argument type", "{:.0}", 3)
        fails("precision not allowed for this argument type", "{:.{}}", 3, 1)
    end)

    it("is decimal by default, and binary, octal, hexadecimal or a character by type", function()
        check {
            { "42", "{}", 42 }, { "42", "{:d}", 42 }, { "101010", "{:b}", 42 }, { "101010", "{:B}", 42 },
            { "52", "{:o}", 42 }, { "2a", "{:x}", 42 }, { "2A", "{:X}", 42 }, { "*", "{:c}", 42 },
            { "0", "{:b}", 0 }, { "0", "{:o}", 0 }, { "0", "{:x}", 0 }, { "\0", "{:c}", 0 },
            { "-2a -52 -101010", "{0:x} {0:o} {0:b}", -42 },
            { "-1" .. ("0"):rep(63), "{:b}", -2 ^ 63 },
            { "-8000000000000000", "{:x}", -2 ^ 63 }, { "-1000000000000000000000", "{:o}", -2 ^ 63 },
            { "ffffffffffff", "{:x}", 2 ^ 48 - 1 },
        }
    end)

    it("has a prefix with #", function()
        check {
            { "42", "{:#}", 42 }, { "0b101010", "{:#b}", 42 }, { "0B101010", "{:#B}", 42 }, { "052", "{:#o}", 42 },
            { "0x2a", "{:#x}", 42 }, { "0X2A", "{:#X}", 42 }, { "0", "{:#o}", 0 }, { "0x0", "{:#x}", 0 },
            { "0b0", "{:#b}", 0 }, { "-0x2a", "{:#x}", -42 }, { "+0x2a", "{:+#x}", 42 }, { "A", "{:#c}", 65 },
        }
    end)
end)

describe("a double", function()
    it("is the shortest text that reads back equal", function()
        check {
            { "0.1", "{}", 0.1 }, { "0.30000000000000004", "{}", 0.1 + 0.2 }, { "-2.5", "{}", -2.5 },
            { "3.141592653589793", "{}", math.pi }, { "5e-324", "{}", 2 ^ -1074 },
            { "2.2250738585072014e-308", "{}", 2 ^ -1022 }, { "1.7976931348623157e+308", "{}", 1.7976931348623157e308 },
            { "0.3333333333333333", "{}", 1 / 3 }, { "4503599627370495.5", "{}", 2 ^ 52 - 0.5 },
        }
    end)

    it("is the nearest of the shortest, the even one of two", function()
        check { { "-575048753216478.2", "{}", -575048753216478.25 }, { "2.9802322387695312e-08", "{}", 2 ^ -25 },
            { "5.684341886080802e-14", "{}", 2 ^ -44 } }
    end)

    it("reads back equal, whatever it is", function()
        local ffi = require "ffi"
        local cell = ffi.new "union { double number; uint32_t words[2]; }"
        for _ = 1, 3000 do
            cell.words[0], cell.words[1] = math.random(0, 2 ^ 32 - 1), math.random(0, 2 ^ 32 - 1)
            -- The payload of a NaN could be one of LuaJIT's type tags.
            local x = bit.band(cell.words[1], 0x7ff00000) == 0x7ff00000 and 0 or tonumber(cell.number)
            if (x ~= math.floor(x) or math.abs(x) > 2 ^ 63 and math.abs(x) ~= inf) then
                local text = format("{}", x)
                assert.equal(x, tonumber(text))
                -- No shorter one does.
                local digits = #text:gsub("e.*", ""):gsub("[-.]", ""):gsub("^0+", "")
                for precision = 1, digits - 1 do
                    if x == tonumber(("%%.%dg"):format(precision):format(x)) then error(text .. " is too long") end
                end
            end
        end
    end)

    it("has an exponent below 1e-4 and from 1e16", function()
        check {
            { "0.0001", "{}", 0.0001 }, { "0.00012", "{}", 0.00012 }, { "9.9e-05", "{}", 0.000099 },
            { "1e-05", "{}", 0.00001 }, { "1e+20", "{}", 1e20 }, { "1.5e+300", "{}", 1.5e300 },
            { "1e-100", "{}", 1e-100 },
        }
    end)

    it("is nan or inf, without zeros in front", function()
        check {
            { "nan", "{}", nan }, { "nan", "{}", -nan }, { "inf", "{}", inf }, { "-inf", "{}", -inf },
            { "nan inf", "{:f} {:e}", nan, inf }, { "NAN INF -INF", "{:F} {:E} {:G}", nan, inf, -inf },
            { "+inf +nan", "{:+} {:+}", inf, nan }, { " inf", "{: }", inf }, { "   inf", "{:06}", inf },
            { "   nan", "{:6}", nan }, { "inf   ", "{:<6}", inf },
            { "*nan**", "{:*^6}", nan }, { "inf", "{:.2f}", inf }, { "inf", "{:a}", inf }, { "inf", "{:#}", inf },
        }
    end)

    it("is fixed with f and F: six digits, or the precision", function()
        check {
            { "1.500000", "{:f}", 1.5 }, { "1.500000", "{:F}", 1.5 }, { "1.50", "{:.2f}", 1.5 },
            { "3.142", "{:.3f}", math.pi },
            { "100000000000000000000.0", "{:.1f}", 1e20 }, { "0.00", "{:.2f}", 1e-9 }, { "-0.00", "{:.2f}", -1e-9 },
            { "0.1000000000000000055511151231257827021181583404541015625" .. ("0"):rep(45), "{:.100f}", 0.1 },
        }
        assert.equal(2002, #format("{:.2000f}", 0.1))
    end)

    it("is rounded to the even digit where two are as near", function()
        check {
            { "0 2 2 4", "{:.0f} {:.0f} {:.0f} {:.0f}", 0.5, 1.5, 2.5, 3.5 },
            { "-0 -2", "{:.0f} {:.0f}", -0.5, -2.5 },
            { "0.12 0.38", "{:.2f} {:.2f}", 0.125, 0.375 }, { "1.2e+00", "{:.1e}", 1.25 }, { "1.2", "{:.2g}", 1.25 },
            { "38729843268051.820312", "{:f}", 38729843268051.8203125 }, { "0x1.8p+0", "{:.1a}", 1.53125 },
        }
    end)

    it("is scientific with e and E", function()
        check {
            { "1.500000e+00", "{:e}", 1.5 }, { "1.500000E+00", "{:E}", 1.5 }, { "2e+00", "{:.0e}", 1.5 },
            { "1.235e+05", "{:.3e}", 123456.7 }, { "1.0e-100", "{:.1e}", 1e-100 },
            { "9.999999e-01", "{:e}", 0.9999999 },
            { "1.00e+01", "{:.2e}", 9.9999 },
        }
        assert.equal(1206, #format("{:.1200e}", 0.1))
    end)

    it("is either with g and G: six significant digits, or the precision, without zeros at the end", function()
        check {
            { "1.5", "{:g}", 1.5 }, { "123457", "{:g}", 123456.7 }, { "1.23457e+06", "{:g}", 1234567.8 },
            { "1.23457E+06", "{:G}", 1234567.8 }, { "0.0001", "{:g}", 0.0001 }, { "1e-05", "{:g}", 0.00001 },
            { "3.14", "{:.3g}", math.pi }, { "2", "{:.0g}", 1.5 }, { "0.10000000000000000555", "{:.20g}", 0.1 },
            { "1e+01", "{:.1g}", 9.5 },
        }
    end)

    it("without type, but with a precision, is as with g", function()
        check { { "3.14", "{:.3}", math.pi }, { "1e+20", "{:.3}", 1e20 }, { "1.2e+03", "{:.2}", 1234.5 },
            { "2", "{:.0}", 1.5 } }
    end)

    it("is hexadecimal with a and A", function()
        check {
            { "0x1.8p+0", "{:a}", 1.5 }, { "0X1.8P+0", "{:A}", 1.5 }, { "0x1.921fb54442d18p+1", "{:a}", math.pi },
            { "0x1.92p+1", "{:.2a}", math.pi }, { "0x0.0000000000001p-1022", "{:a}", 2 ^ -1074 },
            { "-0x1p-1", "{:a}", -0.5 },
            { "0x1p-1022", "{:a}", 2 ^ -1022 }, { "0x1.800000000000000p+0", "{:.15a}", 1.5 },
            { "0x2p+0", "{:.0a}", 1.75 },
            { "+0x1p-1", "{:+a}", 0.5 },
        }
    end)

    it("always has a point with #, and with g all digits", function()
        check {
            { "2.", "{:#.0f}", 2.5 }, { "2.e+00", "{:#.0e}", 2.5 }, { "2.50000", "{:#g}", 2.5 },
            { "1.00000e+20", "{:#g}", 1e20 }, { "1.e+20", "{:#}", 1e20 }, { "2.5", "{:#}", 2.5 },
            { "1.5000", "{:#.5}", 1.5 }, { "0x1.p-1", "{:#a}", 0.5 },
        }
    end)

    it("has no other type", function()
        for kind in ("dbBoxXcs?p"):gmatch "." do fails("invalid type specifier", "{:" .. kind .. "}", 1.5) end
    end)
end)

describe("a string", function()
    it("is put in as it is", function()
        check { { "text", "{}", "text" }, { "text", "{:s}", "text" }, { "", "{}", "" }, { "a\0b", "{:s}", "a\0b" },
            { "{}", "{}", "{}" }, { "\255\254", "{}", "\255\254" } }
    end)

    it("is cut by a precision, which counts code points", function()
        check {
            { "abc", "{:.3}", "abcdef" }, { "abc", "{:.3s}", "abcdef" }, { "", "{:.0}", "abc" },
            { "ab", "{:.9}", "ab" },
            { "éa", "{:.2}", "éaü" }, { "あい", "{:.2}", "あいう" }, { "ab  ", "{:4.2}", "abcdef" },
            { "x" .. ("y"):rep(119), "{:.120}", "x" .. ("y"):rep(200) },
        }
    end)

    it("is quoted and escaped with ?", function()
        check {
            { [["a'\"\\\n\t\r"]], "{:?}", "a'\"\\\n\t\r" }, { [["\x00\x01\x7f"]], "{:?}", "\0\1\127" },
            { '""', "{:?}", "" },
            { '"é あ 😀"', "{:?}", "é あ 😀" }, { [["\u200b\xa0"]], "{:?}", "\226\128\139\194\160" },
            { [["\ue000\u0378"]], "{:?}", "\238\128\128\205\184" }, { [["\U000e0001"]], "{:?}", "\243\160\128\129" },
            { [["\xff\xc3("]], "{:?}", "\255\195(" }, { [["\xed\xa0\x80"]], "{:?}", "\237\160\128" },
            { [["a\n"   |]], "{:8?}|", "a\n" }, { [["a\]], "{:.3?}", "a\n" },
        }
    end)

    it("has no other type, and no sign, #, 0 or L", function()
        for kind in ("dbBoxXcfFeEgGaAp"):gmatch "." do fails("invalid type specifier", "{:" .. kind .. "}", "s") end
        for _, spec in ipairs { "+", "-", " ", "#", "05", "L" } do
            fails("format specifier requires numeric argument", "{:" .. spec .. "}", "s")
        end
    end)
end)

describe("a boolean", function()
    it("is true or false", function()
        check { { "true false", "{} {:s}", true, false }, { "true ", "{:5}", true }, { "false", "{:2}", false } }
    end)

    it("is 0 or 1 with the types of integers", function()
        check { { "1 0", "{:d} {:d}", true, false }, { "0x1", "{:#x}", true }, { "0b0", "{:#b}", false },
            { "001", "{:03d}", true }, { "  1", "{:3d}", true }, { "1 1 1", "{0:o} {0:X} {0:B}", true },
            { "\1", "{:c}", true } }
    end)

    it("has no other type, sign or precision", function()
        for kind in ("fFeEgGaA?p"):gmatch "." do fails("invalid type specifier", "{:" .. kind .. "}", true) end
        fails("format specifier requires signed argument", "{:+}", true)
        fails("format specifier requires signed argument", "{:+d}", true)
        fails("precision not allowed for this argument type", "{:.2}", true)
    end)
end)

describe("a replacement field", function()
    it("is written {{ and }} where a brace is meant", function()
        check { { "{}", "{{}}" }, { "{1}", "{{{}}}", 1 }, { "a{b}c", "a{{b}}c" }, { "}{", "}}{{" } }
    end)

    it("takes the next argument without id", function()
        check { { "a b c", "{} {} {}", "a", "b", "c" }, { "1", "{:}", 1 } }
        fails("argument not found", "{}")
        fails("argument not found", "{}{}", 1)
    end)

    it("takes a position from 0", function()
        check { { "b a b", "{1} {0} {1}", "a", "b" }, { "n", "{10}", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, "n" },
            { "o", "{13}", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "o" } }
        fails("argument not found", "{1}", 1)
        fails("argument not found", "{999999}", 1)
        fails("number is too big", "{2147483648}", 1)
    end)

    it("takes a named argument, which also has a position", function()
        check {
            { "7 7", "{n} {0}", { "n", 7 } }, { "1 2 3", "{} {b} {}", 1, 3, { "b", 2 } },
            { "7 7 2", "{n} {} {}", { "n", 7 }, 2 },
            { "x", "{_a1}", { "_a1", "x" } }, { "true", "{long_name}", { "long_name", true } },
            { "first", "{n}", { "n", "first" }, { "n", "second" } },
        }
        assert.equal("   7|7", format("{n:>4}|{0}", { "n", 7 }))
        fails("argument not found", "{m}", { "n", 1 })
    end)

    it("does not mix positions with automatic ones", function()
        fails("cannot switch from manual to automatic argument indexing", "{0}{}", 1, 2)
        fails("cannot switch from automatic to manual argument indexing", "{}{0}", 1, 2)
        fails("cannot switch from automatic to manual argument indexing", "{:{0}}", 1)
        fails("cannot switch from manual to automatic argument indexing", "{0:{}}", 1, 2)
    end)

    it("has no other form of id", function()
        for _, fmt in ipairs { "{ }", "{-1}", "{00}", "{01}", "{0x}", "{!r}", "{0!r}", "{é}", "{.}", "{0 }" } do
            fails("invalid format string", fmt, 1)
        end
        fails("missing '}' in format string", "{a-b}", { "a", 1 })
    end)

    it("is closed, and every brace has its partner", function()
        fails("invalid format string", "{", 1)
        fails("invalid format string", "{0", 1)
        fails("unmatched '}' in format string", "}", 1)
        fails("unmatched '}' in format string", "a}b", 1)
        fails("unmatched '}' in format string", "{}}", 1)
        for _, fmt in ipairs { "{:", "{:>", "{:5", "{:d", "{:.5", "{:dd}", "{:d ", "{:{}", "{:*<", "{:dL}" } do
            fails("missing '}' in format string", fmt, 1.5, 1)
        end
    end)
end)

describe("a format specification", function()
    it("aligns numbers right, and strings, booleans and characters left", function()
        check {
            { "    1|", "{:5}|", 1 }, { "  1.5|", "{:5}|", 1.5 }, { "a    |", "{:5}|", "a" },
            { "true |", "{:5}|", true },
            { "A    |", "{:5c}|", 65 }, { " 1.50|", "{:5.2f}|", 1.5 }, { "   ff|", "{:5x}|", 255 },
        }
    end)

    it("aligns left, right or in the middle, with the odd column on the right", function()
        check {
            { "1    |", "{:<5}|", 1 }, { "    a|", "{:>5}|", "a" }, { "  a  |", "{:^5}|", "a" },
            { " ab  |", "{:^5}|", "ab" },
            { " -1.5  |", "{:^7}|", -1.5 }, { " true|", "{:>5}|", true }, { "a|", "{:<}|", "a" },
        }
    end)

    it("fills with any code point but braces", function()
        check {
            { "****1", "{:*>5}", 1 }, { "ééaéé", "{:é^5}", "a" }, { "あa", "{:あ>2}", "a" }, { "😀😀a", "{:😀>3}", "a" },
            { "<<<1", "{:<>4}", 1 }, { "1<<<", "{:<<4}", 1 }, { "::1", "{::>3}", 1 },
            { "001", "{:0>3}", 1 }, { "100", "{:0<3}", 1 }, { "\255\2551", "{:\255>3}", 1 }, { "%%1", "{:%>3}", 1 },
        }
        fails("invalid fill character '{'", "{:{<5}", 1)
        fails("unmatched '}' in format string", "{:}<5}", 1)
    end)

    it("shows signs", function()
        check {
            { "+1 -1 +0", "{:+} {:+} {:+}", 1, -1, 0 }, { " 1 -1", "{: } {: }", 1, -1 }, { "1 -1", "{:-} {:-}", 1, -1 },
            { "+1.5 -1.5", "{:+} {:+}", 1.5, -1.5 }, { " 1.5", "{: }", 1.5 },
            { "+ff", "{:+x}", 255 }, { "+1.50e+00", "{:+.2e}", 1.5 }, { "A", "{:+c}", 65 },
        }
    end)

    it("puts zeros between sign or prefix and digits", function()
        check {
            { "00042", "{:05}", 42 }, { "-0042", "{:05}", -42 }, { "+0042", "{:+05}", 42 },
            { "0x00ff", "{:#06x}", 255 },
            { "-0x00ff", "{:#07x}", -255 }, { "00001.50", "{:08.2f}", 1.5 }, { "-0001.5", "{:07}", -1.5 },
            { "5", "{:0}", 5 },
            { "0000" .. ("0"):rep(115) .. "1", "{:0120}", 1 },
        }
    end)

    it("ignores 0 after an alignment", function()
        check { { "42   ", "{:<05}", 42 }, { "   42", "{:>05}", 42 }, { " 42  ", "{:^05}", 42 },
            { "***42", "{:*>05}", 42 } }
    end)

    it("counts columns, of which wide characters take two", function()
        check {
            { "é    |", "{:5}|", "é" }, { "あ   |", "{:5}|", "あ" }, { " あ  |", "{:^5}|", "あ" },
            { "   한|", "{:>5}|", "한" },
            { "😀   |", "{:5}|", "😀" }, { "ｗ   |", "{:5}|", "ｗ" }, { "e\204\129   |", "{:5}|", "e\204\129" },
            { "\255\254   |", "{:5}|", "\255\254" }, { "\227\129   |", "{:5}|", "\227\129" },
            { "あいう|", "{:5}|", "あいう" },
        }
    end)

    it("never cuts by the width", function()
        check { { "abcdef", "{:3}", "abcdef" }, { "12345", "{:3}", 12345 },
            { "abc" .. (" "):rep(197), "{:200}", "abc" } }
    end)

    it("may have width and precision of other arguments", function()
        assert.equal("3.1", format("{:.{}f}", 3.14, 1))
        check {
            { "    a", "{:>{}}", "a", 5 }, { "  3.14", "{:{}.{}f}", 3.14159, 6, 2 },
            { " 1.5|", "{0:{1}.{2}f}|", 1.5, 4, 1 },
            { "  1|", "{:{w}}|", 1, { "w", 3 } }, { "ab", "{:.{p}}", "abc", { "p", 2 } }, { "1", "{:{}}", 1, 0 },
            { "      7", "{n:{0}}", { "n", 7 } }, { "00042", "{:0{}}", 42, 5 }, { "+ab", "+{:.{}}", "abc", 2.0 },
        }
        fails("width is not integer", "{:{}}", 1, "5")
        fails("width is not integer", "{:{}}", 1, true)
        fails("width is not integer", "{:{}}", 1, 2.5)
        fails("precision is not integer", "{:.{}f}", 1.5, "2")
        fails("precision is not integer", "{:.{}f}", 1.5, nan)
        fails("negative width", "{:{}}", 1, -1)
        fails("negative precision", "{:.{}f}", 1.5, -1)
        fails("number is too big", "{:{}}", 1, 2 ^ 31)
        fails("number is too big", "{:.{}}", "s", 2 ^ 40)
        fails("argument not found", "{:{}}", 1)
        fails("argument not found", "{:{w}}", 1)
        fails("invalid format string", "{:{:}}", 1, 2)
        fails("invalid format string", "{:{", 1, 2)
        fails("invalid format string", "{:.{0", 1, 2)
    end)

    it("fails for numbers beyond 32 bits and for a point without precision", function()
        fails("number is too big", "{:99999999999}", 1)
        fails("number is too big", "{:2147483648}", 1)
        fails("number is too big", "{:.2147483648}", "s")
        fails("missing precision specifier", "{:.}", 1.5)
        fails("missing precision specifier", "{:.f}", 1.5)
    end)

    it("fails for unknown types", function()
        for _, spec in ipairs { "y", "=5", "n", "%", ",", "_", "5i", "+u" } do
            fails("invalid type specifier", "{:" .. spec .. "}", 1)
        end
    end)

    it("changes nothing with L in the C locale", function()
        check { { "1234567", "{:L}", 1234567 }, { "1234567.5", "{:L}", 1234567.5 }, { "true", "{:L}", true },
            { "+001234567", "{:+010L}", 1234567 }, { "1234567.50", "{:.2Lf}", 1234567.5 }, { "4d2", "{:Lx}", 1234 } }
    end)

    it("takes the separators of the C locale with L, and only then", function()
        local folder = os.tmpname()
        os.remove(folder)
        finally(function() helper.shell("rm -rf " .. folder) end)
        -- Only what is needed: whole locales take seconds to make. localedef complains of what is not there.
        helper.shell(([[mkdir %s && cd %s && for name in de_DE en_IN; do
            printf 'LC_CTYPE\ncopy "POSIX"\nEND LC_CTYPE\nLC_NUMERIC\ncopy "%%s"\nEND LC_NUMERIC\n' $name >source
            localedef -c -i source -f UTF-8 ./$name.UTF-8
        done]]):format(folder, folder))
        local _, status = helper.shell(("test -e %s/en_IN.UTF-8/LC_NUMERIC"):format(folder))
        environment.need("localedef", status == 0)
        local output = helper.child([[
            local format = require "emilua".format
            assert(os.setlocale("de_DE.UTF-8", "numeric"))
            print(format("{:L}|{:Ld}|{:L}|{:L}", 1234567, -1234567, 123, 1234))
            print(format("{:.2Lf}|{:12L}|{:<12L}|{:+012L}", 1234567.5, 1234567, 1234567, 1234567))
            print(format("{:L}|{:Lx}|{:Le}|{:L}|{:L}", 0.5, 255, 1.5, 1e20, 1 / 0))
            print(format("{}|{:g}|{:.2f}|{}", 1234567.5, 1.5, 2.5, 1e300))
            assert(os.setlocale("en_IN.UTF-8", "numeric"))
            print(format("{:L} {:L}", 123456789, 12345.5))
        ]], { env = { LOCPATH = folder } })
        assert.equal([[
1.234.567|-1.234.567|123|1.234
1.234.567,50|   1.234.567|1.234.567   |+001.234.567
0,5|ff|1,500000e+00|1e+20|inf
1234567.5|1.5|2.50|1e+300
12,34,56,789 12,345.5
]], output)
    end)

    it("takes the parts in this order only", function()
        check { { "**+0x1f***", "{:*^+#10x}", 31 }, { "+0000031.50", "{:+#011.2Lf}", 31.5 } }
        for _, spec in ipairs { "#+", "0#", "L.2", "5+" } do
            assert.is_false((pcall(format, "{:" .. spec .. "}", 1.5)))
        end
    end)
end)

describe("a format string that is used again", function()
    it("takes arguments of other types", function()
        for _ = 1, 3 do
            check { { "    1|", "{:>5}|", 1 }, { "  1.5|", "{:>5}|", 1.5 }, { "    é|", "{:>5}|", "é" },
            { "    e|", "{:>5}|", "e" },
                { " true|", "{:>5}|", true }, { "  inf|", "{:>5}|", inf }, { "    7|", "{:>5}|", { "n", 7 } } }
        end
        fails("invalid type specifier", "{:d}", "s")
        assert.equal("1", format("{:d}", 1))
        fails("invalid type specifier", "{:d}", "s")
    end)

    it("is right when it is compiled", function()
        local texts, numbers = { "a", "bé", "", "あ", ("x"):rep(20) }, { 1, 2.5, 1e300, -3, 0.125 }
        local wanted = {}
        for i = 1, 5 do wanted[i] = format("{:>10} {:.2}", texts[i], numbers[i] + 0.25) end
        for n = 0, 999 do
            local i = n % 5 + 1
            assert(format("{:>10} {:.2}", texts[i], numbers[i] + 0.25) == wanted[i])
        end
    end)

    it("may have many fields", function()
        local list = {}
        for i = 1, 200 do list[i] = i + 0.5 end
        assert.equal(table.concat(list, " "), format(("{} "):rep(199) .. "{}", unpack(list)))
        assert.equal(("1"):rep(200), format(("{0}"):rep(200), 1))
        assert.equal((" 1"):rep(39), format((" {0}"):rep(39), 1))
        assert.equal(("0x1"):rep(40), format(("{0:#x}"):rep(40), 1))
    end)

    it("is forgotten when there are too many others", function()
        for i = 1, 1200 do assert.equal(i .. "1", format(i .. "{}", 1)) end
    end)
end)

describe("format and string.format", function()
    local function pick(list) return list[math.random(#list)] end

    -- Ties apart, which LuaJIT rounds up.
    local function random_double()
        return (math.random() - 0.5) * 10 ^ math.random(-12, 12) + 1e-13
    end

    it("give the same text where they have the same options", function()
        for _ = 1, 5000 do
            local align, sign = pick { "", "<", ">" }, pick { "", "+", " " }
            local width, precision = pick { "", "1", "8", "25" }, pick { "", ".0", ".1", ".7", ".8" }
            local zero = align == "" and width ~= "" and pick { "", "0" } or ""
            local minus = align == "<" and width ~= "" and "-" or ""
            local what = math.random(4)
            local ours, theirs, value
            if what == 1 then
                value = math.random(-2 ^ 31, 2 ^ 31) * pick { 1, 1000 }
                ours, theirs = sign .. zero .. width .. "d", minus .. sign .. zero .. width .. "d"
            elseif what == 2 then
                local kind = pick { "x", "X", "o" }
                value = math.random(0, 2 ^ 31)
                ours, theirs = zero .. width .. kind, minus .. zero .. width .. kind
            elseif what == 3 then
                local kind = pick { "f", "e", "E", "g", "G" }
                value = random_double()
                ours = sign .. zero .. width .. precision .. kind
                theirs = minus .. ours
            else
                value = pick { "", "a", "some text", "a longer text, which is cut or not" }
                ours = width .. precision .. "s"
                theirs = (align == ">" and "" or width ~= "" and "-" or "") .. width .. precision .. "s"
            end
            local fmt = "[{:" .. align .. ours .. "}]"
            assert.equal(("[%" .. theirs .. "]"):format(value), format(fmt, value), fmt)
        end
    end)
end)
