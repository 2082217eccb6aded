-- busted as a script: unlike the installed command it obeys the options of the interpreter that runs it.
require "busted.runner" { standalone = false }
