/* groups_kin.c - which kinships of objects changed since the last capture. */
#include "analysis/groups_private.h"

#include "analysis/edges.h"
#include "analysis/generalise.h"

#include <string.h>

/* What groups->lengthy says of a type: the length of its objects ... */
enum { LENGTH_NONE, LENGTH_COUNTS, LENGTH_NOT_ASKED };

/* Bijective on 64 bits: the finalizer of SplitMix64. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* The length of these follows from their size, which is summed up anyhow. */
static bool size_tells_length(const char *type)
{
    static const char *const names[] = {"str", "bytes", "tuple", "frozenset", "int"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(type, names[i]) == 0)
            return true;
    return false;
}

int64_t uf_groups_length(struct uf_groups *groups, const struct uf_view *view, uf_node node)
{
    uint32_t type = view->graph->type[node], text = groups->type_text[type];
    uint32_t known = uf_map_get(&groups->lengthy, (uint64_t)text + 1);
    if (known == LENGTH_NONE)
        return -1;
    if (known == LENGTH_COUNTS)
        return view->names->length(view->names->context, node);
    int64_t length = -1;
    if (!size_tells_length(uf_strings_get(&groups->strings, text)))
        length = view->names->length(view->names->context, node);
    (void)uf_map_set(&groups->lengthy, (uint64_t)text + 1,
                     length >= 0 ? LENGTH_COUNTS : LENGTH_NONE); /* the key is there: cannot fail */
    return length;
}

/* Takes the names of the graph's types over into the texts of the groups. */
static enum uf_code take_type_names(struct uf_groups *groups, const struct uf_graph *graph,
                                    struct uf_error *err)
{
    uint32_t *texts = uf_mem_resize(groups->type_text, (graph->type_count + 1) * sizeof *texts);
    if (!texts)
        return uf_error_nomem(err);
    groups->type_text = texts;
    for (uint32_t t = 0; t < graph->type_count; t++) {
        texts[t] = uf_strings_add_z(&groups->strings,
                                    uf_strings_get(&graph->strings, graph->types[t].name));
        if (texts[t] == UF_STRING_NONE)
            return uf_error_nomem(err);
        uint64_t key = (uint64_t)texts[t] + 1;
        if (uf_map_get(&groups->lengthy, key) == UF_MAP_NONE &&
            uf_map_set(&groups->lengthy, key, LENGTH_NOT_ASKED))
            return uf_error_nomem(err);
    }
    return UF_OK;
}

/* A hash for each root's text (roots of one text are one root in kinships). */
static enum uf_code hash_roots(const struct uf_graph *graph, uint64_t *hashes, struct uf_error *err)
{
    struct uf_text text = {0};
    for (uint32_t r = 0; r < graph->root_count; r++) {
        text.len = 0;
        uf_generalise_root(graph, &graph->roots[r], true, &text);
        uint64_t hash = graph->roots[r].kind;
        for (size_t i = 0; i < text.len; i++)
            hash = (hash ^ (uint8_t)text.at[i]) * 0x100000001b3u; /* FNV-1a */
        hashes[r] = hash;
    }
    bool failed = text.failed;
    uf_text_release(&text);
    return failed ? uf_error_nomem(err) : UF_OK;
}

/* The kinship with these types and this root; made if it is new. UF_KIN_NONE: memory is out. */
static uint32_t intern(struct uf_groups *groups, const struct uf_kin *wanted)
{
    uint64_t hash = mix(wanted->root);
    for (int level = 0; level < UF_KIN_LEVELS; level++)
        hash = mix(hash ^ ((uint64_t)wanted->types[level] << 8 | (unsigned)level));
    uint64_t key = hash ? hash : 1;
    uint32_t found = uf_map_get(&groups->kin_of_hash, key);
    if (found != UF_MAP_NONE)
        return found;
    found = (uint32_t)groups->kins.len;
    if (uf_vec_push(&groups->kins, *wanted))
        return UF_KIN_NONE;
    if (uf_map_set(&groups->kin_of_hash, key, found)) {
        groups->kins.len--;
        return UF_KIN_NONE;
    }
    return found;
}

static const struct uf_kin new_kin = {
    .born = UF_KIN_NONE, .since = UF_KIN_NONE, .group = UF_GROUP_NONE};

static uint32_t kin_at_root(struct uf_groups *groups, uint64_t root, uint32_t type)
{
    struct uf_kin kin = new_kin;
    kin.types[0] = type;
    kin.root = root;
    return intern(groups, &kin);
}

static uint32_t kin_below(struct uf_groups *groups, uint32_t above, uint32_t type)
{
    uint64_t key = uf_pair_key(above, type);
    uint32_t found = uf_map_get(&groups->kin_below, key);
    if (found != UF_MAP_NONE)
        return found;
    const struct uf_kin *holder = &groups->kins.at[above];
    struct uf_kin kin = new_kin;
    kin.types[0] = type;
    memcpy(kin.types + 1, holder->types, (UF_KIN_LEVELS - 1) * sizeof *kin.types);
    kin.root = holder->types[UF_KIN_LEVELS - 1] == 0 ? holder->root : 0;
    found = intern(groups, &kin);
    if (found != UF_KIN_NONE && uf_map_set(&groups->kin_below, key, found))
        return UF_KIN_NONE;
    return found;
}

