-- Needs to read the time zones of the system.
return function(name)
    local file = assert(io.open("/usr/share/zoneinfo/" .. name, "rb"))
    local magic = file:read(4)
    file:close()
    return name .. (magic == "TZif" and " is a time zone" or " is something else")
end
