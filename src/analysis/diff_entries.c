/* diff_entries.c - which places explain the change of a heap. */
#include "analysis/diff_private.h"
#include "analysis/generalise.h"

#include <stdlib.h>
#include <string.h>

/* What is below a group that grew follows from that if at least so much of its growth is what the new
 * objects hold on the average. Else there is a cause of its own below: one more session explains one more
 * log, not a million more lines in one of the logs. */
#define EXPLAINED_SHARE 0.4

/* One direction: what grew, or, with the heaps exchanged, what shrank. */
struct pass {
    struct uf_diff *diff;
    bool shrunk;
    UF_VEC(struct uf_diff_entry) entries;
    uint32_t *entry_of_place; /* by group */
    uint32_t *region; /* by group: the entry that its new objects, and what they hold, belong to */
    uint32_t garbage; /* the place of all garbage; UF_DIFF_NONE: none yet */
    int64_t *weight;  /* by group: bytes of itself and of what belongs to it below */
    struct uf_error *err;
};

static int64_t objects_of(const struct pass *pass, const struct uf_diff_group *group)
{
    int64_t grown = uf_diff_objects_grown(group);
    return pass->shrunk ? -grown : grown;
}

static int64_t bytes_of(const struct pass *pass, const struct uf_diff_group *group)
{
    int64_t grown = uf_diff_bytes_grown(group);
    return pass->shrunk ? -grown : grown;
}

bool uf_diff_is_item(const struct uf_diff_group *group, const char *edge)
{
    static const char *const others[] = {UF_ANY_ITEM, UF_ANY_ATTRIBUTE, "{*}",
                                         "entry",     "(held inside)",  "(unnamed)"};
    if (group->key)
        return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(edge, others[i]) == 0)
            return true;
    return false;
}

/* Where a person looks for the growth of `g`: the container, or the attribute itself. An attribute
 * dictionary is a part of its instance; all garbage is one place. */
static uint32_t place_of(struct pass *pass, uint32_t g, bool member)
{
    const struct uf_diff_group *group = &pass->diff->groups.at[g];
    if (group->garbage) {
        if (pass->garbage == UF_DIFF_NONE)
            pass->garbage = g;
        return pass->garbage;
    }
    if (group->parent == UF_DIFF_NONE)
        return g;
    bool item = uf_diff_is_item(group, uf_diff_text(pass->diff, group->edge));
    return (member && item) || (!member && group->attribute_dict) ? group->parent : g;
}

static bool is_explained(const struct pass *pass, uint32_t holder,
                         const struct uf_diff_group *group)
{
    const struct uf_diff_group *above = &pass->diff->groups.at[holder];
    double now = (double)group->heap[!pass->shrunk].objects;
    double holders = (double)above->heap[!pass->shrunk].objects;
    double expected = (double)objects_of(pass, above) * now / holders;
    return expected >= EXPLAINED_SHARE * (double)objects_of(pass, group);
}

/* The entry of a place, made if it is new; UF_DIFF_NONE: memory is out. */
static uint32_t entry_at(struct pass *pass, uint32_t place)
{
    if (pass->entry_of_place[place] != UF_DIFF_NONE)
        return pass->entry_of_place[place];
    struct uf_diff_entry entry = {.place = place,
                                  .main = place,
                                  .in_place = true,
                                  .retained = {UF_DIFF_UNKNOWN, UF_DIFF_UNKNOWN},
                                  .fresh = UF_DIFF_UNKNOWN,
                                  .gone = UF_DIFF_UNKNOWN};
    if (uf_vec_push(&pass->entries, entry))
        return UF_DIFF_NONE;
    return pass->entry_of_place[place] = (uint32_t)pass->entries.len - 1;
}

/* Finds the entry of one group; its holder was seen before. */
static enum uf_code assign(struct pass *pass, uint32_t g)
{
    struct uf_diff_group *group = &pass->diff->groups.at[g];
    int64_t objects = objects_of(pass, group), bytes = bytes_of(pass, group);
    if (group->entry != UF_DIFF_NONE || (objects <= 0 && bytes <= 0))
        return UF_OK;
    uint32_t above = group->parent == UF_DIFF_NONE ? UF_DIFF_NONE : pass->region[group->parent];
    bool follows = above != UF_DIFF_NONE && objects >= 0 &&
                   (objects == 0 || is_explained(pass, group->parent, group));
    uint32_t entry = above;
    if (!follows) {
        bool member = objects > 0;
        entry = entry_at(pass, place_of(pass, g, member));
        if (entry == UF_DIFF_NONE)
            return uf_error_nomem(pass->err);
        group->member = member;
        pass->entries.at[entry].members += member;
        pass->entries.at[entry].in_place &= !member;
        if (!member) { /* as the main group, members are preferred to it below */
            pass->entries.at[entry].main = g;
            pass->entries.at[entry].own_bytes += uf_diff_bytes_grown(group);
        }
    }
    if (objects > 0)
        pass->region[g] = entry;
    group->entry = entry;
    group->shrunk = pass->shrunk;
    pass->entries.at[entry].objects += uf_diff_objects_grown(group);
    pass->entries.at[entry].bytes += uf_diff_bytes_grown(group);
    return UF_OK;
}

static bool weighs_more(const struct pass *pass, uint32_t a, uint32_t b)
{
    const struct uf_diff_group *x = &pass->diff->groups.at[a], *y = &pass->diff->groups.at[b];
    if (!y->member || y->entry != x->entry || y->shrunk != x->shrunk)
        return true;
    if (pass->weight[a] != pass->weight[b])
        return pass->weight[a] > pass->weight[b];
    return objects_of(pass, x) > objects_of(pass, y);
}

