-- A program for the launcher, in files of its own: `emilua examples/program`.

local time = require "time"
local greeting = require "./greeting"

local fiber = spawn(function()
    time.sleep(0.01)
    print(greeting.text("fiber"))
end)

print(greeting.text("main"))
fiber:join()

local ok, e = pcall(greeting.text, "")
print(ok, e, e == greeting.errors.nobody, e:togeneric())
