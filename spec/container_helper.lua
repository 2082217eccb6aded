-- What the specs of examples/container share: trees to run, and containers in a shell or in a terminal.

local system = require "emilua.system"
local time = require "emilua.time"
local helper = require "spec.helper"
local process = require "spec.process_helper"
local programs = require "spec.program_helper"
local pty = require "spec.pty_helper"

local container = {}

local quote = helper.quote
local PATIENCE = 60 -- seconds

local function command(name)
    return ("%s %sexamples/container/%s.lua --"):format(programs.launcher, helper.root, name)
end

--- Shell commands; options, the tree or name, and the program follow.
container.run_command, container.attach_command = command "run", command "attach"

--- A temporary directory with a tree of busybox below `tree`; `container.remove` removes it.
function container.directory()
    local directory = os.tmpname()
    local output, status = helper.shell(([[
        set -e; rm %s; mkdir %s; cd %s; chmod 755 .; mkdir -p tree/bin tree/usr/bin tree/etc tree/root
        cp /bin/busybox tree/usr/bin/busybox; /bin/busybox --install -s tree/bin
        ln -sf /usr/bin/busybox tree/bin/busybox; echo root:x:0:0:root:/root:/bin/sh >tree/etc/passwd ]]):gsub("%%s",
        directory))
    assert(status == 0, output)
    return directory
end

--- Adds a tree of Debian's programs, with the libraries that they need, below `debian`: what debootstrap would make, in
-- small.
function container.add_debian(directory)
    local output, status = helper.shell(([[
        set -e; cd %s; mkdir -p debian/tmp debian/etc
        for link in bin sbin lib lib64; do mkdir -p debian/usr/$link; ln -s usr/$link debian/$link; done
        for name in bash sh ps id ls cat env sleep stty tty grep chown mkdir luajit; do
            file=$(command -v $name); echo $file; ldd $file | grep -o '/[^ ]*'
        done | sort -u | while read file; do
            mkdir -p debian${file%%/*}; cp -L $file debian$file
        done ]]):gsub("%%s", directory):gsub("%%%%", "%%"))
    assert(status == 0, output)
end

function container.remove(directory)
    helper.shell("rm -rf " .. quote(directory))
end

--- Runs `script` in a container over `tree`, with options as a shell has them. Returns output, errors too, and status.
function container.shell(tree, script, options, before)
    return helper.shell(("%s timeout -k 5 %d %s %s %s -- sh -c %s </dev/null"):format(before or "", PATIENCE,
        container.run_command, options or "", quote(tree), quote(script)))
end

--- A shell command as the leader of a session in a new terminal: the terminal, and the child.
function container.terminal(line)
    local t = pty.open()
    system.terminal.set_size(t.slave, 80, 25)
    local child = system.spawn {
        program = "sh", arguments = { "sh", "-c", "exec " .. line },
        environment = { PATH = system.environment.PATH, TERM = "dumb" },
        stdin = t.slave, stdout = t.slave, stderr = t.slave, start_new_session = true, set_ctty = t.slave,
    }
    return t, child
end

--- The shell command that runs `line` as an ordinary user.
container.as_user = process.unprivileged

--- Waits until `test` is true.
function container.eventually(what, test)
    local deadline = time.steady_clock.now() + PATIENCE
    while not test() do
        if time.steady_clock.now() > deadline then error("not in time: " .. what, 2) end
        time.sleep(0.01)
    end
end

return container
