#include "track/sites.h"

#include "track/blocks.h"

#include <string.h>

/* Finds the slot of an entry, or the free one where it belongs. Load is at most 1/2. */
typedef bool (*same_entry)(const struct uf_sites *sites, uint32_t number, const void *wanted);

static uint32_t *slot_of(const struct uf_sites *sites, uint32_t *slots, size_t cap, size_t hash,
                         same_entry same, const void *wanted)
{
    for (size_t i = hash;; i++) {
        uint32_t *slot = &slots[i & (cap - 1)];
        if (*slot == 0 || same(sites, *slot - 1, wanted))
            return slot;
    }
}

static bool no_entry(const struct uf_sites *sites, uint32_t number, const void *wanted)
{
    (void)sites, (void)number, (void)wanted;
    return false;
}

/* Room for one entry more than `count`; hashes of those that are there come from `hash_of`. */
static int make_room(const struct uf_sites *sites, uint32_t **slots, size_t *cap, size_t count,
                     size_t (*hash_of)(const struct uf_sites *, uint32_t))
{
    if ((count + 1) * 2 <= *cap)
        return 0;
    size_t now = *cap ? *cap * 2 : 256;
    uint32_t *fresh = uf_mem_zalloc(now * sizeof *fresh);
    if (!fresh)
        return -1;
    for (uint32_t i = 0; i < count; i++)
        *slot_of(sites, fresh, now, hash_of(sites, i), no_entry, NULL) = i + 1;
    uf_mem_free(*slots);
    *slots = fresh;
    *cap = now;
    return 0;
}

/* --- functions --------------------------------------------------------------------------------- */

