#include "balance/claims.h"

#include "cpython/read.h"

#define CHUNK_HEAD UINT64_C(16) /* of glibc's malloc, before the memory that is given out */
#define DEBUG_HEAD UINT64_C(16) /* of PYTHONMALLOC=debug, likewise (Objects/obmalloc.c) */
#define GC_HEAD UINT64_C(16)
#define DICT_HEAD                                                                                  \
    UINT64_C(32)    /* of the collector, and before it values, dict, weak references (3.11) */
#define ROUNDING 48 /* that a block may be larger than what it was asked for, with debug heads */
#define PAGE_BYTES 4096
#define WORDS_OF_OBJECT 192 /* of an object that are looked at: a type's are the most, 130 */
#define WORDS_OF_SIDE 4096
#define MORE_BYTES 15 /* missing after all that was found: then what was found is looked at, too */

struct claimer {
    struct uf_claims *result;
    struct uf_areas *areas;
    const struct uf_source *source;
    const struct uf_mappings *mappings;
    UF_VEC(struct uf_area_block) found; /* of one object, to look at */
};

/* Of the object that is being looked at. */
struct missing {
    int64_t bytes; /* that its size counts and no block is found for */
    bool inside;   /* a pointer may lead into a block, not only to its beginning */
};

static uint64_t memory_of(const struct uf_area_block *block)
{
    return block->start + (block->area->kind == UF_AREA_PYMALLOC ? 0 : CHUNK_HEAD);
}

static bool is_allocated(const struct uf_area_block *block)
{
    uint8_t kind = block->area->kind;
    return kind == UF_AREA_PYMALLOC || kind == UF_AREA_GLIBC || kind == UF_AREA_CHUNK;
}

static void claim_object(struct claimer *c, const struct uf_graph *graph, uf_node node)
{
    uint64_t address = graph->address[node];
    struct uf_area_block block;
    if (uf_areas_block(c->areas, address, UF_AREA_BACK, &block) && is_allocated(&block)) {
        if (block.use == UF_USE_TAKEN)
            uf_area_set(block.area, block.start, UF_USE_OBJECT);
        return;
    }
    const struct uf_mapping *mapping = uf_mappings_find(c->mappings, address);
    if (mapping && mapping->inode == 0 && !uf_areas_find(c->areas, address))
        c->result->elsewhere_bytes += uf_graph_size(graph, node);
}

/* A mapping of its own is a multiple of a page. */
static int64_t rounding(const struct uf_area_block *block)
{
    return ROUNDING + (block->area->kind == UF_AREA_CHUNK ? PAGE_BYTES : 0);
}

/* Does the word lead to a block that belongs to the object? */
static bool claim_word(struct claimer *c, uint64_t word, struct missing *missing, bool values)
{
    struct uf_area_block block;
    bool inside = missing->inside || values;
    if (word < 4096 || (word % 8 && !values) ||
        !uf_areas_block(c->areas, word, inside ? UF_AREA_BACK : DEBUG_HEAD + CHUNK_HEAD, &block) ||
        block.use != UF_USE_TAKEN || !is_allocated(&block))
        return true;
    uint64_t memory = memory_of(&block), bytes = block.end - memory;
    if (word < memory || (!inside && word != memory && word != memory + DEBUG_HEAD))
        return true;
    if (!values && (int64_t)bytes - rounding(&block) > missing->bytes)
        return true;
    uf_area_set(block.area, block.start, UF_USE_SIDE);
    if (values)
        return true;
    missing->bytes -= (int64_t)bytes;
    return missing->bytes <= MORE_BYTES || uf_vec_push(&c->found, block) == 0;
}

static bool claim_words(struct claimer *c, uint64_t from, uint64_t end, uint64_t most,
                        struct missing *missing, bool values)
{
    for (uint64_t at = from; at + 8 <= end && at < from + most * 8; at += 8) {
        if (!values && missing->bytes <= -ROUNDING)
            return true;
        if (!claim_word(c, uf_source_word(c->source, at), missing, values))
            return false;
    }
    return true;
}

static bool claim_side(struct claimer *c, const struct uf_graph *graph, uf_node node, bool list)
{
    uint64_t address = graph->address[node], size = uf_graph_size(graph, node);
    struct uf_area_block block;
    if (!uf_areas_block(c->areas, address, UF_AREA_BACK, &block) || block.use != UF_USE_OBJECT)
        return true;
    uint64_t memory = memory_of(&block), bytes = block.end - memory;
    struct missing missing = {(int64_t)(size - bytes), list};
    if (address < memory) /* cannot be: there was an object */
        return true;
    if (address - memory >= DICT_HEAD &&
        !claim_words(c, memory, address - GC_HEAD, WORDS_OF_OBJECT, &missing, true))
        return false;
    if (missing.bytes <= 0 && !list) /* the usual case: all of it lies in one block */
        return true;
    c->found.len = 0;
    bool ok = claim_words(c, address, block.end, WORDS_OF_OBJECT, &missing, false);
    while (ok && c->found.len > 0 && missing.bytes > MORE_BYTES) {
        block = c->found.at[--c->found.len];
        ok = claim_words(c, memory_of(&block), block.end, WORDS_OF_SIDE, &missing, false);
    }
    return ok;
}

/* Lists and dicts of few items: what lies elsewhere may be less than what rounding hides. */
static bool always_looked_at(const struct uf_graph *graph, uf_node node)
{
    const char *name = uf_graph_type_name(graph, node);
    return strcmp(name, "list") == 0 || strcmp(name, "dict") == 0;
}

enum uf_code uf_claims_make(struct uf_claims *ret, struct uf_areas *areas,
                            const struct uf_outside_memory *memory, const struct uf_graph *graph,
                            struct uf_error *err)
{
    struct claimer claimer = {
        .result = ret, .areas = areas, .source = memory->source, .mappings = memory->mappings};
    bool ok = true;
    *ret = (struct uf_claims){0};
    for (uf_node node = 0; node < graph->node_count; node++)
        if (!(graph->flags[node] & UF_NODE_OWN))
            claim_object(&claimer, graph, node);
    for (uf_node node = 0; node < graph->node_count && ok; node++)
        if (!(graph->flags[node] & UF_NODE_OWN))
            ok = claim_side(&claimer, graph, node, always_looked_at(graph, node));
    uf_vec_release(&claimer.found);
    return ok ? UF_OK : uf_error_nomem(err);
}
