#include "preload.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PACKAGE "unfreed/"
#define USER_VALUE "UNFREED_PRELOAD" /* UF_PRELOAD_VARIABLE of src/preload/preload.h */

struct wanted {
    const char *name;    /* in the package */
    const char *refused; /* characters that its path must not have */
};

static bool take(const struct wanted *file, const char *path, char *ret, size_t size)
{
    char whole[PATH_MAX];
    if (access(path, R_OK) || !realpath(path, whole) || strpbrk(whole, file->refused))
        return false;
    int wanted = snprintf(ret, size, "%s", whole);
    return wanted > 0 && (size_t)wanted < size;
}

static bool in_pythonpath(const struct wanted *wanted, char *ret, size_t size)
{
    const char *path = getenv("PYTHONPATH");
    for (; path && *path; path += *path == ':') {
        char file[PATH_MAX];
        size_t len = strcspn(path, ":");
        int needed = snprintf(file, sizeof file, "%.*s/" PACKAGE "%s", len ? (int)len : 1,
                              len ? path : ".", wanted->name);
        if (needed > 0 && (size_t)needed < sizeof file && take(wanted, file, ret, size))
            return true;
        path += len;
    }
    return false;
}

/* The packages of PREFIX, for the program PREFIX/bin/NAME. */
static bool in_prefix(const struct wanted *file, const char *program, char *ret, size_t size)
{
    static const char *const below[] = {
        "lib/python3*/site-packages", "lib64/python3*/site-packages", "lib/python3*/dist-packages",
        "local/lib/python3*/dist-packages"};
    const char *slash = strrchr(program, '/');
    bool found = false;
    for (size_t i = 0; slash && i < sizeof below / sizeof *below && !found; i++) {
        char pattern[PATH_MAX];
        glob_t matches;
        int wanted = snprintf(pattern, sizeof pattern, "%.*s/../%s/" PACKAGE "%s",
                              (int)(slash - program), program, below[i], file->name);
        if (wanted < 0 || (size_t)wanted >= sizeof pattern || glob(pattern, 0, NULL, &matches))
            continue;
        for (size_t m = 0; m < matches.gl_pathc && !found; m++)
            found = take(file, matches.gl_pathv[m], ret, size);
        globfree(&matches);
    }
    return found;
}

static bool find(const struct wanted *file, const char *python, char *ret, size_t size)
{
    char me[PATH_MAX], real[PATH_MAX];
    if (in_pythonpath(file, ret, size) || in_prefix(file, python, ret, size))
        return true;
    ssize_t len = readlink("/proc/self/exe", me, sizeof me - 1);
    me[len > 0 ? len : 0] = '\0';
    return in_prefix(file, me, ret, size) ||
           (realpath(python, real) && in_prefix(file, real, ret, size));
}

bool uf_preload_find(const char *python, char *ret, size_t size)
{
    /* Spaces and colons separate the entries of LD_PRELOAD, and cannot be quoted (ld.so(8)). */
    return find(&(struct wanted){"libunfreed_preload.so", " :"}, python, ret, size);
}

bool uf_run_folder_find(const char *python, char *ret, size_t size)
{
    /* It becomes an entry of PYTHONPATH. */
    if (!find(&(struct wanted){"_run/sitecustomize.py", ":"}, python, ret, size))
        return false;
    *strrchr(ret, '/') = '\0';
    return true;
}

bool uf_preload_set(const char *library)
{
    const char *user = getenv("LD_PRELOAD");
    if (!user)
        user = "";
    size_t size = strlen(user) + strlen(library) + 2;
    char *value = malloc(size);
    if (!value)
        return false;
    (void)snprintf(value, size, "%s%s%s", user, *user ? ":" : "", library);
    bool set = !setenv(USER_VALUE, user, 1) && !setenv("LD_PRELOAD", value, 1);
    free(value);
    return set;
}