/* From below: what belongs to each group; then the heaviest member of each entry is its main one. */
static void choose_main(struct pass *pass)
{
    struct uf_diff *diff = pass->diff;
    for (uint32_t g = (uint32_t)diff->groups.len; g-- > 0;) {
        const struct uf_diff_group *group = &diff->groups.at[g];
        if (group->entry == UF_DIFF_NONE || group->shrunk != pass->shrunk)
            continue;
        pass->weight[g] += bytes_of(pass, group);
        const struct uf_diff_group *above =
            group->parent == UF_DIFF_NONE ? NULL : &diff->groups.at[group->parent];
        if (!group->member && above && above->entry == group->entry &&
            above->shrunk == group->shrunk)
            pass->weight[group->parent] += pass->weight[g];
    }
    for (uint32_t g = 0; g < diff->groups.len; g++) {
        const struct uf_diff_group *group = &diff->groups.at[g];
        if (group->entry == UF_DIFF_NONE || group->shrunk != pass->shrunk || !group->member)
            continue;
        struct uf_diff_entry *entry = &pass->entries.at[group->entry];
        if (weighs_more(pass, g, entry->main))
            entry->main = g;
    }
}

struct ordered {
    struct uf_diff_entry entry;
    int64_t objects, bytes; /* in the direction of the pass */
    uint32_t before;        /* its number before sorting */
};

static int by_weight(const void *a, const void *b)
{
    const struct ordered *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    if (x->objects != y->objects)
        return x->objects < y->objects ? 1 : -1;
    return x->before < y->before ? -1 : 1;
}

/* Puts the entries into order, and what refers to them right. */
static enum uf_code sort(struct pass *pass)
{
    size_t count = pass->entries.len;
    struct ordered *ordered = uf_mem_alloc((count + 1) * sizeof *ordered);
    uint32_t *now = uf_mem_alloc((count + 1) * sizeof *now);
    if (ordered && now) {
        for (uint32_t i = 0; i < count; i++)
            ordered[i] = (struct ordered){
                .entry = pass->entries.at[i],
                .objects = pass->entries.at[i].objects * (pass->shrunk ? -1 : 1),
                .bytes = pass->entries.at[i].bytes * (pass->shrunk ? -1 : 1),
                .before = i,
            };
        qsort(ordered, count, sizeof *ordered, by_weight);
        for (uint32_t i = 0; i < count; i++) {
            pass->entries.at[i] = ordered[i].entry;
            now[ordered[i].before] = i;
        }
        for (size_t g = 0; g < pass->diff->groups.len; g++) {
            struct uf_diff_group *group = &pass->diff->groups.at[g];
            if (group->entry != UF_DIFF_NONE && group->shrunk == pass->shrunk)
                group->entry = now[group->entry];
        }
    }
    bool failed = !ordered || !now;
    uf_mem_free(ordered);
    uf_mem_free(now);
    return failed ? uf_error_nomem(pass->err) : UF_OK;
}

static enum uf_code run(struct pass *pass)
{
    size_t count = pass->diff->groups.len;
    enum uf_code code = UF_OK;
    pass->entry_of_place = uf_mem_alloc((count + 1) * sizeof *pass->entry_of_place);
    pass->region = uf_mem_alloc((count + 1) * sizeof *pass->region);
    pass->weight = uf_mem_zalloc((count + 1) * sizeof *pass->weight);
    if (!pass->entry_of_place || !pass->region || !pass->weight)
        return uf_error_nomem(pass->err);
    memset(pass->entry_of_place, 0xff, count * sizeof *pass->entry_of_place); /* UF_DIFF_NONE */
    memset(pass->region, 0xff, count * sizeof *pass->region);
    for (uint32_t g = 0; g < count && !code; g++)
        code = assign(pass, g);
    if (code)
        return code;
    choose_main(pass);
    return sort(pass);
}

static void add_up(struct uf_diff *diff)
{
    for (size_t e = 0; e < diff->grown.len; e++) {
        diff->grown_in_all.objects += diff->grown.at[e].objects;
        diff->grown_in_all.bytes += diff->grown.at[e].bytes;
    }
    for (size_t e = 0; e < diff->shrunk.len; e++) {
        diff->shrunk_in_all.objects += diff->shrunk.at[e].objects;
        diff->shrunk_in_all.bytes += diff->shrunk.at[e].bytes;
    }
}

enum uf_code uf_diff_find_entries(struct uf_diff *diff, struct uf_error *err)
{
    enum uf_code code = UF_OK;
    for (int shrunk = 0; shrunk < 2 && !code; shrunk++) {
        struct pass pass = {.diff = diff, .shrunk = shrunk, .garbage = UF_DIFF_NONE, .err = err};
        code = run(&pass);
        uf_mem_free(pass.entry_of_place);
        uf_mem_free(pass.region);
        uf_mem_free(pass.weight);
        if (shrunk) {
            diff->shrunk.at = pass.entries.at;
            diff->shrunk.len = pass.entries.len;
            diff->shrunk.cap = pass.entries.cap;
        } else {
            diff->grown.at = pass.entries.at;
            diff->grown.len = pass.entries.len;
            diff->grown.cap = pass.entries.cap;
        }
    }
    if (!code)
        add_up(diff);
    return code;
}
