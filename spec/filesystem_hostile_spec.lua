-- filesystem where the system refuses: a full disk, no permission, a read-only filesystem, trees that others change.

local environment = require "spec.environment"
local filesystem = require "emilua.filesystem"
local fs_helper = require "spec.fs_helper"
local helper = require "spec.helper"

local at, shell = fs_helper.at, fs_helper.shell

helper.install()
fs_helper.install()

-- What a program starts with: `tell(f)` prints the error of f() with its paths.
local PRELUDE = [[
local filesystem = require "emilua.filesystem"
local new = filesystem.path.new
local function tell(f, ...)
    local ok, e = pcall(f, ...)
    if ok then return print("ok", e) end
    print(e.category, e.code, e.path1 or "-", e.path2 or "-")
end
]]

local function is_root() return helper.shell "id -u" == "0\n" end

-- Runs a program as root in a directory on which a filesystem is mounted that only it sees.
local function child_on(mount, source)
    local script = helper.write_temporary(PRELUDE .. source)
    local command = ("%s . && cd \"$PWD\" && LUA_CPATH='%s/?.so;;' %s %s"):format(mount, helper.root,
        helper.interpreter, script)
    local output = helper.shell(("cd %s && unshare -m sh -c %s"):format(helper.quote(fs_helper.directory),
        helper.quote(command)))
    os.remove(script)
    return output
end

local function can_mount()
    return select(2, helper.shell "unshare -m sh -c 'mount -t tmpfs tmpfs /mnt'") == 0
end

describe("a full disk", function()
    it("is ENOSPC", function()
        environment.need("mounts", can_mount)
        local output = child_on("mount -t tmpfs -o size=64k,nr_inodes=6 tmpfs", [[
            local file = io.open("/dev/shm/emilua-spec-large", "w")
            file:write(("x"):rep(200000))
            file:close()
            local large = new "/dev/shm/emilua-spec-large"
            tell(filesystem.copy_file, large, new "copy")
            tell(filesystem.copy, large, new "copy", { existing = "overwrite" })
            print(filesystem.remove(new "copy"), filesystem.space(new ".").capacity)
            for i = 1, 5 do filesystem.create_directory(new("d" .. i)) end
            tell(filesystem.create_directory, new "d6")
            tell(filesystem.create_directories, new "d1/a/b")
            tell(filesystem.create_symlink, new "d6", new "l")
            tell(filesystem.mkfifo, new "p", 384)
            os.remove "/dev/shm/emilua-spec-large"
        ]])
        assert.equal([[
generic	28	/dev/shm/emilua-spec-large	copy
generic	28	/dev/shm/emilua-spec-large	copy
true	65536
generic	28	d6	-
generic	28	d1/a/b	-
generic	28	d6	l
system	28	p	-
]], output)
    end)
end)

describe("a read-only filesystem", function()
    it("is EROFS", function()
        environment.need("mounts", can_mount)
        local output = child_on("mount -t tmpfs -o ro tmpfs", [[
            tell(filesystem.create_directory, new "d")
            tell(filesystem.chmod, new ".", 511)
            tell(filesystem.last_write_time, new ".", filesystem.clock.now())
            tell(filesystem.mkdir, new "d", 511)
            tell(filesystem.remove, new "d")
        ]])
        assert.equal([[
generic	30	d	-
generic	30	.	-
generic	30	.	-
system	30	d	-
generic	30	d	-
]], output)
    end)
end)

