/* What keeps a set alive, against taking references away: each one, and every few that could do. */
#include "analysis/keepers.h"

#include "random_graph.h"

static uint64_t graphs = 20000;

#define ITEMS (RANDOM_EDGES + RANDOM_ROOTS) /* what can be cut: references, then roots */

struct question {
    struct random_graph made;
    uint8_t member[RANDOM_NODES];
    uf_node members[4];
    size_t count;
    struct uf_reach reach;
    struct uf_view view;
};

static void ask(struct question *q)
{
    q->count = (size_t)(1 + random_below(4));
    memset(q->member, 0, sizeof q->member);
    for (size_t i = 0; i < q->count; i++) {
        q->members[i] = (uf_node)random_below(q->made.graph.node_count);
        q->member[q->members[i]] = 1;
    }
    EXPECT(uf_reach_build(&q->reach, &q->made.graph, NULL) == UF_OK);
    q->view = (struct uf_view){.graph = &q->made.graph, .reach = &q->reach};
}

/* By breadth-first search, kind by kind: how far from a root, without what is cut and without own
 * objects. key: kind * 1000 + distance; UINT32_MAX: not reached. Stops before members if told.
 * via[]: the item that leads to each. */
static void reach(const struct question *q, const uint8_t *cut, bool before_members, uint32_t *key,
                  size_t *via)
{
    const struct uf_graph *graph = &q->made.graph;
    memset(key, 0xff, RANDOM_NODES * sizeof *key);
    for (uint32_t kind = 0; kind <= UF_ROOT_NATIVE; kind++) {
        for (uint32_t distance = 0; distance <= RANDOM_NODES; distance++) {
            for (uint32_t r = 0; distance == 0 && r < graph->root_count; r++) {
                uf_node n = graph->roots[r].node;
                if (graph->roots[r].kind == kind && key[n] == UINT32_MAX &&
                    !cut[RANDOM_EDGES + r] && !(q->made.flags[n] & UF_NODE_OWN) &&
                    !(before_members && q->member[n])) {
                    key[n] = kind * 1000;
                    via[n] = RANDOM_EDGES + r;
                }
            }
            for (uint32_t e = 0; e < graph->edge_count; e++) {
                uf_node s = q->made.source[e], t = q->made.target[e];
                if (key[s] == kind * 1000 + distance && key[t] == UINT32_MAX && !cut[e] &&
                    !(q->made.flags[t] & UF_NODE_OWN) && !(before_members && q->member[t])) {
                    key[t] = key[s] + 1;
                    via[t] = e;
                }
            }
        }
    }
}

static uf_node a_member_alive(const struct question *q, const uint8_t *cut, size_t *via)
{
    uint32_t key[RANDOM_NODES];
    reach(q, cut, false, key, via);
    for (size_t i = 0; i < q->count; i++)
        if (key[q->members[i]] != UINT32_MAX)
            return q->members[i];
    return UF_NODE_NONE;
}

static void count_freed(const struct question *q, const uint8_t *cut, uint64_t *objects,
                        uint64_t *bytes)
{
    uint8_t none[ITEMS] = {0};
    uint32_t before[RANDOM_NODES], after[RANDOM_NODES];
    size_t via[RANDOM_NODES];
    reach(q, none, false, before, via);
    reach(q, cut, false, after, via);
    *objects = *bytes = 0;
    for (uf_node n = 0; n < q->made.graph.node_count; n++) {
        if (before[n] != UINT32_MAX && after[n] == UINT32_MAX) {
            ++*objects;
            *bytes += q->made.size[n];
        }
    }
}

static bool is_cuttable(const struct question *q, size_t item)
{
    return item < RANDOM_EDGES || q->made.roots[item - RANDOM_EDGES].kind == UF_ROOT_THREAD;
}

/* Whether `left` more cuts can free all: one of them has to be on whatever path there is. */
static bool can_free(const struct question *q, uint8_t *cut, size_t left)
{
    size_t via[RANDOM_NODES];
    uf_node at = a_member_alive(q, cut, via);
    if (at == UF_NODE_NONE)
        return true;
    for (bool root = false; !root && left > 0;) {
        size_t item = via[at];
        root = item >= RANDOM_EDGES;
        if (is_cuttable(q, item)) {
            cut[item] = 1;
            bool can = can_free(q, cut, left - 1);
            cut[item] = 0;
            if (can)
                return true;
        }
        if (!root)
            at = q->made.source[item];
    }
    return false;
}

