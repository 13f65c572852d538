#include "analysis/branches.h"

#include "base/text.h"

/* What stands for the edge in the table: of a root its text and its label together. */
static uint32_t key_edge(struct uf_strings *strings, const struct uf_branch *wanted)
{
    if (wanted->parent != UF_BRANCH_ROOT)
        return wanted->edge;
    if (wanted->edge == 0)
        return wanted->root;
    struct uf_text text = {0};
    uf_text_add_z(&text, uf_strings_get(strings, wanted->root));
    uf_text_add_z(&text, "\n");
    uf_text_add_z(&text, uf_strings_get(strings, wanted->edge));
    uint32_t number = text.failed ? UF_STRING_NONE : uf_strings_add(strings, text.at, text.len);
    uf_text_release(&text);
    return number;
}

uint32_t uf_branches_enter(struct uf_branches *branches, struct uf_strings *strings,
                           const struct uf_branch *wanted, uint32_t fresh)
{
    uint32_t edge = key_edge(strings, wanted);
    if (edge == UF_STRING_NONE)
        return UF_MAP_NONE;
    uint64_t step_key = uf_pair_key(edge, wanted->type);
    uint32_t step = uf_map_get(&branches->steps, step_key);
    if (step == UF_MAP_NONE) {
        if (uf_map_set(&branches->steps, step_key, branches->step_count))
            return UF_MAP_NONE;
        step = branches->step_count++;
    }
    uint64_t key = uf_pair_key(wanted->parent, step);
    uint32_t found = uf_map_get(&branches->children, key);
    if (found != UF_MAP_NONE)
        return found;
    return uf_map_set(&branches->children, key, fresh) ? UF_MAP_NONE : fresh;
}

void uf_branches_clear(struct uf_branches *branches)
{
    uf_map_clear(&branches->children);
}

void uf_branches_release(struct uf_branches *branches)
{
    uf_map_release(&branches->steps);
    uf_map_release(&branches->children);
    *branches = (struct uf_branches){0};
}
