-- From the values of all rounds to the rows of the table.

local figures = {}

local COLUMNS = {
    { "figure", -38 }, { "value", 10 }, { "unit", -5 }, { "reference", 18 }, { "ratio", 7 }, { "required", 10 },
    { "aim", 10 }, { "verdict", -8 }, { "spread", -1 },
}

local function line_of(cells)
    local texts = {}
    for i, column in ipairs(COLUMNS) do
        local width = math.abs(column[2])
        local padding = (" "):rep(width - #cells[i])
        texts[i] = column[2] < 0 and cells[i] .. padding or padding .. cells[i]
    end
    return (table.concat(texts, "  "):gsub("%s+$", ""))
end

local function number(value)
    if not value then
        return "-"
    elseif math.abs(value) >= 1000 then
        return ("%.0f"):format(value)
    end
    return ("%.3g"):format(value)
end

local function median(values)
    local sorted = {}
    for i, value in ipairs(values) do
        sorted[i] = value
    end
    table.sort(sorted)
    local middle = (#sorted + 1) / 2
    return (sorted[math.floor(middle)] + sorted[math.ceil(middle)]) / 2, sorted[1], sorted[#sorted]
end

--- `get(round)` of all rounds in which it gives a value.
local function over_rounds(rounds, get)
    local values = {}
    for round = 1, rounds do
        local value = get(round)
        if value then
            values[#values + 1] = value
        end
    end
    return values
end

--- Summary of `key` for `side`; what a failed round leaves unknown is nil. Rounds are compared with the same round of
--- `against`.
local function summary(results, rounds, side, key, against)
    local function value_of(of)
        return function(round)
            local result = results[of] and results[of][round]
            return result and result[key]
        end
    end
    local own, other = value_of(side), value_of(against)
    local result = {}
    local values, references = over_rounds(rounds, own), over_rounds(rounds, other)
    if #values == rounds then
        result.value = { median(values) }
    end
    if #references == rounds then
        result.reference = median(references)
    end
    if result.value and result.reference then
        result.ratio = { median(over_rounds(rounds, function(round) return own(round) / other(round) end)) }
        result.difference = { median(over_rounds(rounds, function(round) return own(round) - other(round) end)) }
    end
    return result
end

local function verdict(figure, judged)
    local bound = figure.most or figure.least
    if not bound then
        return "info"
    elseif not judged then
        return "error"
    end
    local sign = figure.most and 1 or -1
    if sign * judged > sign * bound then
        return "MISSES"
    end
    return figure.aim and sign * judged <= sign * figure.aim and "aim" or "ok"
end

local PREFIX = { ratio = "x", difference = "+", value = "" }

local function row_of(line, figure, side, results, options)
    local informative = side ~= (line.subject or "emilua")
    local row = {
        name = ("%s%s: %s"):format(line.name, informative and " (" .. side .. ")" or "", figure.name),
        unit = figure.unit,
        against = figure.against,
        judge = figure.judge,
    }
    local found = summary(results, options.rounds, side, figure.key, figure.against)
    row.value = found.value and found.value[1]
    row.reference = found.reference
    row.ratio = found.ratio and found.ratio[1]
    local judged = found[figure.judge]
    if judged then
        row.judged, row.low, row.high = judged[1], judged[2], judged[3]
    end
    if informative or figure.full and options.quick then
        row.verdict = "info"
    else
        row.most, row.least, row.aim = figure.most, figure.least, figure.aim
        row.verdict = verdict(figure, row.judged)
    end
    if not judged then
        row.verdict = "error"
    end
    return row
end

--- One row per figure, and one of information for each side of `also`.
function figures.rows(line, results, options)
    local rows = {}
    for _, figure in ipairs(line.figures) do
        rows[#rows + 1] = row_of(line, figure, line.subject or "emilua", results, options)
        for _, side in ipairs(line.also or {}) do
            rows[#rows + 1] = row_of(line, figure, side, results, options)
        end
    end
    return rows
end

--- The required value as text: `<=x1.18` a ratio, `<=+0.08` a difference, `<=80` a value.
function figures.required(row)
    local bound = row.most or row.least
    return bound and (row.most and "<=" or ">=") .. PREFIX[row.judge] .. number(bound) or "-"
end

function figures.format(row)
    local prefix = PREFIX[row.judge]
    return line_of {
        row.name,
        number(row.value),
        row.unit,
        row.reference and ("%s %s"):format(number(row.reference), row.against) or "-",
        row.ratio and ("%.3f"):format(row.ratio) or "-",
        figures.required(row),
        row.aim and prefix .. number(row.aim) or "-",
        row.verdict,
        row.low and ("%s%s..%s%s"):format(prefix, number(row.low), prefix, number(row.high)) or "-",
    }
end

function figures.header()
    local cells = {}
    for i, column in ipairs(COLUMNS) do
        cells[i] = column[1]
    end
    return line_of(cells)
end

return figures
