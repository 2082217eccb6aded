// A program that embeds LuaJIT and runs a script that uses emilua: `embed SCRIPT [ARG...]`.
//
//   cc -o embed main.c $(pkg-config --cflags --libs luajit)
//
// LuaJIT must be linked as a shared library: emilua.so takes the functions of Lua from the process. The module is
// found as in luajit, by package.cpath.

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>

// Adds the traceback to an error that is a string; other values, such as emilua's error tables, get their text.
static int on_error(lua_State *L)
{
    const char *message = lua_tostring(L, 1);
    if (!message && luaL_callmeta(L, 1, "__tostring"))
        message = lua_tostring(L, -1);
    luaL_traceback(L, L, message ? message : "error without text", 1);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: embed SCRIPT [ARG...]\n");
        return 2;
    }
    lua_State *L = luaL_newstate();
    if (!L)
        return 1;
    luaL_openlibs(L);
    lua_pushcfunction(L, on_error);
    int status = luaL_loadfile(L, argv[1]);
    if (status == 0) {
        for (int i = 2; i < argc; i++)
            lua_pushstring(L, argv[i]);
        status = lua_pcall(L, argc - 2, 0, 1);
    }
    if (status != 0)
        fprintf(stderr, "embed: %s\n", lua_tostring(L, -1));
    lua_close(L);
    return status == 0 ? 0 : 1;
}
