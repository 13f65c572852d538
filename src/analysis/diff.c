/* diff.c - the groups of two heaps, matched by their texts. */
#include "analysis/diff.h"

#include "analysis/branches.h"
#include "analysis/diff_private.h"
#include "analysis/generalise.h"

#include <stdlib.h>
#include <string.h>

/* So many attributes of one type at one holder that only one of the heaps knows are names that the
 * program makes up; of modules two are enough: they were imported (or dropped) since. */
#define MADE_UP_NAMES 5
#define MADE_UP_MODULES 2

/* Both trees are entered twice: first to see which names are in both. */
struct joint {
    struct uf_diff *diff;
    struct uf_branches branches;
    uint32_t *text_of[2]; /* by text of a side: text in diff->strings */
    uint8_t *made_up[2];  /* by signature of a side: its name is any name. NULL: not known yet */
    uint32_t any_attribute, any_module;
    struct uf_error *err;
};

static enum uf_code take_texts(struct joint *j, int side)
{
    const struct uf_strings *from = &j->diff->side[side].signatures->strings;
    j->text_of[side] = uf_mem_alloc((from->count + 1) * sizeof *j->text_of[side]);
    if (!j->text_of[side])
        return uf_error_nomem(j->err);
    j->text_of[side][0] = 0;
    for (uint32_t t = 0; t < from->count; t++) {
        j->text_of[side][t] = uf_strings_add_z(&j->diff->strings, uf_strings_get(from, t));
        if (j->text_of[side][t] == UF_STRING_NONE)
            return uf_error_nomem(j->err);
    }
    return UF_OK;
}

/* UF_DIFF_NONE: memory is out. */
static uint32_t find_or_make(struct joint *j, const struct uf_diff_group *wanted)
{
    const struct uf_branch branch = {
        .parent = wanted->parent == UF_DIFF_NONE ? UF_BRANCH_ROOT : wanted->parent,
        .type = wanted->type,
        .edge = wanted->edge,
        .root = wanted->root,
    };
    uint32_t fresh = (uint32_t)j->diff->groups.len;
    uint32_t found = uf_branches_enter(&j->branches, &j->diff->strings, &branch, fresh);
    if (found == UF_MAP_NONE || (found == fresh && uf_vec_push(&j->diff->groups, *wanted)))
        return UF_DIFF_NONE;
    return found;
}

static uint32_t enter(struct joint *j, int side, uint32_t index)
{
    const struct uf_signature *from = &j->diff->side[side].signatures->at[index];
    bool made_up = j->made_up[side] && j->made_up[side][index];
    struct uf_diff_group wanted = {
        .parent = from->parent == UF_SIGNATURE_NONE ? UF_DIFF_NONE
                                                    : j->diff->group_of[side][from->parent],
        .type = j->text_of[side][from->type],
        .edge = j->text_of[side][from->edge],
        .root = j->text_of[side][from->root],
        .key = from->key,
        .attribute = from->attribute,
        .attribute_dict = from->attribute_dict,
        .garbage = from->garbage,
        .signature = {UF_DIFF_NONE, UF_DIFF_NONE},
        .entry = UF_DIFF_NONE,
    };
    if (made_up && wanted.parent == UF_DIFF_NONE)
        wanted.root = j->any_module;
    else if (made_up)
        wanted.edge = j->any_attribute;
    uint32_t found = find_or_make(j, &wanted);
    if (found == UF_DIFF_NONE)
        return found;
    struct uf_diff_group *group = &j->diff->groups.at[found];
    group->folded |= from->folded;
    group->heap[side].objects += from->objects;
    group->heap[side].bytes += from->bytes;
    uint32_t before = group->signature[side];
    if (before == UF_DIFF_NONE ||
        j->diff->side[side].signatures->at[before].objects < from->objects)
        group->signature[side] = index;
    return found;
}

