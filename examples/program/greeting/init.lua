-- A module is its globals: what is not local is exported.

errors = require "./errors"

function text(name)
    if name == "" then error(errors.nobody) end
    return "hello, " .. name
end
