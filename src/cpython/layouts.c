#include "cpython/layouts.h"

#include "cpython/layouts_list.h"

#define RELEASE UINT32_C(0xffffff00)
#define MINOR UINT32_C(0xffff0000)

const struct uf_layout_row *uf_layout_rows(size_t *count)
{
    *count = uf_layout_list_count;
    return uf_layout_list;
}

uint32_t uf_layout_distance(const struct uf_layout_row *row, uint32_t version_hex)
{
    uint32_t release = version_hex & RELEASE;

    if (((row->first ^ release) & MINOR) != 0)
        return UINT32_MAX;
    return release < row->first  ? row->first - release
           : release > row->last ? release - row->last
                                 : 0;
}

const struct uf_layout_row *uf_layout_find(uint32_t version_hex, bool debug)
{
    const struct uf_layout_row *best = NULL;
    uint32_t nearest = UINT32_MAX;

    for (size_t i = 0; i < uf_layout_list_count; i++) {
        const struct uf_layout_row *row = &uf_layout_list[i];
        uint32_t distance = uf_layout_distance(row, version_hex);
        if (row->debug != debug || distance >= nearest)
            continue;
        best = row;
        nearest = distance;
    }
    return best;
}
