/* Components by pairwise reachability, cascades by scanning again and again, and what to cut by
 * trying every reference. */
#include "analysis/cycles.h"
#include "analysis/feedback.h"
#include "analysis/preference.h"

#include "random_graph.h"

static uint64_t graphs = 20000;

/* leads[a][b]: b can be reached from a over one or more references between members. */
static void pairwise(const struct random_graph *made, const uint8_t *member,
                     uint8_t leads[RANDOM_NODES][RANDOM_NODES])
{
    uf_node nodes = made->graph.node_count;
    memset(leads, 0, RANDOM_NODES * RANDOM_NODES);
    for (uint32_t e = 0; e < made->graph.edge_count; e++) {
        if (member[made->source[e]] && member[made->target[e]])
            leads[made->source[e]][made->target[e]] = 1;
    }
    for (uf_node k = 0; k < nodes; k++)
        for (uf_node a = 0; a < nodes; a++)
            for (uf_node b = 0; b < nodes; b++)
                leads[a][b] |= leads[a][k] && leads[k][b];
}

/* Frees what no member holds, until nothing changes. */
static uint64_t cascade(const struct random_graph *made, const uint8_t *member,
                        const uint8_t *is_cut, uint8_t *freed, uint64_t *bytes)
{
    uint64_t objects = 0;
    *bytes = 0;
    memset(freed, 0, RANDOM_NODES);
    for (bool changed = true; changed;) {
        changed = false;
        for (uf_node n = 0; n < made->graph.node_count; n++) {
            bool held = !member[n] || freed[n];
            for (uint32_t e = 0; e < made->graph.edge_count && !held; e++) {
                uf_node s = made->source[e];
                held = made->target[e] == n && member[s] && !freed[s] && !(is_cut && is_cut[e]);
            }
            if (!held)
                freed[n] = 1, changed = true;
        }
    }
    for (uf_node n = 0; n < made->graph.node_count; n++) {
        if (freed[n] && !(made->flags[n] & UF_NODE_OWN)) {
            objects++;
            *bytes += made->size[n];
        }
    }
    return objects;
}

TEST(components_are_what_leads_to_each_other)
{
    static struct random_graph made;
    static uint8_t leads[RANDOM_NODES][RANDOM_NODES];
    FOR_RANDOM_GRAPHS(&made, seed, graphs)
    {
        struct uf_components c;
        uint32_t next = 0;
        pairwise(&made, made.member, leads);
        EXPECT(uf_components_build(&c, &made.graph, made.member, NULL) == UF_OK);
        for (uf_node a = 0; a < made.graph.node_count; a++) {
            uint32_t size = 0, first = UINT32_MAX, held = 0;
            for (uf_node b = 0; b < made.graph.node_count; b++) {
                bool same = leads[a][b] && leads[b][a];
                EXPECT(!same || c.component[a] == c.component[b]);
                EXPECT(same || c.component[a] != c.component[b] || c.component[a] == UINT32_MAX);
                size += same;
                if (same && first == UINT32_MAX)
                    first = b;
            }
            EXPECT((c.component[a] == UINT32_MAX) == (size == 0));
            for (uint32_t e = 0; e < made.graph.edge_count; e++)
                held += made.target[e] == a && made.member[a] && made.member[made.source[e]];
            EXPECT(c.references[a] == held);
            if (size > 0) {
                EXPECT(c.size_of[c.component[a]] == size && c.first_of[c.component[a]] == first);
                if (first == a)
                    EXPECT(c.component[a] == next++);
            }
        }
        EXPECT(c.count == next);
        uf_components_release(&c);
    }
}

TEST(a_cascade_frees_what_scanning_again_and_again_frees)
{
    static struct random_graph made;
    FOR_RANDOM_GRAPHS(&made, seed, graphs)
    {
        uint8_t is_cut[RANDOM_EDGES] = {0}, freed[RANDOM_NODES], expected[RANDOM_NODES];
        uint32_t cut[RANDOM_EDGES];
        size_t count = 0, most = (size_t)random_below(8);
        uint64_t objects, bytes, expected_bytes;
        for (; count < most && made.graph.edge_count > 0; count++) { /* unordered, some twice */
            cut[count] = (uint32_t)random_below(made.graph.edge_count);
            is_cut[cut[count]] = 1;
        }
        uint64_t expected_objects = cascade(&made, made.member, is_cut, expected, &expected_bytes);
        EXPECT(uf_cycles_cascade(&made.graph, made.member, cut, count, freed, &objects, &bytes,
                                 NULL) == UF_OK);
        EXPECT(objects == expected_objects && bytes == expected_bytes);
        for (uf_node n = 0; n < made.graph.node_count; n++)
            EXPECT(freed[n] == (expected[n] && !(made.flags[n] & UF_NODE_OWN)));
    }
}

