#include "analysis/signatures_join.h"

#include "base/mem.h"

/* The number in `all` of text `text` of `one`; *known remembers those that were asked for, plus 1. */
static uint32_t text_of(struct uf_signatures_join *join, const struct uf_signatures *one,
                        uint32_t *known, uint32_t text)
{
    if (known[text] == 0) {
        uint32_t number = uf_strings_add_z(&join->all.strings, uf_strings_get(&one->strings, text));
        if (number == UF_STRING_NONE)
            return number;
        known[text] = number + 1;
    }
    return known[text] - 1;
}

static enum uf_code enter(struct uf_signatures_join *join, const struct uf_signatures *one,
                          uint32_t *known, uint32_t group, uint32_t *numbers, struct uf_error *err)
{
    const struct uf_signature *from = &one->at[group];
    struct uf_signature wanted = *from;
    bool at_root = from->parent == UF_SIGNATURE_NONE;
    wanted.parent = at_root ? UF_SIGNATURE_NONE : numbers[from->parent];
    wanted.type = text_of(join, one, known, from->type);
    wanted.edge = text_of(join, one, known, from->edge);
    wanted.root = text_of(join, one, known, from->root);
    if (wanted.type == UF_STRING_NONE || wanted.edge == UF_STRING_NONE ||
        wanted.root == UF_STRING_NONE)
        return uf_error_nomem(err);
    wanted.objects = wanted.bytes = 0;
    wanted.first = wanted.last = UF_NODE_NONE;
    const struct uf_branch branch = {.parent = at_root ? UF_BRANCH_ROOT : wanted.parent,
                                     .type = wanted.type,
                                     .edge = wanted.edge,
                                     .root = wanted.root};
    uint32_t fresh = (uint32_t)join->groups.len;
    uint32_t number = uf_branches_enter(&join->branches, &join->all.strings, &branch, fresh);
    if (number == UF_MAP_NONE || (number == fresh && uf_vec_push(&join->groups, wanted)))
        return uf_error_nomem(err);
    struct uf_signature *to = &join->groups.at[number];
    to->folded |= from->folded;
    to->objects += from->objects;
    to->bytes += from->bytes;
    numbers[group] = number;
    return UF_OK;
}

enum uf_code uf_signatures_join_add(struct uf_signatures_join *join,
                                    const struct uf_signatures *one, uint32_t **numbers,
                                    struct uf_error *err)
{
    uint32_t *known = uf_mem_zalloc((one->strings.count + 1) * sizeof *known);
    *numbers = uf_mem_alloc(((size_t)one->count + 1) * sizeof **numbers);
    enum uf_code code = known && *numbers ? UF_OK : uf_error_nomem(err);
    for (uint32_t group = 0; group < one->count && !code; group++)
        code = enter(join, one, known, group, *numbers, err);
    uf_mem_free(known);
    join->all.at = join->groups.at;
    join->all.count = (uint32_t)join->groups.len;
    if (code) {
        uf_mem_free(*numbers);
        *numbers = NULL;
    }
    return code;
}

enum uf_code uf_signatures_join_nodes(struct uf_signatures_join *join,
                                      const struct uf_signatures *one, const uint32_t *numbers,
                                      struct uf_error *err)
{
    uf_mem_free(join->all.of);
    join->all.of = uf_mem_alloc(((size_t)one->node_count + 1) * sizeof *join->all.of);
    if (!join->all.of)
        return uf_error_nomem(err);
    join->all.node_count = one->node_count;
    for (uf_node n = 0; n < one->node_count; n++)
        join->all.of[n] = numbers[one->of[n]];
    return UF_OK;
}

void uf_signatures_join_release(struct uf_signatures_join *join)
{
    uf_mem_free(join->all.of);
    uf_strings_release(&join->all.strings);
    uf_vec_release(&join->groups);
    uf_branches_release(&join->branches);
    *join = (struct uf_signatures_join){0};
}
