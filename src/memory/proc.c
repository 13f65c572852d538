#include "memory/proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 64

static ssize_t read_file(const char *path, char *ret, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, ret, size - 1) : -1;
    if (fd >= 0)
        close(fd);
    ret[len > 0 ? len : 0] = '\0';
    return len;
}

/* "btime" of /proc/stat stands behind a line per processor and one of all interrupts. */
static uint64_t boot_seconds(void)
{
    char text[4096];
    uint64_t boot = 0;
    size_t kept = 0;
    int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && !boot) {
        ssize_t len = read(fd, text + kept, sizeof text - 1 - kept);
        if (len <= 0)
            break;
        kept += (size_t)len;
        text[kept] = '\0';
        const char *at = strstr(text, "btime ");
        if (at && strchr(at, '\n'))
            boot = strtoull(at + 6, NULL, 10);
        const char *rest = at ? at : text + (kept > 8 ? kept - 8 : 0); /* may be cut in two */
        kept -= (size_t)(rest - text);
        memmove(text, rest, kept);
    }
    if (fd >= 0)
        close(fd);
    return boot;
}

/* Field 22 of /proc/PID/stat in ticks after boot, "btime" of /proc/stat when that was (proc(5)). */
uint64_t uf_proc_started_ns(int pid)
{
    char path[PATH_BYTES], text[1024];
    unsigned long long ticks = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    const char *at = read_file(path, text, sizeof text) > 0 ? strrchr(text, ')') : NULL;
    if (!at ||
        sscanf(at,
               ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
               "%llu",
               &ticks) != 1) // NOLINT
        return 0;
    uint64_t boot = boot_seconds();
    if (!boot)
        return 0;
    return boot * 1000000000U + (uint64_t)((double)ticks / (double)sysconf(_SC_CLK_TCK) * 1e9);
}

void uf_proc_command_line(int pid, bool redact, char *ret, size_t size)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
    ssize_t len = read_file(path, ret, size);
    for (ssize_t i = 0; i + 1 < len; i++)
        if (ret[i] == '\0') {
            if (redact)
                break;
            ret[i] = ' ';
        }
}
