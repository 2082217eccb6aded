-- generic_error.NAME: a new error of category "generic" for each access.
local import = ...
local errors = import("core.errors")

return errors.namespace("generic_error", errors.generic, errors.number)
