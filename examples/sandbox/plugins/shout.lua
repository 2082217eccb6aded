-- Needs no rights.
return function(text) return text:upper() .. "!" end
