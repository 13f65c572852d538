#include "export/heapsnapshot_ids.h"

#include "base/vec.h"

#include <stdlib.h>

#define UNIT_BITS 3     /* no two objects begin in the same 8 bytes */
#define STRETCH_BITS 16 /* 64 KiB */
#define STRETCH_IDS (1u << (STRETCH_BITS - UNIT_BITS))
#define PLACES (1u << (31 - (STRETCH_BITS - UNIT_BITS))) /* ids are odd: 31 bits are left */
#define FIRST_PLACE ((UF_HS_IDS_OBJECTS / 2 + 1) / STRETCH_IDS)

typedef UF_VEC(uint64_t) stretch_vec;

static int by_address(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* All stretches in use, ascending. */
static enum uf_code list_stretches(stretch_vec *list, const struct uf_graph *graph)
{
    struct uf_map seen = {0};
    uint64_t last = UINT64_MAX;
    enum uf_code code = UF_OK;
    for (uf_node n = 0; n < graph->node_count && code == UF_OK; n++) {
        uint64_t stretch = graph->address[n] >> STRETCH_BITS;
        if (stretch == last)
            continue;
        last = stretch;
        if (uf_map_get(&seen, stretch + 1) != UF_MAP_NONE)
            continue;
        if (uf_map_set(&seen, stretch + 1, 0) || uf_vec_push(list, stretch))
            code = UF_ENOMEM;
    }
    uf_map_release(&seen);
    if (list->len > 1)
        qsort(list->at, list->len, sizeof *list->at, by_address);
    return code;
}

static uint32_t home_of(uint64_t stretch)
{
    return (uint32_t)(stretch % PLACES);
}

/* A free place for a stretch whose own is taken: where from follows from the stretch alone. */
static uint32_t other_place(const uint8_t *taken, uint64_t stretch)
{
    uint64_t mixed = stretch * 0x9E3779B97F4A7C15u; /* 2^64 / golden ratio: spreads neighbours */
    uint32_t place = (uint32_t)(mixed >> 32) % PLACES;
    while (place < FIRST_PLACE || taken[place])
        place = (place + 1) % PLACES;
    return place;
}

static enum uf_code give_places(struct uf_hs_ids *ids, const stretch_vec *list)
{
    uint8_t *taken = uf_mem_zalloc(PLACES);
    uint8_t *home = uf_mem_zalloc(list->len + 1);
    enum uf_code code = taken && home ? UF_OK : UF_ENOMEM;
    for (size_t i = 0; i < list->len && code == UF_OK; i++) {
        uint32_t place = home_of(list->at[i]);
        home[i] = place >= FIRST_PLACE && !taken[place];
        taken[place] |= home[i];
    }
    for (size_t i = 0; i < list->len && code == UF_OK; i++) {
        if (home[i])
            continue;
        uint32_t place = other_place(taken, list->at[i]);
        taken[place] = 1;
        if (uf_map_set(&ids->places, list->at[i] + 1, place))
            code = UF_ENOMEM;
    }
    uf_mem_free(taken);
    uf_mem_free(home);
    return code;
}

enum uf_code uf_hs_ids_init(struct uf_hs_ids *ids, const struct uf_graph *graph,
                            struct uf_error *err)
{
    *ids = (struct uf_hs_ids){.last_stretch = UINT64_MAX};
    stretch_vec list = {0};
    enum uf_code code = list_stretches(&list, graph);
    if (code == UF_OK && list.len > PLACES - FIRST_PLACE)
        ids->by_number = true;
    else if (code == UF_OK)
        code = give_places(ids, &list);
    uf_vec_release(&list);
    if (code == UF_OK)
        return UF_OK;
    uf_hs_ids_release(ids);
    return uf_error_nomem(err);
}

void uf_hs_ids_release(struct uf_hs_ids *ids)
{
    uf_map_release(&ids->places);
    *ids = (struct uf_hs_ids){0};
}

uint32_t uf_hs_id(struct uf_hs_ids *ids, const struct uf_graph *graph, uf_node node)
{
    if (ids->by_number)
        return UF_HS_IDS_OBJECTS + 2 + 2 * node;
    uint64_t address = graph->address[node], stretch = address >> STRETCH_BITS;
    if (stretch != ids->last_stretch) {
        uint32_t moved = ids->places.len ? uf_map_get(&ids->places, stretch + 1) : UF_MAP_NONE;
        ids->last_stretch = stretch;
        ids->last_place = moved != UF_MAP_NONE ? moved : home_of(stretch);
    }
    uint32_t within = (uint32_t)(address >> UNIT_BITS) % STRETCH_IDS;
    return 2 * (ids->last_place * STRETCH_IDS + within) + 1;
}
