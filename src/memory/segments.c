#include "memory/segments.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)64 << 10)

typedef UF_VEC(char) bytes;

/* A file of /proc has no size: read until there is no more. */
static enum uf_code read_whole(const char *path, bytes *ret, struct uf_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return uf_error_set(err, UF_EFAULT, "cannot read %s: %s", path, strerror(errno));
    enum uf_code code = UF_OK;
    ssize_t len = 1;
    while (len > 0 && !code) {
        if (uf_vec_reserve(ret, ret->len + CHUNK_BYTES)) {
            code = uf_error_nomem(err);
            break;
        }
        len = read(fd, ret->at + ret->len, CHUNK_BYTES - 1);
        if (len < 0)
            code = uf_error_set(err, UF_EFAULT, "cannot read %s: %s", path, strerror(errno));
        else
            ret->len += (size_t)len;
    }
    close(fd);
    if (!code)
        ret->at[ret->len] = '\0';
    return code;
}

/* "7f..-7f.. rw-p 00000000 fd:01 1234   /usr/lib/libx.so": the sixth word is the name. */
static const char *name_of(const char *line, size_t *len)
{
    const char *end = line + strcspn(line, "\n");
    for (int word = 0; word < 5; word++) {
        line += strcspn(line, " \n");
        line += strspn(line, " ");
    }
    *len = line < end ? (size_t)(end - line) : 0;
    return line;
}

static int add_line(struct uf_segments *segments, const char *line)
{
    char *at;
    struct uf_segment segment = {.kind = UF_SEGMENT_OTHER};
    segment.start = strtoull(line, &at, 16);
    segment.end = *at == '-' ? strtoull(at + 1, &at, 16) : 0;
    if (segment.end <= segment.start || *at != ' ' || at[1] != 'r' || at[2] != 'w' || at[4] != 'p')
        return 0;
    size_t len;
    const char *name = name_of(line, &len);
    if (len == 6 && strncmp(name, "[heap]", 6) == 0)
        segment.kind = UF_SEGMENT_HEAP;
    else if (len == 0 || (len > 6 && strncmp(name, "[anon:", 6) == 0))
        segment.kind = UF_SEGMENT_ANONYMOUS;
    return uf_vec_push(&segments->list, segment);
}

enum uf_code uf_segments_parse(struct uf_segments *ret, const char *text, struct uf_error *err)
{
    while (*text) {
        if (add_line(ret, text))
            return uf_error_nomem(err);
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return UF_OK;
}

enum uf_code uf_segments_read(struct uf_segments *ret, struct uf_error *err)
{
    bytes text = {0};
    enum uf_code code = read_whole("/proc/self/maps", &text, err);
    if (!code)
        code = uf_segments_parse(ret, text.at, err);
    uf_vec_release(&text);
    return code;
}

void uf_segments_release(struct uf_segments *segments)
{
    uf_vec_release(&segments->list);
}

int uf_own_memory_open(void)
{
    return open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
}

size_t uf_own_memory_read(int memory, uint64_t address, void *ret, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t len = pread(memory, (char *)ret + done, size - done, (off_t)(address + done));
        if (len < 0 && errno == EINTR)
            continue;
        if (len <= 0)
            break;
        done += (size_t)len;
    }
    return done;
}