/* Every node is of the one type "object". */
static void give_types(struct random_graph *made)
{
    static uint32_t all_first[RANDOM_NODES];
    static struct uf_graph_type object;
    made->graph.type = all_first;
    made->graph.types = &object;
    made->graph.type_count = 1;
}

/* Names that differ in rank from one reference to the next. */
static void name(void *context, uf_node source, uint32_t ordinal, struct uf_ref_name *ret)
{
    static const struct {
        enum uf_ref_kind kind;
        const char *text;
    } names[] = {{UF_REF_LOCAL, "local 'e'"},     {UF_REF_ATTR, ".parent"},
                 {UF_REF_CLOSURE, "closure 'f'"}, {UF_REF_INDEX, "[0]"},
                 {UF_REF_FIELD, "callback"},      {UF_REF_ATTR, ".__mro__"},
                 {UF_REF_TYPE, "type"},           {UF_REF_ATTR, ".__traceback__"}};
    const struct random_graph *made = context;
    size_t which = ((size_t)made->start[source] + ordinal) * 7 % (sizeof names / sizeof *names);
    memset(ret, 0, sizeof *ret);
    ret->kind = names[which].kind;
    snprintf(ret->text, sizeof ret->text, "%s", names[which].text);
    snprintf(ret->generic, sizeof ret->generic, "%s", names[which].text);
}

/* Fewest references of a closed walk through `edge` inside the component. */
static uint32_t shortest_through(const struct random_graph *made, const struct uf_components *c,
                                 uint32_t edge)
{
    uint32_t distance[RANDOM_NODES];
    memset(distance, 0xff, sizeof distance);
    distance[made->target[edge]] = 0;
    for (uf_node round = 0; round < made->graph.node_count; round++) {
        for (uint32_t e = 0; e < made->graph.edge_count; e++) {
            uf_node s = made->source[e], t = made->target[e];
            if (c->component[s] == c->component[made->source[edge]] &&
                c->component[t] == c->component[s] && distance[s] != UINT32_MAX &&
                distance[t] > distance[s] + 1)
                distance[t] = distance[s] + 1;
        }
    }
    return distance[made->source[edge]] + 1;
}

static void check_walk(const struct random_graph *made, const struct uf_components *c,
                       const struct uf_cycle *cycle)
{
    EXPECT(cycle->walk.len > 0);
    for (size_t i = 0; i < cycle->walk.len; i++) {
        uint32_t e = cycle->walk.at[i], next = cycle->walk.at[(i + 1) % cycle->walk.len];
        EXPECT(made->target[e] == made->source[next]);
        EXPECT(c->component[made->source[e]] == cycle->component);
    }
    uint32_t last = cycle->walk.at[cycle->walk.len - 1];
    EXPECT(cycle->walk.len == shortest_through(made, c, last));
    if (cycle->cuts.len > 0)
        EXPECT(last == cycle->cuts.at[0]);
}

/* The members that the component keeps. */
static void find_kept(const struct random_graph *made, const struct uf_components *c,
                      uint32_t component, uint8_t *kept)
{
    for (uf_node n = 0; n < made->graph.node_count; n++)
        kept[n] = made->member[n] && c->component[n] == component;
    for (bool changed = true; changed;) {
        changed = false;
        for (uf_node n = 0; n < made->graph.node_count; n++) {
            bool hangs = made->member[n] && !kept[n] && c->references[n] > 0;
            for (uint32_t e = 0; e < made->graph.edge_count && hangs; e++)
                hangs = made->target[e] != n || !made->member[made->source[e]] ||
                        kept[made->source[e]];
            if (hangs)
                kept[n] = 1, changed = true;
        }
    }
}

static bool frees_all(const struct random_graph *made, const uint8_t *kept, const uint8_t *is_cut)
{
    uint8_t freed[RANDOM_NODES];
    uint64_t bytes;
    cascade(made, kept, is_cut, freed, &bytes);
    return memcmp(freed, kept, made->graph.node_count) == 0;
}

