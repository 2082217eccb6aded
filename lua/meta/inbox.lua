---@meta emilua.inbox

-- Reference: docs/reference/inbox.md

---The inbox of this VM, which is what the module `require "emilua.inbox"` returns.
---@class emilua.inbox
local inbox = {}

---The next message, in the order of sending for each sender.
---@async
---@return boolean|number|string|table|emilua.channel|emilua.file_descriptor
function inbox:receive() end

---Drops what is queued; later sends to this VM fail.
function inbox:close() end

return inbox
