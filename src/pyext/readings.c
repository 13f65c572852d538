#include "pyext/readings.h"

#include "analysis/result.h"
#include "base/mem.h"
#include "pyext/descriptors.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

double uf_now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Whole small file of /proc into `ret`; its length, or -1. */
static ssize_t read_small(const char *path, char *ret, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t len = read(fd, ret, size - 1);
    close(fd);
    if (len >= 0)
        ret[len] = '\0';
    return len;
}

double uf_read_rss_bytes(void)
{
    char text[128];
    if (read_small("/proc/self/statm", text, sizeof text) <= 0)
        return UF_UNKNOWN;
    const char *second = strchr(text, ' ');
    if (!second)
        return UF_UNKNOWN;
    double bytes = strtod(second, NULL) * (double)sysconf(_SC_PAGESIZE) -
                   (double)uf_mem_mapped_bytes();
    return bytes > 0 ? bytes : UF_UNKNOWN;
}

double uf_read_threads(void)
{
    struct stat status;
    /* . and .. are two of the links */
    return stat("/proc/self/task", &status) == 0 ? (double)status.st_nlink - 2 : UF_UNKNOWN;
}

static void count_one(void *context, int fd)
{
    (void)fd;
    ++*(double *)context;
}

double uf_read_descriptors(void)
{
    double count = 0;
    return uf_descriptors_each(count_one, &count) == 0 ? count : UF_UNKNOWN;
}

double uf_read_malloc_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    double bytes = (double)info.uordblks + (double)info.hblkhd;
    return bytes > 0 ? bytes : UF_UNKNOWN;
}

double uf_read_available_bytes(void)
{
    char text[512];
    if (read_small("/proc/meminfo", text, sizeof text) <= 0)
        return UF_UNKNOWN;
    const char *line = strstr(text, "MemAvailable:");
    return line ? strtod(line + strlen("MemAvailable:"), NULL) * 1024 : UF_UNKNOWN;
}