describe("an ordinary user", function()
    local function as_user(source)
        shell "chmod 755 ."
        return (fs_helper.child_as_user(PRELUDE .. "local base = '" .. fs_helper.directory .. "/'\n" .. source)
            :gsub(fs_helper.directory:gsub("%p", "%%%0"), "DIR"))
    end

    it("gets EACCES and EPERM", function()
        environment.need("root", is_root)
        shell "mkdir -m 700 secret; touch secret/f f; mkdir -m 755 d; touch d/x"
        assert.equal([[
generic	13	DIR/secret/f	-
generic	13	DIR/secret/f	-
generic	13	DIR/secret/f	-
generic	13	DIR/new	-
generic	13	DIR/f	-
generic	13	DIR/d	-
generic	13	DIR/d	DIR/e
generic	13	DIR/f	DIR/g
generic	1	DIR/f	-
system	1	DIR/f	-
system	1	DIR/d	-
generic	1	DIR/f	-
generic	13	DIR/secret	-
generic	13	DIR/secret/x	-
]], as_user [[
            tell(filesystem.exists, new(base .. "secret/f"))
            tell(filesystem.status, new(base .. "secret/f"))
            tell(filesystem.weakly_canonical, new(base .. "secret/f"))
            tell(filesystem.create_directory, new(base .. "new"))
            tell(filesystem.remove, new(base .. "f"))
            tell(filesystem.remove_all, new(base .. "d"))
            tell(filesystem.rename, new(base .. "d"), new(base .. "e"))
            tell(filesystem.copy_file, new(base .. "f"), new(base .. "g"))
            tell(filesystem.chmod, new(base .. "f"), 511)
            tell(filesystem.chown, new(base .. "f"), 65534, -1)
            tell(filesystem.chroot, new(base .. "d"))
            tell(filesystem.last_write_time, new(base .. "f"), filesystem.clock.now())
            tell(filesystem.directory_iterator, new(base .. "secret"))
            tell(filesystem.is_empty, new(base .. "secret/x"))
        ]])
    end)

    it("may skip directories that it may not open", function()
        environment.need("root", is_root)
        shell "mkdir -p t/a t/b; mkdir -m 700 t/secret; touch t/a/1 t/b/2 t/secret/3"
        assert.equal([[
2	nil
true	0
5
generic	13	-	-
nil
ok	nil
]], as_user [[
            local p, skip = new(base .. "t"), { skip_permission_denied = true }
            local n = 0
            for e in filesystem.recursive_directory_iterator(p, skip) do
                if e.status.type == "regular" then n = n + 1 end
            end
            print(n, filesystem.directory_iterator(p / "secret", skip)())
            local f, handle = filesystem.recursive_directory_iterator(p / "secret", skip)
            local k = 0
            for _ in f do k = k + 1 end
            print(not pcall(handle.pop, handle), k)
            f = filesystem.recursive_directory_iterator(p, skip)
            n = 0
            for _ in f do n = n + 1 end
            print(n)
            f = filesystem.recursive_directory_iterator(p)
            tell(function() for _ in f do end end)
            print((f()))
            tell(function() for _ in filesystem.recursive_directory_iterator(p, skip) do end end)
        ]])
    end)
end)

describe("a tree that others change meanwhile", function()
    it("is removed all the same", function()
        shell "for i in $(seq 30); do mkdir -p t/$i/a/b; touch t/$i/a/b/x t/$i/y; done; mkdir keep; touch keep/f"
        -- Names vanish, and directories become links that lead out of the tree.
        local pipe = io.popen(("cd %s && for i in $(seq 30); do %s; done 2>/dev/null; echo"):format(
            helper.quote(fs_helper.directory), "rm -rf t/$i/a; ln -s ../../keep t/$i/a"))
        for _ = 1, 50 do
            pcall(filesystem.remove_all, at "t")
        end
        pipe:read "*a"
        pipe:close()
        filesystem.remove_all(at "t")
        assert.is_false(filesystem.exists(at "t"))
        assert.is_true(filesystem.exists(at "keep/f"))
    end)

    it("leaves no descriptor open where an iteration is given up", function()
        shell "mkdir -p t/a/b/c"
        for _ = 1, 50 do
            local f = filesystem.recursive_directory_iterator(at "t")
            f()
            f()
            pcall(filesystem.copy, at "t", at "t/a/x", { recursive = true })
        end
    end)

    it("may be too deep for the descriptors there are", function()
        shell [[p=$(printf 'd/%.0s' $(seq 40)); mkdir -p "$p"]]
        local output = helper.child(PRELUDE .. ([[
            local f = filesystem.recursive_directory_iterator(new %q)
            tell(function() for _ in f do end end)
            print((f()))
        ]]):format(fs_helper.directory), { before = "ulimit -n 20;" })
        assert.equal("generic\t24\t-\t-\nnil\n", output)
    end)
end)

describe("a path", function()
    it("that is too long is ENAMETOOLONG", function()
        local long = at(("x/"):rep(3000))
        for _, name in ipairs { "exists", "remove", "create_directory", "directory_iterator", "remove_all" } do
            fs_helper.fails("ENAMETOOLONG", function() filesystem[name](long) end, long)
        end
    end)
end)
