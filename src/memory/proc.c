#include "memory/proc.h"

#include "memory/procfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 64
#define STAT_STARTTIME 22 /* in ticks after boot; proc(5) */

static uint64_t boot_seconds(void)
{
    struct uf_text text = {0};
    const char *line = uf_procfs_read("/proc/stat", &text) == 0 ? strstr(text.at, "\nbtime ")
                                                                : NULL;
    uint64_t boot = line ? strtoull(line + strlen("\nbtime "), NULL, 10) : 0;
    uf_text_release(&text);
    return boot;
}

uint64_t uf_proc_started_ns(int pid)
{
    struct uf_text text = {0};
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    bool known = uf_procfs_read(path, &text) == 0;
    uint64_t ticks = known ? uf_procfs_stat(text.at, STAT_STARTTIME) : 0;
    uf_text_release(&text);
    uint64_t boot = known ? boot_seconds() : 0;
    if (!boot)
        return 0;
    return boot * 1000000000U + (uint64_t)((double)ticks / (double)sysconf(_SC_CLK_TCK) * 1e9);
}

void uf_proc_command_line(int pid, bool redact, char *ret, size_t size)
{
    struct uf_text text = {0};
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
    size_t len = uf_procfs_read(path, &text) == 0 ? text.len : 0;
    if (len >= size)
        len = size - 1;
    if (len)
        memcpy(ret, text.at, len);
    ret[len] = '\0';
    for (size_t i = 0; i + 1 < len && !(redact && ret[i] == '\0'); i++)
        if (ret[i] == '\0')
            ret[i] = ' ';
    uf_text_release(&text);
}