static void check_explained(const struct random_graph *made, const struct uf_components *c,
                            const struct uf_cycle *cycle)
{
    uint8_t kept[RANDOM_NODES], freed[RANDOM_NODES], is_cut[RANDOM_EDGES] = {0};
    uint32_t singles = 0;
    unsigned best = UINT32_MAX, taken = UINT32_MAX;
    find_kept(made, c, cycle->component, kept);
    for (uint32_t e = 0; e < made->graph.edge_count; e++) {
        struct uf_ref_name ref;
        uf_node s = made->source[e];
        if (!kept[s] || !kept[made->target[e]])
            continue;
        is_cut[e] = 1;
        if (frees_all(made, kept, is_cut)) {
            singles++;
            name((void *)made, s, e - made->start[s], &ref); // NOLINT
            /* The neighbours only matter to a local before a traceback. */
            unsigned rank = uf_preference_of(&ref, NULL, NULL).rank;
            best = rank < best ? rank : best;
            taken = e == cycle->cut_edge ? rank : taken;
        }
        is_cut[e] = 0;
    }
    /* only one that can be changed is preferred to several that can */
    bool gave_way = singles > 0 && best > UF_PREFERENCE_CHANGEABLE &&
                    cycle->cut_edge == UINT32_MAX && cycle->frees_all;
    EXPECT(gave_way || (singles > 0) == (cycle->cut_edge != UINT32_MAX));
    EXPECT(gave_way || singles == 0 || (taken == best && cycle->cuts.len == 1 && cycle->frees_all));
    EXPECT(cycle->alike || cycle->cuts.len <= UF_CYCLE_CUTS_MAX);
    EXPECT(!cycle->alike || (cycle->frees_all && cycle->cuts.len > 1));
    for (size_t i = 0; i < cycle->cuts.len; i++)
        is_cut[cycle->cuts.at[i]] = 1;
    EXPECT(frees_all(made, kept, is_cut) == cycle->frees_all);
    uint64_t bytes, objects = cascade(made, kept, is_cut, freed, &bytes);
    EXPECT(objects == cycle->frees_objects && bytes == cycle->frees_bytes);
    for (size_t i = 0; i < cycle->cuts.len && cycle->frees_all && !cycle->alike; i++) {
        is_cut[cycle->cuts.at[i]] = 0;
        EXPECT(!frees_all(made, kept, is_cut));
        is_cut[cycle->cuts.at[i]] = 1;
    }
    EXPECT(cycle->frees_all || cycle->cuts.len > 1 || made->graph.edge_count > UF_CYCLE_CUTS_MAX);
}

TEST(the_reference_to_cut_is_one_that_trying_all_finds_and_ranks_best)
{
    static struct random_graph made;
    struct uf_names names = {.context = &made, .name = name};
    uint64_t explained = 0, single = 0, alike = 0, all = 0;
    FOR_RANDOM_GRAPHS(&made, seed, graphs)
    {
        struct uf_components c;
        give_types(&made);
        EXPECT(uf_components_build(&c, &made.graph, made.member, NULL) == UF_OK);
        for (uint32_t i = 0; i < c.count; i++) {
            struct uf_cycle cycle;
            EXPECT(uf_cycle_explain(&cycle, &made.graph, &names, made.member, &c, i, NULL) ==
                   UF_OK);
            EXPECT(cycle.component == i);
            check_walk(&made, &c, &cycle);
            check_explained(&made, &c, &cycle);
            explained++;
            single += cycle.cut_edge != UINT32_MAX;
            alike += cycle.alike;
            all += cycle.frees_all;
            uf_cycle_release(&cycle);
        }
        uf_components_release(&c);
    }
    printf(
        "# %llu components: %llu need one reference cut, %llu all of one name, %llu at most %d\n",
        (unsigned long long)explained, (unsigned long long)single, (unsigned long long)alike,
        (unsigned long long)(all - single - alike), UF_CYCLE_CUTS_MAX);
}

TEST(cutting_what_every_component_asks_for_frees_everything)
{
    static struct random_graph made;
    struct uf_names names = {.context = &made, .name = name};
    FOR_RANDOM_GRAPHS(&made, seed, graphs)
    {
        struct uf_components c;
        uint32_t cut[RANDOM_EDGES];
        size_t count = 0;
        bool all = true;
        give_types(&made);
        EXPECT(uf_components_build(&c, &made.graph, made.member, NULL) == UF_OK);
        for (uint32_t i = 0; i < c.count; i++) {
            struct uf_cycle cycle;
            EXPECT(uf_cycle_explain(&cycle, &made.graph, &names, made.member, &c, i, NULL) ==
                   UF_OK);
            all = all && cycle.frees_all;
            for (size_t k = 0; k < cycle.cuts.len; k++)
                cut[count++] = cycle.cuts.at[k];
            uf_cycle_release(&cycle);
        }
        uint64_t objects, bytes, members = 0;
        EXPECT(uf_cycles_cascade(&made.graph, made.member, cut, count, NULL, &objects, &bytes,
                                 NULL) == UF_OK);
        for (uf_node n = 0; n < made.graph.node_count; n++)
            members += made.member[n] && !(made.flags[n] & UF_NODE_OWN);
        EXPECT(!all || objects == members);
        uf_components_release(&c);
    }
}

int main(int argc, char **argv)
{
    graphs = random_graphs(argc, argv, graphs);
    RUN(components_are_what_leads_to_each_other);
    RUN(a_cascade_frees_what_scanning_again_and_again_frees);
    RUN(the_reference_to_cut_is_one_that_trying_all_finds_and_ranks_best);
    RUN(cutting_what_every_component_asks_for_frees_everything);
    return test_end();
}