static enum uf_code enter_all(struct joint *j)
{
    j->diff->groups.len = 0;
    uf_branches_clear(&j->branches);
    for (int side = 0; side < 2; side++)
        for (uint32_t i = 0; i < j->diff->side[side].signatures->count; i++) {
            uint32_t group = enter(j, side, i);
            if (group == UF_DIFF_NONE)
                return uf_error_nomem(j->err);
            j->diff->group_of[side][i] = group;
        }
    return UF_OK;
}

/* Is it in only one of the heaps, though its holder is in both? */
static bool is_alone(const struct uf_diff *diff, const struct uf_diff_group *group)
{
    bool alone = (group->heap[0].objects == 0) != (group->heap[1].objects == 0);
    if (!alone || group->parent == UF_DIFF_NONE)
        return alone;
    const struct uf_diff_group *holder = &diff->groups.at[group->parent];
    return holder->heap[0].objects > 0 && holder->heap[1].objects > 0;
}

/* What its names are counted by; 0: it has a name of its own, whatever the others are called. */
static uint64_t registry_of(const struct uf_diff *diff, const struct uf_diff_group *group)
{
    if (!is_alone(diff, group))
        return 0;
    if (group->parent != UF_DIFF_NONE)
        return group->attribute ? uf_pair_key(group->parent, group->type) : 0;
    bool module = strncmp(uf_diff_text(diff, group->root), "module ", 7) == 0;
    return module ? uf_pair_key(UF_DIFF_NONE, group->type) : 0;
}

/* Looks for names that are made up; *any: there are some. */
static enum uf_code find_made_up(struct joint *j, bool *any)
{
    struct uf_map counts = {0};
    enum uf_code code = UF_OK;
    for (uint32_t g = 0; g < j->diff->groups.len && !code; g++) {
        uint64_t key = registry_of(j->diff, &j->diff->groups.at[g]);
        uint32_t before = key ? uf_map_get(&counts, key) : 0;
        if (key && uf_map_set(&counts, key, before == UF_MAP_NONE ? 1 : before + 1))
            code = uf_error_nomem(j->err);
    }
    for (int side = 0; side < 2 && !code; side++) {
        uint32_t count = j->diff->side[side].signatures->count;
        j->made_up[side] = uf_mem_zalloc((size_t)count + 1);
        if (!j->made_up[side])
            code = uf_error_nomem(j->err);
        for (uint32_t i = 0; i < count && !code; i++) {
            const struct uf_diff_group *group = &j->diff->groups.at[j->diff->group_of[side][i]];
            uint64_t key = registry_of(j->diff, group);
            uint32_t enough = group->parent == UF_DIFF_NONE ? MADE_UP_MODULES : MADE_UP_NAMES;
            j->made_up[side][i] = key && uf_map_get(&counts, key) >= enough;
            *any |= j->made_up[side][i];
        }
    }
    uf_map_release(&counts);
    return code;
}

static int by_growth(const void *a, const void *b)
{
    const struct uf_diff_type *x = a, *y = b;
    int64_t dx = (int64_t)x->heap[1].bytes - (int64_t)x->heap[0].bytes;
    int64_t dy = (int64_t)y->heap[1].bytes - (int64_t)y->heap[0].bytes;
    if (dx != dy)
        return dx < dy ? 1 : -1;
    int64_t ox = (int64_t)x->heap[1].objects - (int64_t)x->heap[0].objects;
    int64_t oy = (int64_t)y->heap[1].objects - (int64_t)y->heap[0].objects;
    if (ox != oy)
        return ox < oy ? 1 : -1;
    return x->type < y->type ? -1 : x->type > y->type;
}

