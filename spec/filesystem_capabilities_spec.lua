local environment = require "spec.environment"
local filesystem = require "emilua.filesystem"
local fs_helper = require "spec.fs_helper"
local helper = require "spec.helper"
local system = require "emilua.system"

local at, write = fs_helper.at, fs_helper.write
local get, set = filesystem.cap_get_file, filesystem.cap_set_file

helper.install()
fs_helper.install()

-- Whether a file here can be given capabilities.
local function works()
    return pcall(set, write "probe", system.cap_from_text "cap_kill=p")
end

describe("filesystem.cap_set_file", function()
    it("stores what cap_get_file gives", function()
        environment.need("file capabilities", works)
        local p = write "f"
        for _, text in ipairs {
            "cap_kill=p", "cap_kill,cap_net_raw=ep", "cap_chown=ei", "cap_net_bind_service=eip", "cap_bpf=i", "=",
        } do
            local caps = system.cap_from_text(text)
            assert.equal(0, select("#", set(p, caps)))
            local found = get(p)
            assert.equal("linux_capabilities", getmetatable(found))
            assert.equal(tostring(caps), tostring(found))
        end
    end)

    it("keeps the owner of a user namespace", function()
        environment.need("file capabilities", works)
        local p = write "f"
        local caps = system.cap_from_text "cap_kill=ep"
        caps:set_nsowner(1000)
        set(p, caps)
        assert.equal(1000, get(p):get_nsowner())
    end)

    it("raises EINVAL where only some are effective, and for what is no regular file", function()
        local p = write "f"
        helper.raises("system", "EINVAL", function()
            set(p, system.cap_from_text "cap_kill=ep cap_chown=p")
        end)
        helper.raises("system", "EINVAL", function() set(p, system.cap_from_text "cap_kill=e") end)
        helper.raises("system", "EINVAL", function() set(at ".", system.cap_from_text "cap_kill=p") end)
    end)

    it("raises errors", function()
        helper.raises("system", "ENOENT", function() set(at "no", system.cap_init()) end)
        fs_helper.refuses_others { cap_set_file = 1, cap_get_file = 1 }
        for _, wrong in ipairs { "cap_kill=p", 1, {} } do helper.EINVAL(function() set(at ".", wrong) end, 2) end
    end)
end)

describe("filesystem.cap_get_file", function()
    it("raises errors of the system, without paths", function()
        local e = helper.raises("system", "ENOENT", function() get(at "no") end)
        assert.is_nil(e.path1)
        e = helper.raises("system", 61, function() get(write "f") end)
        assert.is_nil(e.path1)
    end)
end)
