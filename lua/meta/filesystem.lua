---@meta emilua.filesystem

-- Reference: docs/reference/filesystem.md

---@alias emilua.filesystem.file_type
---| "not_found" | "regular" | "directory" | "symlink" | "block" | "character" | "fifo" | "socket" | "junction"
---| "unknown"

---@alias emilua.filesystem.on_existing "skip"|"overwrite"|"update"

---@alias emilua.filesystem.open_flag
---| "append" | "create" | "exclusive" | "read_only" | "read_write" | "write_only" | "sync_all_on_write" | "truncate"
---| "directory" | "no_follow" | "path" | "temporary"

---@alias emilua.filesystem.event_type
---| "access" | "modify" | "attrib" | "close_write" | "close_nowrite" | "open" | "moved_from" | "moved_to" | "create"
---| "delete" | "delete_self" | "move_self"

---@class emilua.filesystem.iterator_options
---@field skip_permission_denied? boolean a directory that may not be opened counts as empty
---@field follow_directory_symlink? boolean descend into links to directories; recursive iterators only

---@class emilua.filesystem.copy_options
---@field existing? emilua.filesystem.on_existing
---@field recursive? boolean
---@field symlinks? "copy"|"skip" links are followed without this
---@field copy? "directories_only"|"create_symlinks"|"create_hardlinks"

---@class emilua.filesystem.walk_options
---@field prune? fun(entry: emilua.filesystem.directory_entry, depth: integer): boolean? true: do not enter it
---@field max_depth? integer greatest depth of an entry
---@field skip_permission_denied? boolean
---@field jobs? integer how many threads read at once, 4 by default

---@class emilua.filesystem.watch_options
---@field events? emilua.filesystem.event_type[] all but `access`, `open` and `close_nowrite` by default
---@field recursive? boolean directories below too

---@class emilua.filesystem.event
---@field type emilua.filesystem.event_type|"unmount"|"overflow"
---@field path? emilua.filesystem.path
---@field is_directory boolean
---@field cookie? integer the same for both halves of a move

---The module `require "emilua.filesystem"` returns.
---@class emilua.filesystemlib
---@field path emilua.filesystem.pathlib
---@field clock emilua.filesystem.clocklib
local filesystem = {}

---@param p emilua.filesystem.path
---@return emilua.filesystem.path
function filesystem.absolute(p) end

---Absolute, without links, `.` and `..`; the file must exist.
---@param p emilua.filesystem.path
---@return emilua.filesystem.path
function filesystem.canonical(p) end

---The longest prefix that exists made canonical, and the rest.
---@param p emilua.filesystem.path
---@return emilua.filesystem.path
function filesystem.weakly_canonical(p) end

---The way from `base`, or the working directory, to `p`, links resolved.
---@param p emilua.filesystem.path
---@param base? emilua.filesystem.path
---@return emilua.filesystem.path
function filesystem.relative(p, base) end

---@param p emilua.filesystem.path
---@param base? emilua.filesystem.path
---@return emilua.filesystem.path
function filesystem.proximate(p, base) end

---The content of a link.
---@param p emilua.filesystem.path
---@return emilua.filesystem.path
function filesystem.read_symlink(p) end

---@return emilua.filesystem.path
function filesystem.temp_directory_path() end

---Asks for the working directory, or sets it (master only).
---@param p? emilua.filesystem.path|emilua.file_descriptor
---@return emilua.filesystem.path?
function filesystem.current_working_directory(p) end

---Master only.
---@param p emilua.filesystem.path
function filesystem.chroot(p) end

---@param p emilua.filesystem.path
---@return boolean
function filesystem.exists(p) end

---@param p emilua.filesystem.path
---@return boolean
function filesystem.is_regular_file(p) end

---@param p emilua.filesystem.path
---@return boolean
function filesystem.is_directory(p) end

---@param p emilua.filesystem.path
---@return boolean
function filesystem.is_symlink(p) end

---@param p emilua.filesystem.path
---@return boolean
function filesystem.is_fifo(p) end

---@param p emilua.filesystem.path
---@return boolean
function filesystem.is_socket(p) end

---@param p emilua.filesystem.path
---@return boolean
function filesystem.is_block_device(p) end

---@param p emilua.filesystem.path
---@return boolean
function filesystem.is_character_device(p) end

