#include "python.h"

#include "output.h"
#include "unfreed.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Leaves no name in __main__ and no empty entry in sys.path: the function takes its own name away
 * and is gone before the engine starts. Readable by every Python, 2.7 included, so that each can say
 * what it is. `python -c` puts '' first on sys.path unless it was told not to (-P, -I; CPython
 * Python/pathconfig.c, _PyPathConfig_ComputeSysPath0). os._exit: PYTHONINSPECT would hold up
 * sys.exit. */
const char uf_python_bootstrap[] =
    "def unfreed():\n"
    "    import sys, posix\n"
    "    del globals()['unfreed']\n"
    "    def refuse(text):\n"
    "        sys.stderr.write('unfreed: ' + ' '.join(text.split()) + '\\n')\n"
    "        sys.stderr.flush()\n"
    "        posix._exit(2)\n"
    "    me = sys.executable or 'python'\n"
    "    other = ' (name another interpreter with --python PATH)'\n"
    "    if sys.version_info < (3, 10):\n"
    "        refuse(me + ': Python %d.%d is not supported: 3.10 or later is'\n"
    "               % tuple(sys.version_info[:2]) + other)\n"
    "    if sys.implementation.name != 'cpython':\n"
    "        refuse(me + ': %s is not supported: only CPython is'\n"
    "               % sys.implementation.name + other)\n"
    "    if 't' in getattr(sys, 'abiflags', ''):\n"
    "        refuse(me + ': the free-threaded build is not supported: the default build is' + "
    "other)\n"
    "    if sys.platform != 'linux':\n"
    "        refuse(me + ': %s is not supported: only Linux is' % sys.platform)\n"
    "    safe = getattr(sys.flags, 'safe_path', sys.flags.isolated)\n"
    "    if not safe and sys.path and sys.path[0] == '':\n"
    "        del sys.path[0]\n"
    "    try:\n"
    "        from unfreed._engine import main\n"
    "    except KeyboardInterrupt:\n"
    "        posix._exit(130)\n"
    "    except Exception as error:\n"
    "        if getattr(error, 'name', '') in ('unfreed', 'unfreed._engine') and isinstance(\n"
    "                error, ModuleNotFoundError):\n"
    "            refuse('unfreed is not installed for %s (%s -m pip install unfreed)' % (me, me))\n"
    "        refuse('the engine cannot be loaded by %s: %s (%s -m pip install --force-reinstall '\n"
    "               'unfreed)' % (me, error, me))\n"
    "    return main\n"
    "unfreed()()\n";

static bool is_program(const char *path)
{
    struct stat about;
    return !stat(path, &about) && S_ISREG(about.st_mode) && !access(path, X_OK);
}

/* DIR/python3, else DIR/python. */
static bool in_folder(const char *folder, size_t len, const char *below, char *ret, size_t size)
{
    static const char *const names[] = {"python3", "python"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int wanted = snprintf(ret, size, "%.*s%s/%s", (int)len, folder, below, names[i]);
        if (wanted > 0 && (size_t)wanted < size && is_program(ret))
            return true;
    }
    return false;
}

/* The first entry of PATH in which `name` is a program (NULL: python3 or python). */
static bool on_path(const char *name, char *ret, size_t size)
{
    const char *path = getenv("PATH");
    for (; path && *path; path += *path == ':') {
        size_t len = strcspn(path, ":");
        const char *folder = len ? path : "."; /* POSIX: an empty entry is the current folder */
        int folder_len = len ? (int)len : 1;
        if (!name && in_folder(folder, (size_t)folder_len, "", ret, size))
            return true;
        if (name) {
            int wanted = snprintf(ret, size, "%.*s/%s", folder_len, folder, name);
            if (wanted > 0 && (size_t)wanted < size && is_program(ret))
                return true;
        }
        path += len;
    }
    return false;
}

static bool as_given(const char *given, char *ret, size_t size)
{
    struct stat about;
    if (!strchr(given, '/') && on_path(given, ret, size))
        return true;
    if (!stat(given, &about) && S_ISDIR(about.st_mode)) {
        if (in_folder(given, strlen(given), "/bin", ret, size) ||
            in_folder(given, strlen(given), "", ret, size))
            return true;
        uf_complain(UF_EXIT_USAGE,
                    "--python %s: a folder without an interpreter in it (name the "
                    "program)",
                    given);
        return false;
    }
    int wanted = snprintf(ret, size, "%s", given);
    if (wanted > 0 && (size_t)wanted < size && is_program(ret))
        return true;
    uf_complain(UF_EXIT_USAGE,
                "--python %s: %s (name an interpreter, as in --python "
                "/usr/bin/python3)",
                given, access(given, F_OK) ? "no such program" : "not a program that can be run");
    return false;
}

bool uf_python_choose(const char *given, char *ret, size_t size)
{
    if (given)
        return as_given(given, ret, size);
    char me[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", me, sizeof me - 1);
    me[len > 0 ? len : 0] = '\0';
    const char *slash = strrchr(me, '/');
    if (slash && in_folder(me, (size_t)(slash - me), "", ret, size))
        return true;
    const char *environment = getenv("VIRTUAL_ENV");
    if (environment && *environment &&
        in_folder(environment, strlen(environment), "/bin", ret, size))
        return true;
    if (on_path(NULL, ret, size))
        return true;
    uf_complain(UF_EXIT_USAGE, "no Python interpreter: none beside unfreed, in VIRTUAL_ENV or on "
                               "PATH (name one with --python PATH)");
    return false;
}