static size_t function_hash_of(const struct uf_site_function *function)
{
    uint64_t hash = function->first_line;
    for (const char *c = function->name; *c; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    for (const char *c = function->file; *c; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    return uf_sites_hash(hash, 0);
}

static size_t function_hash(const struct uf_sites *sites, uint32_t number)
{
    return function_hash_of(&sites->functions.at[number]);
}

static bool same_function(const struct uf_sites *sites, uint32_t number, const void *wanted)
{
    const struct uf_site_function *a = &sites->functions.at[number], *b = wanted;
    return a->first_line == b->first_line && strcmp(a->name, b->name) == 0 &&
           strcmp(a->file, b->file) == 0;
}

uint32_t uf_sites_function(struct uf_sites *sites, const char *file, const char *name,
                           uint32_t first_line)
{
    struct uf_site_function wanted = {(char *)(uintptr_t)file, (char *)(uintptr_t)name,
                                      first_line}; // NOLINT
    if (make_room(sites, &sites->function_slots, &sites->function_cap, sites->functions.len,
                  function_hash))
        return UF_SITE_FAILED;
    uint32_t *slot = slot_of(sites, sites->function_slots, sites->function_cap,
                             function_hash_of(&wanted), same_function, &wanted);
    if (*slot)
        return *slot - 1;
    size_t file_size = strlen(file) + 1, name_size = strlen(name) + 1;
    if (uf_vec_reserve(&sites->functions, sites->functions.len + 1))
        return UF_SITE_FAILED;
    char *texts = uf_mem_alloc(file_size + name_size);
    if (!texts)
        return UF_SITE_FAILED;
    memcpy(texts, file, file_size);
    memcpy(texts + file_size, name, name_size);
    sites->functions.at[sites->functions.len++] =
        (struct uf_site_function){texts, texts + file_size, first_line};
    *slot = (uint32_t)sites->functions.len;
    return *slot - 1;
}

/* --- the trie ---------------------------------------------------------------------------------- */

static size_t node_hash_of(const struct uf_site_node *node)
{
    return uf_sites_hash((uint64_t)node->function << 32 | node->line, node->parent);
}

static size_t node_hash(const struct uf_sites *sites, uint32_t number)
{
    return node_hash_of(&sites->nodes.at[number]);
}

static bool same_node(const struct uf_sites *sites, uint32_t number, const void *wanted)
{
    const struct uf_site_node *a = &sites->nodes.at[number], *b = wanted;
    return a->parent == b->parent && a->function == b->function && a->line == b->line;
}

uint32_t uf_sites_enter(struct uf_sites *sites, uint32_t parent, uint32_t function, uint32_t line)
{
    if (sites->nodes.len == 0) {
        if (uf_vec_reserve(&sites->nodes, 1))
            return UF_SITE_FAILED;
        sites->nodes.at[sites->nodes.len++] =
            (struct uf_site_node){UF_SITE_FAILED, UF_SITE_FAILED, 0};
    }
    struct uf_site_node wanted = {parent, function, line};
    if (make_room(sites, &sites->node_slots, &sites->node_cap, sites->nodes.len, node_hash))
        return UF_SITE_FAILED;
    uint32_t *slot = slot_of(sites, sites->node_slots, sites->node_cap, node_hash_of(&wanted),
                             same_node, &wanted);
    if (*slot)
        return *slot - 1;
    if (sites->nodes.len >= UF_SITES_MAX || uf_vec_push(&sites->nodes, wanted))
        return UF_SITE_FAILED;
    *slot = (uint32_t)sites->nodes.len;
    return *slot - 1;
}

size_t uf_sites_frames(const struct uf_sites *sites, uint32_t site, struct uf_site_node *ret,
                       size_t most)
{
    size_t count = 0;
    while (site != 0 && site < sites->nodes.len && count < most) {
        ret[count] = sites->nodes.at[site];
        site = ret[count++].parent;
    }
    return count;
}

/* --- steps ------------------------------------------------------------------------------------- */

static void put_step(struct uf_site_step *steps, size_t cap, struct uf_site_step step)
{
    size_t i = uf_sites_hash(step.position, step.parent);
    while (steps[i & (cap - 1)].position != 0)
        i++;
    steps[i & (cap - 1)] = step;
}

/* Enters again all steps outside [from, to), into `cap` slots. */
static int rebuild_steps(struct uf_sites *sites, size_t cap, uint64_t from, uint64_t to)
{
    struct uf_site_step *fresh = uf_mem_zalloc(cap * sizeof *fresh);
    if (!fresh)
        return -1;
    size_t kept = 0;
    for (size_t i = 0; i < sites->step_cap; i++) {
        const struct uf_site_step *step = &sites->steps[i];
        if (step->position == 0 || (step->position >= from && step->position < to))
            continue;
        put_step(fresh, cap, *step);
        kept++;
    }
    uf_mem_free(sites->steps);
    sites->steps = fresh;
    sites->step_cap = cap;
    sites->step_count = kept;
    return 0;
}

void uf_sites_remember(struct uf_sites *sites, uint32_t parent, uint64_t position, uint32_t site)
{
    if ((sites->step_count + 1) * 2 > sites->step_cap &&
        rebuild_steps(sites, sites->step_cap ? sites->step_cap * 2 : 1024, 0, 0))
        return;
    put_step(sites->steps, sites->step_cap, (struct uf_site_step){position, parent, site});
    sites->step_count++;
}

void uf_sites_forget(struct uf_sites *sites, uint64_t from, uint64_t to)
{
    bool any = false;
    for (size_t i = 0; i < sites->step_cap && !any; i++)
        any = sites->steps[i].position >= from && sites->steps[i].position < to;
    if (!any || rebuild_steps(sites, sites->step_cap, from, to) == 0)
        return;
    memset(sites->steps, 0,
           sites->step_cap * sizeof *sites->steps); /* forget all rather than lie */
    sites->step_count = 0;
}

void uf_sites_release(struct uf_sites *sites)
{
    for (size_t i = 0; i < sites->functions.len; i++)
        uf_mem_free(sites->functions.at[i].file);
    uf_vec_release(&sites->functions);
    uf_vec_release(&sites->nodes);
    uf_mem_free(sites->function_slots);
    uf_mem_free(sites->node_slots);
    uf_mem_free(sites->steps);
    *sites = (struct uf_sites){0};
}