static size_t item_of(const struct uf_keepers_cut *cut)
{
    EXPECT((cut->edge == UINT32_MAX) != (cut->root == UINT32_MAX));
    return cut->edge != UINT32_MAX ? cut->edge : RANDOM_EDGES + cut->root;
}

static void check_singles(const struct question *q, const struct uf_keepers *keepers)
{
    uint8_t named[ITEMS] = {0};
    size_t via[RANDOM_NODES], expected = 0;
    EXPECT(keepers->single_count == keepers->singles.len);
    for (size_t i = 0; i < keepers->singles.len; i++) {
        uint64_t objects, bytes;
        uint8_t cut[ITEMS] = {0};
        size_t item = item_of(&keepers->singles.at[i].cut);
        cut[item] = named[item] = 1;
        count_freed(q, cut, &objects, &bytes);
        EXPECT(keepers->singles.at[i].freed_objects == objects);
        EXPECT(keepers->singles.at[i].freed_bytes == bytes);
    }
    for (size_t item = 0; item < RANDOM_EDGES + q->made.graph.root_count; item++) {
        uint8_t cut[ITEMS] = {0};
        if ((item < RANDOM_EDGES && item >= q->made.graph.edge_count) || !is_cuttable(q, item))
            continue;
        cut[item] = 1;
        bool frees = a_member_alive(q, cut, via) == UF_NODE_NONE;
        EXPECT(frees == named[item]);
        expected += frees;
    }
    EXPECT(expected == keepers->singles.len);
}

static void check_together(const struct question *q, const struct uf_keepers *keepers, size_t max)
{
    uint8_t cut[ITEMS] = {0};
    size_t via[RANDOM_NODES], count = keepers->together.len;
    if (keepers->singles.len > 0 || keepers->fixed_root != UINT32_MAX) {
        EXPECT(count == 0 && !keepers->too_many);
        if (keepers->fixed_root != UINT32_MAX) {
            const struct uf_graph_root *root = &q->made.roots[keepers->fixed_root];
            EXPECT(q->member[root->node] && root->kind != UF_ROOT_THREAD);
        }
        return;
    }
    if (keepers->too_many) {
        EXPECT(count == 0 && !can_free(q, cut, max));
        return;
    }
    EXPECT(count >= 2 && count <= max);
    EXPECT(!can_free(q, cut, count - 1));
    for (size_t i = 0; i < count; i++)
        cut[item_of(&keepers->together.at[i])] = 1;
    EXPECT(a_member_alive(q, cut, via) == UF_NODE_NONE);
    uint64_t objects, bytes;
    count_freed(q, cut, &objects, &bytes);
    EXPECT(keepers->freed_objects == objects && keepers->freed_bytes == bytes);
}

static bool holds_a_member(const struct question *q, uf_node node, uint64_t *references)
{
    bool ret = false;
    for (uint32_t e = q->made.start[node]; e < q->made.start[node + 1]; e++) {
        ret |= q->member[q->made.target[e]] && !(q->made.flags[q->made.target[e]] & UF_NODE_OWN);
        *references += q->member[q->made.target[e]] &&
                       !(q->made.flags[q->made.target[e]] & UF_NODE_OWN);
    }
    return ret;
}

/* The keys of the shortest paths to all that hold members, ascending. */
static size_t expected_paths(const struct question *q, uint32_t *ret)
{
    const struct uf_graph *graph = &q->made.graph;
    uint8_t none[ITEMS] = {0};
    uint32_t key[RANDOM_NODES];
    size_t via[RANDOM_NODES], count = 0;
    uint64_t references;
    reach(q, none, true, key, via);
    for (uint32_t r = 0; r < graph->root_count; r++)
        if (q->member[graph->roots[r].node] && !(q->made.flags[graph->roots[r].node] & UF_NODE_OWN))
            ret[count++] = graph->roots[r].kind * 1000u;
    for (uf_node n = 0; n < graph->node_count; n++)
        if (key[n] != UINT32_MAX && holds_a_member(q, n, &references))
            ret[count++] = key[n] + 1;
    for (size_t i = 1; i < count; i++) {
        for (size_t j = i; j > 0 && ret[j] < ret[j - 1]; j--) {
            uint32_t swap = ret[j];
            ret[j] = ret[j - 1];
            ret[j - 1] = swap;
        }
    }
    return count;
}

