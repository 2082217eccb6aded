-- The main fiber of a pool's worker: the entry returns the function that answers.
local import = ...
local class = import("actor.class")
local errors = import("core.errors")
local inbox = import("inbox")
local scope = import("core.scope")

local class_name = errors.class_name
local error, rawget, tostring, type = error, rawget, tostring, type
local check, send = class.native.check, class.native.send

-- What an error is in a message.
local function describe(e)
    if class_name(e) == "error_code" then
        local detail = rawget(e, "detail")
        return {
            failed = true, code = e.code, category = tostring(e.category), message = tostring(e),
            detail = type(detail) == "string" and detail or nil,
        }
    end
    return { failed = true, message = type(e) == "string" and e or tostring(e) }
end

local function answer(handler, message)
    local ok, value = scope.pcall(handler, message)
    if not ok then return describe(value) end
    if value ~= nil and check(value) then
        return { failed = true, message = "the answer is no value for a message" }
    end
    return { value = value }
end

-- main() runs the entry, whose value is the function.
return function(main)
    return function()
        local answers = inbox:receive()
        local handler = main()
        if type(handler) ~= "function" then error("the entry of a pool's worker must return a function", 0) end
        while true do
            -- The pool's end is no error.
            local ok, message = scope.pcall(inbox.receive, inbox)
            if not ok then return end
            send(answers, answer(handler, message))
        end
    end
end
