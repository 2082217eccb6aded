-- Tries what it has no right to.
return function(text)
    local secret = io.open("/etc/passwd") or io.open("/proc/self/environ")
    return secret and secret:read "*a" or text .. " was all I could find"
end