static void check_path(const struct question *q, const struct uf_path *path, uint32_t key)
{
    size_t len = path->nodes.len;
    EXPECT(path->edges.len == len && len > 0);
    EXPECT(path->root < q->made.graph.root_count && path->edges.at[0] == UINT32_MAX);
    EXPECT(q->made.roots[path->root].node == path->nodes.at[0]);
    EXPECT(q->made.roots[path->root].kind * 1000u + len - 1 == key);
    for (size_t i = 0; i < len; i++) {
        EXPECT(!(q->made.flags[path->nodes.at[i]] & UF_NODE_OWN));
        EXPECT(q->member[path->nodes.at[i]] == (i + 1 == len));
        if (i > 0) {
            EXPECT(q->made.source[path->edges.at[i]] == path->nodes.at[i - 1]);
            EXPECT(q->made.target[path->edges.at[i]] == path->nodes.at[i]);
        }
    }
}

static void check_holders(const struct question *q, const struct uf_keepers *keepers)
{
    uint8_t none[ITEMS] = {0};
    uint32_t alive[RANDOM_NODES], without[RANDOM_NODES];
    size_t via[RANDOM_NODES];
    uint64_t holders = 0, internal = 0;
    reach(q, none, false, alive, via);
    reach(q, none, true, without, via);
    for (uint32_t r = 0; r < q->made.graph.root_count; r++)
        holders += q->member[q->made.roots[r].node] &&
                   !(q->made.flags[q->made.roots[r].node] & UF_NODE_OWN);
    for (uf_node n = 0; n < q->made.graph.node_count; n++) {
        uint64_t references = 0;
        if (alive[n] == UINT32_MAX || q->member[n])
            continue;
        holds_a_member(q, n, &references);
        holders += references;
        internal += without[n] == UINT32_MAX ? references : 0;
    }
    EXPECT(keepers->holders == holders && keepers->internal == internal);
}

static void check_paths(const struct question *q, const struct uf_keepers *keepers, size_t max)
{
    uint32_t keys[RANDOM_NODES + RANDOM_ROOTS];
    size_t count = expected_paths(q, keys);
    EXPECT(keepers->paths.len == (count < max ? count : max));
    for (size_t i = 0; i < keepers->paths.len && !test_failed_here; i++) {
        const struct uf_path *path = &keepers->paths.at[i].path;
        check_path(q, path, keys[i]);
        for (size_t j = 0; j < i; j++) { /* each by another holder */
            const struct uf_path *other = &keepers->paths.at[j].path;
            if (path->nodes.len == 1 || other->nodes.len == 1)
                EXPECT(path->nodes.len != other->nodes.len || path->root != other->root);
            else
                EXPECT(path->nodes.at[path->nodes.len - 2] !=
                       other->nodes.at[other->nodes.len - 2]);
        }
    }
}

TEST(what_keeps_a_set_alive_is_what_taking_references_away_says)
{
    static struct question q;
    FOR_RANDOM_GRAPHS(&q.made, seed, graphs)
    {
        uint8_t none[ITEMS] = {0};
        size_t via[RANDOM_NODES];
        struct uf_keepers keepers;
        ask(&q);
        struct uf_keepers_limits limits = {.paths = (uint32_t)random_below(8),
                                           .singles = RANDOM_EDGES,
                                           .together = (uint32_t)(2 + random_below(4))};
        EXPECT(uf_keepers_build(&keepers, &q.view, q.members, q.count, &limits, NULL) == UF_OK);
        EXPECT(keepers.alive == (a_member_alive(&q, none, via) != UF_NODE_NONE));
        if (keepers.alive) {
            check_holders(&q, &keepers);
            check_paths(&q, &keepers, limits.paths);
            check_singles(&q, &keepers);
            check_together(&q, &keepers, limits.together);
        }
        uf_keepers_release(&keepers);
        uf_reach_release(&q.reach);
    }
}

int main(int argc, char **argv)
{
    graphs = random_graphs(argc, argv, graphs);
    RUN(what_keeps_a_set_alive_is_what_taking_references_away_says);
    return test_end();
}
