#include "answer/after.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_SECONDS 0.5

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The state stands behind the name, which may hold anything, brackets too (proc(5)). */
bool uf_after_runs(int pid)
{
    char path[32], text[256];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    text[len > 0 ? len : 0] = '\0';
    const char *behind = strrchr(text, ')');
    return behind && behind[1] && behind[2] && !strchr("ZX", behind[2]);
}

static bool any_runs(const int *pids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (uf_after_runs(pids[i]))
            return true;
    return false;
}

static bool wait_for(const struct uf_heap_request *request, double seconds, double left)
{
    if (request->wait)
        return request->wait(request->progress_context, seconds, left);
    struct timespec time = {.tv_sec = (time_t)seconds,
                            .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    (void)nanosleep(&time, NULL);
    return true;
}

struct uf_after uf_after_wait(const struct uf_heap_request *request, const int *pids, size_t count)
{
    double started = now(), end = started + request->after_seconds, at = started;
    bool wanted = true;
    for (; wanted && at < end && any_runs(pids, count); at = now())
        wanted = wait_for(request, end - at < LOOK_SECONDS ? end - at : LOOK_SECONDS, end - at);
    return (struct uf_after){.seconds = at - started, .interrupted = !wanted};
}
