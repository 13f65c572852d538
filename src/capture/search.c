#include "capture/search.h"

struct look {
    struct uf_search *search;
    struct uf_builder *builder;
    struct uf_error *err;
    uint64_t owner;
    uint8_t depth;
    uint32_t words, objects; /* of a block */
};

/* 1: the word leads to an object; -1: failed. */
static int look_at(void *context, uint64_t word)
{
    struct look *look = context;
    struct uf_unknown *unknown = &look->search->unknown;
    if (uf_builder_has(look->builder, word))
        return 1;
    if (uf_unknown_is_object(unknown, word))
        return uf_builder_add(look->builder, word, 0, look->err) ? -1 : 1;
    if (!uf_unknown_add_block(unknown, word, look->owner, (uint8_t)(look->depth + 1)))
        return 0;
    uf_error_nomem(look->err);
    return -1;
}

static int look_into_object(void *context, uint64_t word)
{
    return look_at(context, word) < 0 ? -1 : 0;
}

static int look_into_block(void *context, uint64_t word)
{
    struct look *look = context;
    int status = look_at(context, word);
    look->words++;
    look->objects += status == 1;
    return status;
}

/* A module's state is its own, whoever else points to it. */
static int add_states(struct uf_search *search, const struct uf_builder *b)
{
    for (uf_node node = search->looked_into; node < b->decoded; node++)
        if (b->type[node] < search->unknown.scans.of_type.len &&
            search->unknown.scans.of_type.at[b->type[node]].module &&
            uf_unknown_add_state(&search->unknown, b->address[node], b->type[node]))
            return -1;
    return 0;
}

static enum uf_code look_into_objects(struct uf_search *search, struct look *look)
{
    struct uf_unknown *unknown = &search->unknown;
    const struct uf_builder *b = look->builder;
    if (add_states(search, b))
        return uf_error_nomem(look->err);
    for (; search->looked_into < b->decoded; search->looked_into++) {
        uf_node node = search->looked_into;
        uint32_t type = b->type[node];
        if (type >= unknown->scans.of_type.len)
            continue; /* it is no object, and there is no type at all */
        const struct uf_scan *scan = &unknown->scans.of_type.at[type];
        if (!scan->count && !scan->item_bytes)
            continue;
        uint64_t address = b->address[node];
        look->owner = address;
        look->depth = 0;
        if (uf_unknown_words(unknown, address, type, look_into_object, look))
            return look->err->code;
    }
    return UF_OK;
}

static enum uf_code look_into_blocks(struct uf_search *search, struct look *look)
{
    struct uf_unknown *unknown = &search->unknown;
    for (; search->blocks_looked_into < unknown->blocks.len; search->blocks_looked_into++) {
        struct uf_unknown_block block = unknown->blocks.at[search->blocks_looked_into];
        look->owner = block.owner;
        look->depth = block.depth;
        look->words = look->objects = 0;
        if (uf_unknown_block_words(unknown, &block, look_into_block, look))
            return look->err->code;
        unknown->blocks.at[search->blocks_looked_into].dense |= (uint64_t)look->objects * 3 >
                                                                (uint64_t)look->words * 2;
    }
    return UF_OK;
}

enum uf_code uf_search_more(struct uf_search *search, struct uf_builder *builder,
                            struct uf_error *err)
{
    struct look look = {.search = search, .builder = builder, .err = err};
    enum uf_code code = uf_scans_make(&search->unknown.scans, search->unknown.heap, err);
    if (!code)
        code = look_into_objects(search, &look);
    if (!code)
        code = look_into_blocks(search, &look);
    return code;
}
