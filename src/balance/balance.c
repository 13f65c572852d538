#include "balance/balance.h"

#include "balance/claims.h"
#include "balance/glibc.h"
#include "balance/mapped.h"
#include "balance/pymalloc.h"
#include "balance/sweep.h"

#include <stdlib.h>
#include <string.h>

#define SPARSE                                                                                     \
    4 /* an arena of Python's that is in use to at most one part in so many is a sparse one */

/* Libraries that stand in for glibc's malloc, by how the name of their file begins. */
static const char *const allocators[] = {
    "libjemalloc",  "libtcmalloc", "libmimalloc", "libsnmalloc",
    "libtbbmalloc", "librpmalloc", "libhoard",    "libscudo",
};

struct build {
    struct uf_balance *balance;
    const struct uf_outside_memory *memory;
    const struct uf_graph *graph;
    struct uf_areas areas;
    struct uf_glibc glibc;
    struct uf_pymalloc pymalloc;
    struct uf_error *err;
};

/* Malloc is another's when its library is there and glibc's has not given out anything. */
static void find_allocator(struct build *b)
{
    const struct uf_mappings *mappings = b->memory->mappings;
    for (size_t i = 0; i < b->areas.list.len; i++)
        if (b->areas.list.at[i].kind == UF_AREA_GLIBC)
            return;
    for (size_t i = 0; i < mappings->list.len; i++) {
        const char *path = uf_mapping_path(mappings, &mappings->list.at[i]);
        const char *name = strrchr(path, '/');
        for (size_t k = 0; name && k < sizeof allocators / sizeof *allocators; k++)
            if (strncmp(name + 1, allocators[k], strlen(allocators[k])) == 0) {
                b->balance->allocator = mappings->list.at[i].path;
                return;
            }
    }
}

static enum uf_code find_owners(struct build *b, uint32_t version_hex)
{
    struct uf_claims claims;
    enum uf_code code;
    if ((code = uf_mapped_images(&b->areas, b->memory, b->err)) ||
        (code = uf_glibc_walk(&b->glibc, &b->areas, b->memory, b->err)) ||
        (code = uf_pymalloc_walk(&b->pymalloc, &b->areas, b->memory, version_hex, b->err)))
        return code;
    find_allocator(b);
    if (b->glibc.arenas.len > 0 && (code = uf_mapped_chunks(&b->areas, b->memory, b->err)))
        return code;
    if ((code = uf_mapped_frames(&b->areas, b->memory, b->err)) ||
        (code = uf_mapped_stacks(&b->areas, b->memory, &b->balance->stacks, b->err)) ||
        (code = uf_pymalloc_extend(&b->pymalloc, &b->areas, b->memory, b->err)) ||
        (code = uf_claims_make(&claims, &b->areas, b->memory, b->graph, b->err)))
        return code;
    if (b->balance->allocator)
        b->balance->elsewhere_bytes = claims.elsewhere_bytes;
    return UF_OK;
}

static enum uf_code enter_arenas(struct build *b)
{
    for (size_t i = 0; i < b->glibc.arenas.len; i++) {
        struct uf_balance_arena arena = {.address = b->glibc.arenas.at[i].address,
                                         .main = b->glibc.arenas.at[i].main};
        if (uf_vec_push(&b->balance->arenas, arena))
            return uf_error_nomem(b->err);
    }
    for (size_t i = 0; i < b->areas.list.len; i++)
        b->balance->chunks += b->areas.list.at[i].kind == UF_AREA_CHUNK;
    b->balance->breaks = b->glibc.breaks;
    b->balance->python_arenas = b->pymalloc.arenas;
    b->balance->arena_bytes = b->pymalloc.arena_bytes;
    return UF_OK;
}

static bool is_sparse(const struct build *b, const struct uf_sweep *sweep, uint32_t arena)
{
    return sweep->arena_used[arena] <= b->pymalloc.arena_bytes / SPARSE;
}

static void note_pin(struct uf_balance *balance, struct uf_balance_type type)
{
    for (int i = 0; i < UF_BALANCE_PINS; i++)
        if (type.bytes > balance->pins[i].bytes) {
            for (int k = UF_BALANCE_PINS - 1; k > i; k--)
                balance->pins[k] = balance->pins[k - 1];
            balance->pins[i] = type;
            return;
        }
}

