/* Runs a script as luajit does, the JIT off, with the VM's objects in blocks of malloc: memcheck then sees the end of
 * every byte_span and every object that is freed too early, which LuaJIT's own arenas would hide from it.
 *
 * usage: checked_host SCRIPT [ARGUMENT ...]
 * fail_after(n) in the script: the VM gets n more allocations and is refused the next one; n < 0 ends that. */
#include <luajit-2.1/lauxlib.h>
#include <luajit-2.1/luajit.h>
#include <luajit-2.1/lualib.h>
#include <stdio.h>
#include <stdlib.h>

static long left = -1;

static void *allocate(void *data, void *block, size_t old_size, size_t new_size)
{
    (void)data;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    /* Shrinking must not fail: LuaJIT relies on it. */
    if (left >= 0 && new_size > old_size && left-- == 0) return NULL;
    return realloc(block, new_size);
}

/* Returns whether the refusal has happened since the last call. */
static int fail_after(lua_State *L)
{
    static int armed;
    long n = (long)luaL_checknumber(L, 1);
    lua_pushboolean(L, armed && left < 0);
    armed = n >= 0;
    left = n;
    return 1;
}

int main(int argc, char **argv)
{
    lua_State *L = lua_newstate(allocate, NULL);
    int i, failed;
    if (argc < 2 || L == NULL) return 2;
    luaL_openlibs(L);
    luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
    lua_register(L, "fail_after", fail_after);
    lua_createtable(L, argc, 0);
    for (i = 0; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i - 1);
    }
    lua_setglobal(L, "arg");
    failed = luaL_loadfile(L, argv[1]);
    if (!failed) {
        for (i = 2; i < argc; i++) lua_pushstring(L, argv[i]);
        failed = lua_pcall(L, argc - 2, 0, 0);
    }
    if (failed) fprintf(stderr, "%s\n", lua_tostring(L, -1));
    lua_close(L);
    return failed != 0;
}
