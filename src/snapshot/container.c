#include "base/mem.h"
#include "snapshot/read_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14; an older kernel says EINVAL */
#endif

#define LEAST_BYTES (sizeof(struct uf_format_header) + sizeof(struct uf_format_trailer))

enum uf_code uf_damaged(struct uf_error *err, const char *format, ...)
{
    char what[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return uf_error_set(err, UF_ECORRUPT, "the snapshot is damaged: %s", what);
}

static uint32_t crc_of(const void *bytes, size_t len)
{
    return (uint32_t)crc32_z(0, bytes, len);
}

static const char *id_text(uint32_t id, char text[5])
{
    for (int i = 0; i < 4; i++) {
        char c = (char)(id >> (8 * i));
        text[i] = c > 0x20 && c < 0x7f ? c : '?';
    }
    text[4] = 0;
    return text;
}

static enum uf_code check_header(const struct uf_container *container, struct uf_error *err)
{
    struct uf_format_header header;
    size_t magic = sizeof header.magic < container->len ? sizeof header.magic : container->len;
    if (container->len == 0)
        return uf_damaged(err, "the file is empty");
    if (memcmp(container->bytes, UF_FORMAT_MAGIC, magic) != 0)
        return uf_error_set(err, UF_EUNSUPPORTED, "this is no snapshot of unfreed");
    if (container->len < LEAST_BYTES)
        return uf_damaged(err, "the file is cut short");
    memcpy(&header, container->bytes, sizeof header);
    if (header.crc != crc_of(&header, offsetof(struct uf_format_header, crc)))
        return uf_damaged(err, "its header does not match its checksum");
    if (header.version != UF_FORMAT_VERSION)
        return uf_error_set(err, UF_EUNSUPPORTED,
                            "the snapshot has format %" PRIu32 ", this unfreed reads format %d",
                            header.version, UF_FORMAT_VERSION);
    return UF_OK;
}

/* The chunks lie one behind the other, from the header to the table of contents: no byte is in none. */
static enum uf_code read_toc(struct uf_container *container,
                             const struct uf_format_trailer *trailer, struct uf_error *err)
{
    uint64_t offset = sizeof(struct uf_format_header);
    for (uint32_t i = 0; i < container->chunk_count; i++) {
        struct uf_format_entry entry;
        memcpy(&entry, container->bytes + trailer->toc_offset + i * sizeof entry, sizeof entry);
        uint64_t room = trailer->toc_offset - offset;
        uint64_t padded = entry.length + (-entry.length % UF_FORMAT_ALIGN);
        if (entry.offset != offset || entry.length > room || padded > room)
            return uf_damaged(err, "chunk %" PRIu32 " is not where it should be", i);
        container->chunks[i] = (struct uf_chunk){
            .id = entry.id,
            .crc = entry.crc,
            .at = container->bytes + offset,
            .length = entry.length,
        };
        offset += padded;
    }
    if (offset != trailer->toc_offset)
        return uf_damaged(err, "its chunks leave a gap");
    return UF_OK;
}

static enum uf_code check_trailer(const struct uf_container *container,
                                  struct uf_format_trailer *trailer, struct uf_error *err)
{
    size_t at = container->len - sizeof *trailer;
    memcpy(trailer, container->bytes + at, sizeof *trailer);
    if (memcmp(trailer->end, UF_FORMAT_END, sizeof trailer->end) != 0)
        return uf_damaged(err, "its end is missing, as if it was cut short");
    if (trailer->crc != crc_of(trailer, offsetof(struct uf_format_trailer, crc)))
        return uf_damaged(err, "its end does not match its checksum");
    if (trailer->file_bytes != container->len)
        return uf_damaged(err, "it has %zu bytes, not %" PRIu64, container->len,
                          trailer->file_bytes);
    if (trailer->chunk_count > UF_FORMAT_CHUNKS_MAX ||
        trailer->toc_offset < sizeof(struct uf_format_header) || trailer->toc_offset > at ||
        at - trailer->toc_offset != trailer->chunk_count * sizeof(struct uf_format_entry))
        return uf_damaged(err, "its table of contents is not where it should be");
    if (trailer->toc_crc !=
        crc_of(container->bytes + trailer->toc_offset, at - trailer->toc_offset))
        return uf_damaged(err, "its table of contents does not match its checksum");
    return UF_OK;
}

static enum uf_code open_bytes(struct uf_container *container, struct uf_error *err)
{
    struct uf_format_trailer trailer;
    enum uf_code code = check_header(container, err);
    if (!code)
        code = check_trailer(container, &trailer, err);
    if (code)
        return code;
    container->chunk_count = trailer.chunk_count;
    container->chunks =
        uf_mem_alloc(((size_t)container->chunk_count + 1) * sizeof *container->chunks);
    return container->chunks ? read_toc(container, &trailer, err) : uf_error_nomem(err);
}

enum uf_code uf_container_open_memory(struct uf_container *container, const void *bytes, size_t len,
                                      struct uf_error *err)
{
    *container = (struct uf_container){.bytes = bytes, .len = len};
    if ((uintptr_t)bytes % UF_FORMAT_ALIGN != 0)
        return uf_error_set(err, UF_EINVAL, "the bytes are not aligned to %d", UF_FORMAT_ALIGN);
    enum uf_code code = open_bytes(container, err);
    if (code)
        uf_container_release(container);
    return code;
}

/* Maps the file; an empty one cannot be mapped, and is none. */
static enum uf_code map_file(struct uf_container *container, int fd, const char *path,
                             struct uf_error *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return uf_error_os(err, errno, "%.150s cannot be read", path);
    if (S_ISDIR(status.st_mode))
        return uf_error_os(err, EISDIR, "%.150s cannot be read", path);
    if (!S_ISREG(status.st_mode))
        return uf_error_set(err, UF_EUNSUPPORTED, "%.150s is no regular file", path);
    if (status.st_size == 0)
        return uf_damaged(err, "the file is empty");
    container->len = (size_t)status.st_size;
    void *at = mmap(NULL, container->len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return uf_error_os(err, errno, "%.150s cannot be mapped", path);
    container->bytes = at;
    container->mapped = true;
    return UF_OK;
}

enum uf_code uf_container_open(struct uf_container *container, const char *path,
                               struct uf_error *err)
{
    *container = (struct uf_container){0};
    int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* not to wait for who writes to a pipe */
    if (fd < 0)
        return uf_error_os(err, errno, "%.150s cannot be read", path);
    enum uf_code code = map_file(container, fd, path, err);
    close(fd);
    if (!code)
        code = open_bytes(container, err);
    if (code)
        uf_container_release(container);
    return code;
}

void uf_container_release(struct uf_container *container)
{
    if (container->mapped)
        munmap((void *)(uintptr_t)container->bytes, container->len);
    uf_mem_free(container->chunks);
    *container = (struct uf_container){0};
}

/* One system call instead of a page fault every 64 KiB. */
static void touch(const struct uf_container *container, const struct uf_chunk *chunk)
{
    uintptr_t page = 4096, from = (uintptr_t)chunk->at & ~(page - 1);
    uintptr_t end = (uintptr_t)chunk->at + chunk->length;
    if (container->mapped && chunk->length > page)
        (void)madvise((void *)from, end - from, MADV_POPULATE_READ); // NOLINT
}

static enum uf_code check_chunk(struct uf_container *container, struct uf_chunk *chunk,
                                struct uf_error *err)
{
    char id[5];
    if (chunk->checked)
        return UF_OK;
    touch(container, chunk);
    size_t padded = chunk->length + (size_t)(-chunk->length % UF_FORMAT_ALIGN);
    if (crc_of(chunk->at, padded) != chunk->crc)
        return uf_damaged(err, "chunk '%s' does not match its checksum", id_text(chunk->id, id));
    chunk->checked = true;
    return UF_OK;
}

static enum uf_code find(struct uf_container *container, uint32_t id, struct uf_chunk **ret,
                         struct uf_error *err)
{
    char text[5];
    *ret = NULL;
    for (uint32_t i = 0; i < container->chunk_count; i++) {
        if (container->chunks[i].id != id)
            continue;
        if (*ret)
            return uf_damaged(err, "chunk '%s' stands twice", id_text(id, text));
        *ret = &container->chunks[i];
    }
    if (!*ret)
        return uf_damaged(err, "chunk '%s' is missing", id_text(id, text));
    return check_chunk(container, *ret, err);
}

enum uf_code uf_container_items(struct uf_container *container, uint32_t id, size_t item_bytes,
                                uint64_t count, const void **ret, struct uf_error *err)
{
    struct uf_chunk *chunk;
    char text[5];
    enum uf_code code = find(container, id, &chunk, err);
    if (code)
        return code;
    if (chunk->length % item_bytes != 0 || chunk->length / item_bytes != count)
        return uf_damaged(err, "chunk '%s' has %" PRIu64 " bytes for %" PRIu64 " items",
                          id_text(id, text), chunk->length, count);
    *ret = chunk->at;
    return UF_OK;
}

enum uf_code uf_container_all(struct uf_container *container, uint32_t id, size_t item_bytes,
                              uint32_t *count, const void **ret, struct uf_error *err)
{
    struct uf_chunk *chunk;
    char text[5];
    enum uf_code code = find(container, id, &chunk, err);
    if (code)
        return code;
    if (chunk->length % item_bytes != 0 || chunk->length / item_bytes >= UINT32_MAX)
        return uf_damaged(err, "chunk '%s' has %" PRIu64 " bytes", id_text(id, text),
                          chunk->length);
    *count = (uint32_t)(chunk->length / item_bytes);
    *ret = chunk->at;
    return UF_OK;
}

enum uf_code uf_container_bytes(struct uf_container *container, uint32_t id, uint64_t *len,
                                const void **ret, struct uf_error *err)
{
    struct uf_chunk *chunk;
    enum uf_code code = find(container, id, &chunk, err);
    if (code)
        return code;
    *len = chunk->length;
    *ret = chunk->at;
    return UF_OK;
}

enum uf_code uf_container_verify(struct uf_container *container, struct uf_error *err)
{
    enum uf_code code = UF_OK;
    for (uint32_t i = 0; i < container->chunk_count && !code; i++)
        code = check_chunk(container, &container->chunks[i], err);
    return code;
}
