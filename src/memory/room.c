#include "memory/room.h"

#include "memory/procfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS 32 /* of control groups, one in the other */

static uint64_t number_in(const char *folder, const char *path, const char *file)
{
    char name[4096];
    struct uf_text text = {0};
    uint64_t value = UINT64_MAX; /* "max", or there is no such file */
    int len = snprintf(name, sizeof name, "%s%s/%s", folder, path, file);
    if (len > 0 && (size_t)len < sizeof name && uf_procfs_read(name, &text) == 0 &&
        text.at[0] >= '0' && text.at[0] <= '9')
        value = strtoull(text.at, NULL, 10);
    uf_text_release(&text);
    return value;
}

/* What files hold of a group's memory can be given up. */
static uint64_t given_up(const char *folder, const char *path)
{
    char name[4096];
    struct uf_text text = {0};
    uint64_t value = 0;
    int len = snprintf(name, sizeof name, "%s%s/memory.stat", folder, path);
    if (len > 0 && (size_t)len < sizeof name && uf_procfs_read(name, &text) == 0) {
        const char *at = strstr(text.at, "\ninactive_file ");
        value = at ? strtoull(at + strlen("\ninactive_file "), NULL, 10) : 0;
    }
    uf_text_release(&text);
    return value;
}

static uint64_t left_in(const char *folder, const char *path, const char *limit_file,
                        const char *used_file)
{
    uint64_t limit = number_in(folder, path, limit_file), used = number_in(folder, path, used_file);
    if (limit == UINT64_MAX || used == UINT64_MAX)
        return UINT64_MAX;
    uint64_t back = given_up(folder, path);
    used = used > back ? used - back : 0;
    return limit > used ? limit - used : 0;
}

/* The least that is left in a group and those around it. `path` is cut level by level. */
static uint64_t left_in_groups(const char *folder, char *path, const char *limit_file,
                               const char *used_file)
{
    uint64_t least = UINT64_MAX;
    for (int level = 0; level < LEVELS; level++) {
        uint64_t left = left_in(folder, path, limit_file, used_file);
        least = left < least ? left : least;
        char *last = strrchr(path, '/');
        if (!last)
            break;
        *last = '\0';
    }
    return least;
}

/* Lines "HIERARCHY:CONTROLLERS:PATH"; cgroups(7). */
static uint64_t left_in_all(char *text)
{
    uint64_t least = UINT64_MAX;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *controllers = strchr(line, ':'),
             *path = controllers ? strchr(controllers + 1, ':') : NULL;
        uint64_t left = UINT64_MAX;
        if (!path)
            continue;
        *path++ = '\0';
        if (controllers[1] == '\0')
            left = left_in_groups("/sys/fs/cgroup", path, "memory.max", "memory.current");
        else if (strcmp(controllers + 1, "memory") == 0)
            left = left_in_groups("/sys/fs/cgroup/memory", path, "memory.limit_in_bytes",
                                  "memory.usage_in_bytes");
        least = left < least ? left : least;
    }
    return least;
}

uint64_t uf_room_bytes(void)
{
    struct uf_text text = {0};
    uint64_t room = UINT64_MAX;
    const char *available =
        uf_procfs_read("/proc/meminfo", &text) ? NULL : uf_procfs_field(text.at, "MemAvailable");
    if (available)
        room = strtoull(available, NULL, 10) << 10;
    if (uf_procfs_read("/proc/self/cgroup", &text) == 0) {
        uint64_t left = left_in_all(text.at);
        room = left < room ? left : room;
    }
    uf_text_release(&text);
    return room;
}
