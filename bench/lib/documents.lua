-- Texts that the lines of JSON and of regular expressions work on, the same for all sides.

local measure = require "measure"

local documents = {}

local WORDS = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu",
        "a line\nbreak",
    "na\195\175ve", "\"quoted\"",
}

--- About 1 MB of JSON as an API would send it: a list of records with texts, numbers, flags and nested lists. `quote`
--- makes a JSON string of a text.
function documents.json()
    local random = measure.random()
    local function choose(n) return math.floor(random() / 2 ^ 16) % n + 1 end
    local records, size = {}, 0
    local function words(n)
        local list = {}
        for i = 1, n do list[i] = WORDS[choose(#WORDS)] end
        return (table.concat(list, " "):gsub('[\n"]', { ["\n"] = "\\n", ['"'] = '\\"' }))
    end
    while size < 1e6 do
        local i = #records + 1
        local record = ('{"id":%d,"name":"%s","active":%s,"score":%.3f,"parent":%s,"tags":["%s","%s","%s"],'
            .. '"position":{"x":%.6f,"y":%.6f},"history":[%d,%d,%d,%d],"text":"%s"}'):format(i, words(2),
            i % 3 == 0 and "true" or "false", choose(1e5) / 7, i % 5 == 0 and "null" or tostring(choose(1e4)),
            words(1), words(1), words(1), choose(1e6) / 3e3, -choose(1e6) / 7e4, choose(100), choose(1e4), choose(1e6),
            choose(9), words(12))
        records[i] = record
        size = size + #record + 1
    end
    return "[" .. table.concat(records, ",") .. "]"
end

--- About 1 MB of lines of an access log.
function documents.log()
    local random = measure.random()
    local function choose(n) return math.floor(random() / 2 ^ 16) % n + 1 end
    local lines, size = {}, 0
    while size < 1e6 do
        local line = ("10.%d.%d.%d - - [26/Nov/2026:%02d:%02d:%02d +0000] GET /%s/%s.html %d %d"):format(choose(255),
            choose(255), choose(255), choose(24) - 1, choose(60) - 1, choose(60) - 1, WORDS[choose(12)],
            WORDS[choose(12)], 200 + choose(300), choose(1e5))
        lines[#lines + 1] = line
        size = size + #line + 1
    end
    return table.concat(lines, "\n") .. "\n"
end

return documents
