#include "memory/mappings.h"

#include "memory/regions.h"

#include <string.h>

const struct uf_mapping *uf_mappings_find(const struct uf_mappings *mappings, uint64_t address)
{
    size_t low = 0, high = mappings->list.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (mappings->list.at[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    const struct uf_mapping *found = &mappings->list.at[low];
    return low < mappings->list.len && found->start <= address ? found : NULL;
}

const char *uf_mapping_path(const struct uf_mappings *mappings, const struct uf_mapping *mapping)
{
    return uf_strings_get(&mappings->paths, mapping->path);
}

static enum uf_code add(struct uf_mappings *ret, const struct uf_region *region,
                        struct uf_error *err)
{
    static const char gone[] = " (deleted)";
    size_t len = region->path_len, gone_len = sizeof gone - 1;
    bool deleted = len > gone_len && memcmp(region->path + len - gone_len, gone, gone_len) == 0;
    struct uf_mapping mapping = {.start = region->start,
                                 .end = region->end,
                                 .offset = region->offset,
                                 .inode = region->inode,
                                 .device = region->device,
                                 .readable = region->readable,
                                 .writable = region->writable,
                                 .executable = region->executable,
                                 .shared = region->shared,
                                 .deleted = deleted,
                                 .resident_pages = UF_PAGES_UNKNOWN,
                                 .anonymous_pages = UF_PAGES_UNKNOWN,
                                 .swapped_pages = UF_PAGES_UNKNOWN};
    /* The file is read piece by piece; what a process joins meanwhile is shown twice. */
    uint64_t before = ret->list.len ? ret->list.at[ret->list.len - 1].end : 0;
    if (mapping.end <= before)
        return UF_OK;
    if (mapping.start < before) {
        mapping.offset += before - mapping.start;
        mapping.start = before;
    }
    mapping.path = uf_strings_add(&ret->paths, region->path, deleted ? len - gone_len : len);
    return mapping.path == UF_STRING_NONE || uf_vec_push(&ret->list, mapping) ? uf_error_nomem(err)
                                                                              : UF_OK;
}

enum uf_code uf_mappings_parse(struct uf_mappings *ret, const char *text, size_t len,
                               struct uf_error *err)
{
    struct uf_region region;
    size_t at = 0, bad = 0;
    enum uf_code code = UF_OK;
    while (!code && uf_region_next(text, len, &at, &bad, &region))
        code = add(ret, &region, err);
    return code;
}

void uf_mappings_release(struct uf_mappings *mappings)
{
    uf_vec_release(&mappings->list);
    uf_strings_release(&mappings->paths);
    uf_vec_release(&mappings->pages.list);
}