/* Which types lie in arenas that are almost empty: they are why those cannot be given back. */
static enum uf_code find_pins(struct build *b, const struct uf_sweep *sweep)
{
    struct uf_balance *balance = b->balance;
    for (uint32_t i = 0; i < b->pymalloc.arenas; i++)
        if (is_sparse(b, sweep, i)) {
            uint64_t used = sweep->arena_used[i], all = sweep->arena_bytes[i];
            balance->sparse_arenas++;
            balance->sparse_free += all > used ? all - used : 0;
        }
    if (balance->sparse_arenas == 0)
        return UF_OK;
    struct uf_balance_type *types = uf_mem_zalloc(b->graph->type_count * sizeof *types);
    if (!types)
        return uf_error_nomem(b->err);
    for (uf_node node = 0; node < b->graph->node_count; node++) {
        const struct uf_area *area = uf_areas_find(&b->areas, b->graph->address[node]);
        uint32_t type = b->graph->type[node];
        if (!area || area->kind != UF_AREA_PYMALLOC || !is_sparse(b, sweep, area->number))
            continue;
        types[type].type = type;
        types[type].objects++;
        types[type].bytes += uf_graph_size(b->graph, node);
    }
    for (uint32_t i = 0; i < b->graph->type_count; i++)
        note_pin(balance, types[i]);
    uf_mem_free(types);
    return UF_OK;
}

static int by_resident(const void *a, const void *b)
{
    const struct uf_balance_arena *x = a, *y = b;
    return x->resident > y->resident ? -1 : x->resident < y->resident;
}

static int by_file_bytes(const void *a, const void *b)
{
    const struct uf_balance_file *x = a, *y = b;
    uint64_t left = x->bytes + x->data_bytes, right = y->bytes + y->data_bytes;
    return left > right ? -1 : left < right;
}

static enum uf_code count_all(struct build *b)
{
    struct uf_balance *balance = b->balance;
    struct uf_sweep sweep = {
        .balance = balance,
        .mappings = b->memory->mappings,
        .areas = &b->areas,
        .presence = {&b->memory->mappings->pages, 0},
        .file_of = uf_mem_zalloc((b->memory->mappings->paths.count + 1) * sizeof(uint32_t)),
        .arena_used = uf_mem_zalloc((b->pymalloc.arenas + 1) * sizeof(uint64_t)),
        .arena_bytes = uf_mem_zalloc((b->pymalloc.arenas + 1) * sizeof(uint64_t)),
        .err = b->err,
    };
    enum uf_code code = sweep.file_of && sweep.arena_used && sweep.arena_bytes
                            ? enter_arenas(b)
                            : uf_error_nomem(b->err);
    if (!code && !(code = uf_sweep_all(&sweep)))
        code = find_pins(b, &sweep);
    uf_mem_free(sweep.file_of);
    uf_mem_free(sweep.arena_used);
    uf_mem_free(sweep.arena_bytes);
    if (balance->arenas.len > 1)
        qsort(balance->arenas.at, balance->arenas.len, sizeof *balance->arenas.at, by_resident);
    if (balance->files.len > 1)
        qsort(balance->files.at, balance->files.len, sizeof *balance->files.at, by_file_bytes);
    return code;
}

enum uf_code uf_balance_build(struct uf_balance *ret, const struct uf_outside_memory *memory,
                              const struct uf_graph *graph, uint32_t version_hex,
                              struct uf_error *err)
{
    struct build b = {.balance = ret, .memory = memory, .graph = graph, .err = err};
    enum uf_code code;
    *ret = (struct uf_balance){.mappings = memory->mappings, .graph = graph};
    if (memory->mappings->pages.list.len == 0)
        return uf_error_set(err, UF_ETARGET,
                            "which of its pages are in memory is not known (its page map has to be "
                            "readable: run as its owner or as root)");
    if (!(code = find_owners(&b, version_hex)))
        code = count_all(&b);
    uf_glibc_release(&b.glibc);
    uf_areas_release(&b.areas);
    if (code)
        uf_balance_release(ret);
    return code;
}

void uf_balance_release(struct uf_balance *balance)
{
    uf_vec_release(&balance->arenas);
    uf_vec_release(&balance->files);
    *balance = (struct uf_balance){0};
}