/* Totals of all groups, by type and in all. */
static enum uf_code sum_up(struct uf_diff *diff, struct uf_error *err)
{
    struct uf_map index_of = {0};
    enum uf_code code = UF_OK;
    for (uint32_t g = 0; g < diff->groups.len && !code; g++) {
        struct uf_diff_group *group = &diff->groups.at[g];
        uint64_t key = (uint64_t)group->type + 1;
        uint32_t index = uf_map_get(&index_of, key);
        if (index == UF_MAP_NONE) {
            struct uf_diff_type type = {.type = group->type};
            index = (uint32_t)diff->types.len;
            if (uf_vec_push(&diff->types, type) || uf_map_set(&index_of, key, index)) {
                code = uf_error_nomem(err);
                break;
            }
        }
        for (int side = 0; side < 2; side++) {
            diff->heap[side].objects += group->heap[side].objects;
            diff->heap[side].bytes += group->heap[side].bytes;
            diff->types.at[index].heap[side].objects += group->heap[side].objects;
            diff->types.at[index].heap[side].bytes += group->heap[side].bytes;
        }
    }
    uf_map_release(&index_of);
    if (diff->types.len > 0)
        qsort(diff->types.at, diff->types.len, sizeof *diff->types.at, by_growth);
    return code;
}

static enum uf_code build(struct joint *j)
{
    struct uf_diff *diff = j->diff;
    enum uf_code code = UF_OK;
    bool any = false;
    for (int side = 0; side < 2 && !code; side++) {
        size_t count = diff->side[side].signatures->count;
        diff->group_of[side] = uf_mem_alloc((count + 1) * sizeof *diff->group_of[side]);
        code = diff->group_of[side] ? take_texts(j, side) : uf_error_nomem(j->err);
    }
    if (code)
        return code;
    j->any_attribute = uf_strings_add_z(&diff->strings, UF_ANY_ATTRIBUTE);
    j->any_module = uf_strings_add_z(&diff->strings, UF_ANY_MODULE);
    if (j->any_attribute == UF_STRING_NONE || j->any_module == UF_STRING_NONE)
        return uf_error_nomem(j->err);
    code = enter_all(j);
    if (!code)
        code = find_made_up(j, &any);
    if (!code && any)
        code = enter_all(j);
    if (!code)
        code = sum_up(diff, j->err);
    return code;
}

enum uf_code uf_diff_build(struct uf_diff *diff, const struct uf_diff_side *old,
                           const struct uf_diff_side *new, struct uf_error *err)
{
    struct joint joint = {.diff = diff, .err = err};
    *diff = (struct uf_diff){.side = {*old, *new}};
    enum uf_code code = build(&joint);
    uf_branches_release(&joint.branches);
    for (int side = 0; side < 2; side++) {
        uf_mem_free(joint.text_of[side]);
        uf_mem_free(joint.made_up[side]);
    }
    if (!code)
        code = uf_diff_find_entries(diff, err);
    if (code)
        uf_diff_release(diff);
    return code;
}

void uf_diff_release(struct uf_diff *diff)
{
    for (int side = 0; side < 2; side++)
        uf_mem_free(diff->group_of[side]);
    uf_vec_release(&diff->groups);
    uf_vec_release(&diff->grown);
    uf_vec_release(&diff->shrunk);
    uf_vec_release(&diff->types);
    uf_strings_release(&diff->strings);
    *diff = (struct uf_diff){0};
}

const char *uf_diff_text(const struct uf_diff *diff, uint32_t text)
{
    return uf_strings_get(&diff->strings, text);
}

void uf_diff_path_text(const struct uf_diff *diff, uint32_t group, struct uf_text *ret)
{
    size_t depth = 0;
    for (uint32_t g = group; g != UF_DIFF_NONE; g = diff->groups.at[g].parent)
        depth++;
    for (size_t level = depth; level-- > 0;) {
        uint32_t at = group;
        for (size_t up = 0; up < level; up++)
            at = diff->groups.at[at].parent;
        const struct uf_diff_group *here = &diff->groups.at[at];
        if (here->parent == UF_DIFF_NONE)
            uf_text_add_z(ret, uf_diff_text(diff, here->root));
        uf_step_append(ret, uf_diff_text(diff, here->edge));
    }
}
