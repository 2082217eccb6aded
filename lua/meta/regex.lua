---@meta emilua.regex

-- Reference: docs/reference/regex.md

---The module `require "emilua.regex"` returns.
---@class emilua.regexlib
---@field match_flag emilua.regex.match_flag bits of `flags`
local regex = {}

---@class emilua.regex_options
---@field pattern string
---@field grammar "basic"|"extended"|"ecma"
---@field ignore_case? boolean ASCII letters match in either case
---@field nosubs? boolean groups capture nothing
---@field optimize? boolean a hint

---@class emilua.regex.match_flag
---@field not_bol integer the start of the subject is no start of a line
---@field not_eol integer the end of the subject is no end of a line
---@field not_bow integer the start of the subject is no start of a word
---@field not_eow integer the end of the subject is no end of a word
---@field any integer any match will do
---@field not_null integer the match must not be empty
---@field continuous integer the match must be at the start

---A compiled pattern.
---@class emilua.regex
---@field mark_count integer number of capture groups
---@field grammar "basic"|"extended"|"ecma"
---@field ignore_case boolean
---@field nosubs boolean
---@field optimized boolean

---Bounds that fit `string.sub`.
---@class emilua.regex_range
---@field start integer
---@field end_ integer

---`[0]` is the match, `[i]` group i, absent if it took no part.
---@class emilua.regex_result
---@field empty boolean whether there is no match
---@field [integer] emilua.regex_range

---Compiles a pattern.
---@param opts emilua.regex_options
---@return emilua.regex
function regex.new(opts) end

---The groups, or the subject if there are none, when all of the subject matches; else nil.
---@param re emilua.regex
---@param subject string|emilua.byte_span
---@param flags? integer
---@return string|emilua.byte_span|nil ...
function regex.match(re, subject, flags) end

---Where the first match is.
---@param re emilua.regex
---@param subject string|emilua.byte_span
---@param flags? integer
---@return emilua.regex_result
function regex.search(re, subject, flags) end

---The text between the matches.
---@generic T: string|emilua.byte_span
---@param re emilua.regex
---@param subject T
---@return T[]
function regex.split(re, subject) end

---The matches.
---@generic T: string|emilua.byte_span
---@param re emilua.regex
---@param subject T
---@return T[]
function regex.patsplit(re, subject) end

return regex
