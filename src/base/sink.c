#include "base/sink.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)1 << 18)
#define WRITE_MAX ((size_t)1 << 30) /* the kernel takes 2 GiB at a time at most (write(2)) */
#define TEMP_NAME "unfreed-XXXXXX.partial"
#define TEMP_SUFFIX 8 /* strlen(".partial") */
#define TEMP_RANDOM 6
#define NAME_TRIES 100

static void write_out(struct uf_sink *sink, const char *bytes, size_t len)
{
    if (sink->text) {
        uf_text_add(sink->text, bytes, len);
        if (sink->text->failed)
            sink->os_errno = ENOMEM;
        return;
    }
    while (len > 0 && sink->os_errno == 0) {
        ssize_t done = write(sink->fd, bytes, len < WRITE_MAX ? len : WRITE_MAX);
        if (done > 0) {
            bytes += done;
            len -= (size_t)done;
        } else if (done == 0) {
            sink->os_errno = EIO; /* a file that takes nothing and says nothing: not for ever */
        } else if (errno != EINTR) {
            sink->os_errno = errno;
        }
    }
}

static void flush(struct uf_sink *sink)
{
    if (sink->used > 0 && sink->os_errno == 0)
        write_out(sink, sink->buffer, sink->used);
    sink->written += sink->used;
    sink->used = 0;
}

/* The name that the file will have in the end: a link names what it leads to, which may not be there. */
static int final_name(char name[PATH_MAX], const char *path)
{
    if (realpath(path, name))
        return 0;
    if (errno != ENOENT)
        return errno;
    if (strlen(path) >= PATH_MAX)
        return ENAMETOOLONG;
    memcpy(name, path, strlen(path) + 1);
    return 0;
}

/* A file without a name (open(2), O_TMPFILE): the kernel removes it with its writer, however that ends. Not
 * every file system has them, and to name it in the end takes /proc. */
static int open_nameless(const char *name, int folder_len)
{
    char folder[PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%.*s", folder_len ? folder_len : 1,
                   folder_len ? name : ".");
    if (access("/proc/self/fd", X_OK))
        return -1;
    return open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
}

/* Names it beside the final name. */
static int give_name(struct uf_sink *sink)
{
    char *random = sink->temp + strlen(sink->temp) - TEMP_SUFFIX - TEMP_RANDOM, link[40];
    struct timespec now;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", sink->fd);
    for (int tries = 0; tries < NAME_TRIES; tries++) {
        clock_gettime(CLOCK_REALTIME, &now);
        uint64_t number = (uint64_t)now.tv_nsec ^ (uint64_t)getpid() << 16;
        for (int i = 0; i < TEMP_RANDOM; i++, number /= 26)
            random[i] = (char)('a' + number % 26);
        if (linkat(AT_FDCWD, link, AT_FDCWD, sink->temp, AT_SYMLINK_FOLLOW) == 0) {
            sink->nameless = false;
            return 0;
        }
        if (errno != EEXIST)
            return errno;
    }
    return EEXIST;
}

static int open_temporary(struct uf_sink *sink, const char *name)
{
    const char *slash = strrchr(name, '/');
    int folder_len = slash ? (int)(slash + 1 - name) : 0;
    sink->path = uf_mem_strdup(name);
    sink->temp = uf_mem_printf("%.*s%s", folder_len, name, TEMP_NAME);
    if (!sink->path || !sink->temp)
        return ENOMEM;
    sink->fd = open_nameless(name, folder_len);
    sink->nameless = sink->fd >= 0;
    if (sink->nameless)
        return 0;
    sink->fd = mkostemps(sink->temp, TEMP_SUFFIX, O_CLOEXEC); /* mode 0600 */
    if (sink->fd >= 0)
        return 0;
    int why = errno;
    uf_mem_free(sink->temp); /* there is no such file */
    sink->temp = NULL;
    return why;
}

/* What stands under the name and is no file is opened itself; it cannot be replaced. */
static int open_named(struct uf_sink *sink, const char *path)
{
    char name[PATH_MAX];
    struct stat status;
    int why = final_name(name, path);
    if (why)
        return why;
    if (stat(name, &status) == 0 && !S_ISREG(status.st_mode)) {
        sink->path = uf_mem_strdup(path); /* for messages */
        if (!sink->path)
            return ENOMEM;
        sink->fd = open(name, O_WRONLY | O_CLOEXEC); /* a folder: EISDIR */
        return sink->fd >= 0 ? 0 : errno;
    }
    size_t len = strlen(name);
    if (len == 0 || name[len - 1] == '/')
        return len == 0 ? ENOENT : EISDIR;
    return open_temporary(sink, name);
}

