#include "memory/segments.h"

#include "memory/procfs.h"
#include "memory/regions.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool is_named(const struct uf_region *region, const char *name)
{
    return strncmp(region->path, name, strlen(name)) == 0;
}

static uint8_t kind_of(const struct uf_region *region)
{
    if (region->path_len == 6 && is_named(region, "[heap]"))
        return UF_SEGMENT_HEAP;
    bool anonymous = region->path_len == 0 || (region->path_len > 6 && is_named(region, "[anon:"));
    return anonymous ? UF_SEGMENT_ANONYMOUS : UF_SEGMENT_OTHER;
}

enum uf_code uf_segments_parse(struct uf_segments *ret, const char *text, struct uf_error *err)
{
    struct uf_region region;
    size_t len = strlen(text), at = 0, bad = 0;
    while (uf_region_next(text, len, &at, &bad, &region)) {
        struct uf_segment segment = {region.start, region.end, kind_of(&region)};
        if (region.readable && region.writable && !region.shared &&
            uf_vec_push(&ret->list, segment))
            return uf_error_nomem(err);
    }
    return UF_OK;
}

enum uf_code uf_segments_read(struct uf_segments *ret, struct uf_error *err)
{
    struct uf_text text = {0};
    int failed = uf_procfs_read("/proc/self/maps", &text);
    enum uf_code code =
        failed == ENOMEM ? uf_error_nomem(err)
        : failed ? uf_error_set(err, UF_EFAULT, "cannot read /proc/self/maps: %s", strerror(failed))
                 : uf_segments_parse(ret, text.at, err);
    uf_text_release(&text);
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
    return uf_procfs_read_at(memory, address, ret, size);
}
