#include "balance/areas.h"

#include <string.h>

/* Eight granules at once that have no use. */
#define WORD sizeof(uint64_t)

size_t uf_areas_from(const struct uf_areas *areas, uint64_t address)
{
    size_t low = 0, high = areas->list.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (areas->list.at[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct uf_area *uf_areas_find(const struct uf_areas *areas, uint64_t address)
{
    size_t place = uf_areas_from(areas, address);
    struct uf_area *area = place < areas->list.len ? &areas->list.at[place] : NULL;
    return area && area->start <= address ? area : NULL;
}

static enum uf_code insert(struct uf_areas *areas, const struct uf_area *area, struct uf_area **ret,
                           struct uf_error *err)
{
    size_t place = uf_areas_from(areas, area->start);
    if (area->start >= area->end || area->start % UF_GRANULE || area->end % UF_GRANULE ||
        (place < areas->list.len && areas->list.at[place].start < area->end))
        return uf_error_at(err, UF_EINVAL, area->start, "an area of memory overlaps another");
    if (uf_vec_push(&areas->list, *area))
        return uf_error_nomem(err);
    struct uf_area *at = areas->list.at;
    memmove(&at[place + 1], &at[place], (areas->list.len - 1 - place) * sizeof *at);
    at[place] = *area;
    *ret = &at[place];
    return UF_OK;
}

enum uf_code uf_areas_add(struct uf_areas *areas, uint64_t start, uint64_t end,
                          enum uf_area_kind kind, uint32_t number, enum uf_use first,
                          struct uf_area **ret, struct uf_error *err)
{
    struct uf_area area = {.start = start, .end = end, .kind = (uint8_t)kind, .number = number};
    enum uf_code code;
    if ((code = insert(areas, &area, ret, err)))
        return code;
    (*ret)->uses = uf_mem_zalloc((size_t)((end - start) / UF_GRANULE));
    if (!(*ret)->uses) {
        size_t place = (size_t)(*ret - areas->list.at);
        areas->list.len--;
        memmove(*ret, *ret + 1, (areas->list.len - place) * sizeof **ret);
        return uf_error_nomem(err);
    }
    (*ret)->uses[0] = (uint8_t)first;
    return UF_OK;
}

enum uf_code uf_areas_add_whole(struct uf_areas *areas, uint64_t start, uint64_t end,
                                enum uf_area_kind kind, uint32_t number, enum uf_use use,
                                struct uf_error *err)
{
    struct uf_area area = {
        .start = start, .end = end, .use = (uint8_t)use, .kind = (uint8_t)kind, .number = number};
    struct uf_area *entered;
    return insert(areas, &area, &entered, err);
}

void uf_areas_release(struct uf_areas *areas)
{
    for (size_t i = 0; i < areas->list.len; i++)
        uf_mem_free(areas->list.at[i].uses);
    uf_vec_release(&areas->list);
}

/* The first granule from `place` on that has a use; `count` when there is none. */
static uint64_t next_use(const uint8_t *uses, uint64_t place, uint64_t count)
{
    uint64_t word;
    while (place < count && !uses[place]) {
        if (place % WORD || place + WORD > count) {
            place++;
            continue;
        }
        memcpy(&word, uses + place, WORD);
        place += word ? (uint64_t)__builtin_ctzll(word) / 8 : WORD;
    }
    return place;
}

bool uf_area_next(struct uf_area *area, uint64_t from, struct uf_area_block *ret)
{
    uint64_t count = (area->end - area->start) / UF_GRANULE;
    if (!area->uses) {
        *ret = (struct uf_area_block){area->start, area->end, area, area->use};
        return from <= area->start;
    }
    uint64_t first =
        next_use(area->uses, (from - area->start + UF_GRANULE - 1) / UF_GRANULE, count);
    if (first >= count)
        return false;
    uint64_t behind = next_use(area->uses, first + 1, count);
    *ret = (struct uf_area_block){area->start + first * UF_GRANULE,
                                  area->start + behind * UF_GRANULE, area, area->uses[first]};
    return true;
}

bool uf_areas_block(const struct uf_areas *areas, uint64_t address, uint64_t back,
                    struct uf_area_block *ret)
{
    struct uf_area *area = uf_areas_find(areas, address);
    if (!area)
        return false;
    if (!area->uses) {
        *ret = (struct uf_area_block){area->start, area->end, area, area->use};
        return address - area->start <= back;
    }
    uint64_t place = (address - area->start) / UF_GRANULE, steps = back / UF_GRANULE;
    while (!area->uses[place]) { /* the first one has a use */
        if (steps-- == 0)
            return false;
        place--;
    }
    return uf_area_next(area, area->start + place * UF_GRANULE, ret);
}
