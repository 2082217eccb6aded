-- Of messages between processes, as in src/subprocess/wire/mod.rs.
local limits = {
    -- Members of a dictionary.
    ipc_members = 20,
    -- Bytes of a string; of one on a channel with the second format, whatever was agreed.
    ipc_string = 255, ipc_long_string = 65536,
}

return { limits = limits }