---The name of `is_block_device` in release 0.6.
---@param p emilua.filesystem.path
---@return boolean
function filesystem.is_block_file(p) end

---The name of `is_character_device` in release 0.6.
---@param p emilua.filesystem.path
---@return boolean
function filesystem.is_character_file(p) end

---Neither regular, directory nor link.
---@param p emilua.filesystem.path
---@return boolean
function filesystem.is_other(p) end

---A directory without entries, or a file of size 0.
---@param p emilua.filesystem.path
---@return boolean
function filesystem.is_empty(p) end

---Whether both name one file.
---@param a emilua.filesystem.path
---@param b emilua.filesystem.path
---@return boolean
function filesystem.equivalent(a, b) end

---@param p emilua.filesystem.path
---@return integer bytes
function filesystem.file_size(p) end

---@param p emilua.filesystem.path
---@return integer
function filesystem.hardlink_count(p) end

---The name of `hardlink_count` in release 0.6.
---@param p emilua.filesystem.path
---@return integer
function filesystem.hard_link_count(p) end

---Asks for the time of the last modification, or sets it.
---@param p emilua.filesystem.path
---@param tp? emilua.filesystem.clock.time_point
---@return emilua.filesystem.clock.time_point?
function filesystem.last_write_time(p, tp) end

---@param p emilua.filesystem.path
---@return emilua.filesystem.space_info
function filesystem.space(p) end

---@param p emilua.filesystem.path
---@return emilua.filesystem.file_status
function filesystem.status(p) end

---@param p emilua.filesystem.path
---@return emilua.filesystem.file_status
function filesystem.symlink_status(p) end

---@param p emilua.filesystem.path
---@param existing? emilua.filesystem.path a directory whose mode is taken
---@return boolean created
function filesystem.create_directory(p, existing) end

---@param p emilua.filesystem.path
---@return boolean created
function filesystem.create_directories(p) end

---@param p emilua.filesystem.path
---@param mode integer
function filesystem.mkdir(p, mode) end

---@param target emilua.filesystem.path
---@param link emilua.filesystem.path
function filesystem.create_hardlink(target, link) end

---The name of `create_hardlink` in release 0.6.
---@param target emilua.filesystem.path
---@param link emilua.filesystem.path
function filesystem.create_hard_link(target, link) end

---@param target emilua.filesystem.path
---@param link emilua.filesystem.path
function filesystem.create_symlink(target, link) end

---@param target emilua.filesystem.path
---@param link emilua.filesystem.path
function filesystem.create_directory_symlink(target, link) end

---@param a emilua.filesystem.path
---@param b emilua.filesystem.path
function filesystem.copy_symlink(a, b) end

---@param a emilua.filesystem.path
---@param b emilua.filesystem.path
---@param on_existing? emilua.filesystem.on_existing
---@return boolean copied
function filesystem.copy_file(a, b, on_existing) end

---@param a emilua.filesystem.path
---@param b emilua.filesystem.path
---@param opts? emilua.filesystem.copy_options
function filesystem.copy(a, b, opts) end

---@param a emilua.filesystem.path
---@param b emilua.filesystem.path
function filesystem.rename(a, b) end

---A file, a link or an empty directory.
---@param p emilua.filesystem.path
---@return boolean removed
function filesystem.remove(p) end

---A file or a tree.
---@param p emilua.filesystem.path
---@return integer removed
function filesystem.remove_all(p) end

---@param p emilua.filesystem.path
---@param size integer
function filesystem.resize_file(p, size) end

---@param p emilua.filesystem.path
---@param mode integer
function filesystem.chmod(p, mode) end

---@param p emilua.filesystem.path
---@param mode integer
function filesystem.lchmod(p, mode) end

---@param p emilua.filesystem.path
---@param owner integer -1 leaves it
---@param group integer -1 leaves it
function filesystem.chown(p, owner, group) end

---@param p emilua.filesystem.path
---@param owner integer
---@param group integer
function filesystem.lchown(p, owner, group) end

---Master only.
---@param mask integer
---@return integer before
function filesystem.umask(mask) end

---@param p emilua.filesystem.path
---@param mode integer
function filesystem.mkfifo(p, mode) end

---@param p emilua.filesystem.path
---@param mode integer
---@param dev integer
---@param type? "character"|"block"
function filesystem.mknod(p, mode, dev, type) end