/* What no root reaches is at a root of its own. */
#define ROOT_NOTHING 1

/* The kinship of `node`, from the nearest node above it whose kinship is known. */
static uint32_t kin_of(struct uf_groups *groups, const struct uf_view *view,
                       const uint64_t *root_hashes, uf_node node)
{
    const struct uf_reach *reach = view->reach;
    uf_node at = node;
    groups->climb.len = 0;
    while (groups->node_kin[at] == UF_KIN_NONE && reach->parent[at] != UF_NODE_NONE) {
        if (uf_vec_push(&groups->climb, at))
            return UF_KIN_NONE;
        at = reach->parent[at];
    }
    if (groups->node_kin[at] == UF_KIN_NONE) {
        bool is_root = reach->reached[at] && reach->root[at] != UINT32_MAX;
        groups->node_kin[at] = kin_at_root(groups,
                                           is_root ? root_hashes[reach->root[at]] : ROOT_NOTHING,
                                           groups->type_text[view->graph->type[at]]);
    }
    uint32_t kin = groups->node_kin[at];
    while (groups->climb.len > 0 && kin != UF_KIN_NONE) {
        at = groups->climb.at[--groups->climb.len];
        kin = kin_below(groups, kin, groups->type_text[view->graph->type[at]]);
        groups->node_kin[at] = kin;
    }
    return kin;
}

static enum uf_code sum_up(struct uf_groups *groups, const struct uf_view *view,
                           const uint64_t *root_hashes, struct uf_error *err)
{
    const struct uf_graph *graph = view->graph;
    uf_node last_parent = UF_NODE_NONE;
    uint32_t last_type = UINT32_MAX, last_kin = UF_KIN_NONE;
    memset(groups->node_kin, 0xff,
           (size_t)graph->node_count * sizeof *groups->node_kin); /* UF_KIN_NONE */
    for (uf_node n = 0; n < graph->node_count; n++) {
        if (n + 16 < graph->node_count && view->reach->parent[n + 16] != UF_NODE_NONE)
            __builtin_prefetch(&groups->node_kin[view->reach->parent[n + 16]]);
        uf_node parent = view->reach->parent[n];
        uint32_t type = graph->type[n];
        /* What one container holds was met in a row. */
        if (parent == UF_NODE_NONE || parent != last_parent || type != last_type) {
            last_kin = kin_of(groups, view, root_hashes, n);
            if (last_kin == UF_KIN_NONE)
                return uf_error_nomem(err);
            last_parent = parent;
            last_type = type;
        }
        groups->node_kin[n] = last_kin;
        if (graph->flags[n] & UF_NODE_OWN)
            continue;
        struct uf_kin *kin = &groups->kins.at[last_kin];
        kin->now[UF_TOTAL_OBJECTS]++;
        kin->now[UF_TOTAL_BYTES] += uf_edges_size(graph, n);
        int64_t length = uf_groups_length(groups, view, n);
        if (length > 0)
            kin->now[UF_TOTAL_LENGTH] += (uint64_t)length;
    }
    /* Own objects have no kinship from here on: nobody counts them. */
    for (uf_node n = 0; n < graph->node_count; n++)
        if (graph->flags[n] & UF_NODE_OWN)
            groups->node_kin[n] = UF_KIN_NONE;
    return UF_OK;
}

/* Compares with the capture before; `point` is the number of the point that this capture will
 * be. */
static void mark_changed(struct uf_groups *groups, uint32_t point)
{
    for (size_t k = 0; k < groups->kins.len; k++) {
        struct uf_kin *kin = &groups->kins.at[k];
        kin->fresh = false;
        if (kin->born == UF_KIN_NONE) {
            kin->born = point;
            if (groups->epoch > 0)
                kin->since = 0; /* there was none of it before: known to be zero in every group */
        } else if (kin->since == UF_KIN_NONE &&
                   memcmp(kin->before, kin->now, sizeof kin->now) != 0) {
            kin->since = point;
            kin->fresh = true;
        }
    }
}

enum uf_code uf_groups_survey(struct uf_groups *groups, const struct uf_view *view, uint32_t point,
                              struct uf_error *err)
{
    enum uf_code code = take_type_names(groups, view->graph, err);
    if (code)
        return code;
    uint64_t *root_hashes = uf_mem_alloc((view->graph->root_count + 1) * sizeof *root_hashes);
    if (!root_hashes)
        return uf_error_nomem(err);
    for (size_t k = 0; k < groups->kins.len; k++) {
        struct uf_kin *kin = &groups->kins.at[k];
        memcpy(kin->before, kin->now, sizeof kin->now);
        memset(kin->now, 0, sizeof kin->now);
        kin->group = UF_GROUP_NONE;
        kin->many = false;
    }
    code = hash_roots(view->graph, root_hashes, err);
    if (!code)
        code = sum_up(groups, view, root_hashes, err);
    uf_mem_free(root_hashes);
    if (!code)
        mark_changed(groups, point);
    return code;
}