enum uf_code uf_sink_open_text(struct uf_sink *sink, struct uf_text *text, struct uf_error *err)
{
    *sink = (struct uf_sink){.fd = -1, .text = text};
    sink->buffer = uf_mem_alloc(BUFFER_BYTES);
    return sink->buffer ? UF_OK : uf_error_nomem(err);
}

enum uf_code uf_sink_open(struct uf_sink *sink, const char *path, struct uf_error *err)
{
    if (uf_sink_open_text(sink, NULL, err))
        return UF_ENOMEM;
    int why = open_named(sink, path);
    if (why == 0)
        return UF_OK;
    uf_sink_release(sink);
    if (why == ENOMEM)
        return uf_error_nomem(err);
    return uf_error_os(err, why, "%.150s cannot be written", path);
}

enum uf_code uf_sink_open_fd(struct uf_sink *sink, int fd, const char *name, struct uf_error *err)
{
    if (uf_sink_open_text(sink, NULL, err))
        return UF_ENOMEM;
    sink->path = uf_mem_strdup(name);
    if (!sink->path) {
        uf_sink_release(sink);
        return uf_error_nomem(err);
    }
    sink->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (sink->fd >= 0)
        return UF_OK;
    int why = errno;
    uf_sink_release(sink);
    return uf_error_os(err, why, "%.150s cannot be written", name);
}

void uf_sink_add(struct uf_sink *sink, const void *bytes, size_t len)
{
    if (len > BUFFER_BYTES - sink->used)
        flush(sink);
    if (len > BUFFER_BYTES) {
        if (sink->os_errno == 0)
            write_out(sink, bytes, len);
        sink->written += len;
        return;
    }
    if (len > 0)
        memcpy(sink->buffer + sink->used, bytes, len);
    sink->used += len;
}

void uf_sink_add_z(struct uf_sink *sink, const char *string)
{
    uf_sink_add(sink, string, strlen(string));
}

void uf_sink_printf(struct uf_sink *sink, const char *format, ...)
{
    char *room = uf_sink_room(sink, UF_SINK_ROOM);
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(room, UF_SINK_ROOM, format, arguments);
    va_end(arguments);
    if (len < 0 || len >= UF_SINK_ROOM)
        sink->os_errno = sink->os_errno ? sink->os_errno
                                        : EOVERFLOW; /* never a part as the whole */
    else
        uf_sink_took(sink, (size_t)len);
}

char *uf_sink_room(struct uf_sink *sink, size_t len)
{
    if (len > BUFFER_BYTES - sink->used)
        flush(sink);
    return sink->buffer + sink->used;
}

void uf_sink_took(struct uf_sink *sink, size_t len)
{
    sink->used += len;
}

uint64_t uf_sink_offset(const struct uf_sink *sink)
{
    return sink->written + sink->used;
}

bool uf_sink_failed(const struct uf_sink *sink)
{
    return sink->os_errno != 0;
}

enum uf_code uf_sink_commit(struct uf_sink *sink, struct uf_error *err)
{
    flush(sink);
    if (sink->os_errno == 0 && sink->temp && fsync(sink->fd) != 0)
        sink->os_errno = errno;
    if (sink->os_errno == 0 && sink->nameless)
        sink->os_errno = give_name(sink);
    if (sink->os_errno == 0 && sink->fd >= 0) {
        if (close(sink->fd) != 0 &&
            errno != EINTR) /* network file systems say it here (close(2)) */
            sink->os_errno = errno;
        sink->fd = -1;
    }
    if (sink->os_errno == 0 && sink->temp) {
        if (rename(sink->temp, sink->path) != 0) {
            sink->os_errno = errno;
        } else {
            uf_mem_free(sink->temp);
            sink->temp = NULL;
        }
    }
    if (sink->os_errno == 0)
        return UF_OK;
    if (sink->text)
        return uf_error_nomem(err);
    return uf_error_os(err, sink->os_errno, "%.150s cannot be written", sink->path);
}

void uf_sink_release(struct uf_sink *sink)
{
    if (sink->fd >= 0 && sink->buffer)
        close(sink->fd);
    if (sink->temp && !sink->nameless)
        unlink(sink->temp);
    uf_mem_free(sink->temp);
    uf_mem_free(sink->path);
    uf_mem_free(sink->buffer);
    *sink = (struct uf_sink){.fd = -1};
}