---@param major integer
---@param minor integer
---@return integer
function filesystem.makedev(major, minor) end

---@param dev integer
---@return integer
function filesystem.dev_major(dev) end

---@param dev integer
---@return integer
function filesystem.dev_minor(dev) end

---Permissions of user, group and others put together, or the bit of a name.
---@param user integer|"set_uid"|"set_gid"|"sticky_bit"
---@param group? integer
---@param other? integer
---@return integer
function filesystem.mode(user, group, other) end

---@param p emilua.filesystem.path
---@param flags emilua.filesystem.open_flag[]
---@param mode? integer of a file that is made, 0666 less the umask by default
---@return emilua.file_descriptor
function filesystem.open(p, flags, mode) end

---@param p emilua.filesystem.path
---@return emilua.linux_capabilities
function filesystem.cap_get_file(p) end

---@param p emilua.filesystem.path
---@param caps emilua.linux_capabilities
function filesystem.cap_set_file(p, caps) end

---@param p emilua.filesystem.path
---@param opts? emilua.filesystem.iterator_options
---@return fun(): emilua.filesystem.directory_entry?
function filesystem.directory_iterator(p, opts) end

---@param p emilua.filesystem.path
---@param opts? emilua.filesystem.iterator_options
---@return fun(): emilua.filesystem.directory_entry?, integer?
---@return emilua.filesystem.recursive_directory_iterator
function filesystem.recursive_directory_iterator(p, opts) end

---A tree read by several threads. The iterator suspends.
---@param p emilua.filesystem.path
---@param opts? emilua.filesystem.walk_options
---@return fun(): emilua.filesystem.directory_entry?, integer?
function filesystem.walk(p, opts) end

---What happens to a file, to what is in a directory, or in a tree.
---@param p emilua.filesystem.path
---@param opts? emilua.filesystem.watch_options
---@return emilua.filesystem.watcher
function filesystem.watch(p, opts) end

---@class emilua.filesystem.clocklib
local clock = {}

---@return emilua.filesystem.clock.time_point
function clock.now() end

---@return emilua.filesystem.clock.time_point
function clock.epoch() end

---@return emilua.filesystem.clock.time_point
function clock.unix_epoch() end

---@param tp emilua.system_clock.time_point
---@return emilua.filesystem.clock.time_point
function clock.from_system(tp) end

---@class emilua.filesystem.clock.time_point
---@field seconds_since_epoch number
---@field seconds_since_unix_epoch number
---@operator add(number): emilua.filesystem.clock.time_point
---@operator sub(number): emilua.filesystem.clock.time_point
---@operator sub(emilua.filesystem.clock.time_point): number
local time_point = {}

---Moves the time point forward.
---@param seconds number
function time_point:add(seconds) end

---Moves the time point back.
---@param seconds number
function time_point:sub(seconds) end

---@return emilua.system_clock.time_point
function time_point:to_system() end

---An entry of a directory. Values are read when they are asked for.
---@class emilua.filesystem.directory_entry
---@field path emilua.filesystem.path
---@field file_size integer
---@field hardlink_count integer
---@field hard_link_count integer
---@field last_write_time emilua.filesystem.clock.time_point
---@field status emilua.filesystem.file_status
---@field symlink_status emilua.filesystem.file_status
local directory_entry = {}

---Forgets what is known.
function directory_entry:refresh() end

---@class emilua.filesystem.recursive_directory_iterator
---@field recursion_pending boolean
local recursive_directory_iterator = {}

---Does not descend into the entry that was returned last.
function recursive_directory_iterator:disable_recursion_pending() end

---Gives up the current directory.
function recursive_directory_iterator:pop() end

---@class emilua.filesystem.file_status
---@field type emilua.filesystem.file_type
---@field mode integer

---@class emilua.filesystem.space_info
---@field capacity integer
---@field free integer
---@field available integer

---A stream of events.
---@class emilua.filesystem.watcher
---@field is_open boolean
local watcher = {}

---@async
---@return emilua.filesystem.event
function watcher:read() end

---@param p emilua.filesystem.path
---@param opts? emilua.filesystem.watch_options
function watcher:add(p, opts) end

---@param p emilua.filesystem.path
function watcher:remove(p) end

function watcher:cancel() end

function watcher:close() end
