/* Cells of retainers against the stack of each object, written out dominator by dominator. */
#include "analysis/retainers.h"
#include "analysis/weight.h"

#include "random_names.h"

static uint64_t graphs = 20000;

#define FRAMES (RANDOM_NODES + 16)

/* Texts of frames, of one graph. */
struct frames {
    char text[FRAMES][200];
    uint64_t cum[FRAMES], flat[FRAMES], objects[FRAMES];
    size_t count;
};

static size_t frame_number(struct frames *frames, const char *text)
{
    size_t f = 0;
    while (f < frames->count && strcmp(frames->text[f], text) != 0)
        f++;
    if (f == frames->count)
        snprintf(frames->text[frames->count++], sizeof frames->text[0], "%s", text);
    return f;
}

struct given {
    const struct random_named *made;
    const struct uf_view *view;
    const struct uf_dominators *dominators;
    const struct uf_signatures *signatures;
    struct uf_strings strings;
    uint32_t *names;
};

static size_t frame_of(struct frames *frames, const struct given *given, uf_node node)
{
    char text[200];
    uint32_t number = given->signatures->of[node];
    if (given->signatures->at[number].attribute_dict &&
        given->signatures->at[number].parent != UF_SIGNATURE_NONE)
        number = given->signatures->at[number].parent; /* called as its owner */
    const struct uf_signature *group = &given->signatures->at[number];
    const char *name = uf_strings_get(&given->strings, given->names[number]);
    const char *type = uf_signatures_text(given->signatures, group->type);
    if (name[0])
        snprintf(text, sizeof text, "%s (%s)", name, type);
    else
        snprintf(text, sizeof text, "%s", type);
    return frame_number(frames, text);
}

static bool is_own(const struct given *given, uf_node node)
{
    return (given->view->graph->flags[node] & UF_NODE_OWN) != 0;
}

/* What stands above a node without dominator; NULL: nothing. */
static const char *above_all(const struct given *given, uf_node node)
{
    const struct uf_reach *reach = given->view->reach;
    if (!reach->reached[node])
        return UF_RETAINERS_GARBAGE;
    if (is_own(given, node))
        return UF_RETAINERS_OWN;
    uf_node start = node;
    const struct uf_signature *group = &given->signatures->at[given->signatures->of[node]];
    if (group->attribute_dict && reach->parent[node] != UF_NODE_NONE &&
        !is_own(given, reach->parent[node]))
        start = reach->parent[node];
    if (reach->parent[start] != UF_NODE_NONE)
        return UF_RETAINERS_SHARED;
    uint8_t kind = given->view->graph->roots[reach->root[start]].kind;
    if (kind == UF_ROOT_MODULE || kind == UF_ROOT_STATIC_TYPE)
        return NULL;
    return start != node ? UF_RETAINERS_SHARED : uf_signatures_text(given->signatures, group->root);
}

/* Adds a node to the sums of all frames on its stack, each once. */
static void add(struct frames *frames, const struct given *given, uf_node node)
{
    uint8_t on_stack[FRAMES] = {0};
    uint64_t size = uf_graph_size(given->view->graph, node);
    size_t own = frame_of(frames, given, node);
    frames->flat[own] += size;
    frames->objects[own]++;
    for (uf_node at = node; at != UF_NODE_NONE; at = given->dominators->idom[at]) {
        if (!is_own(given, at))
            on_stack[frame_of(frames, given, at)] = 1;
        if (given->dominators->idom[at] == UF_NODE_NONE && above_all(given, at))
            on_stack[frame_number(frames, above_all(given, at))] = 1;
    }
    for (size_t f = 0; f < frames->count; f++)
        frames->cum[f] += on_stack[f] ? size : 0;
}

static void compare(const struct uf_retainers *retainers, struct frames *expected)
{
    struct frames got = {.count = expected->count};
    memcpy(got.text, expected->text, sizeof got.text);
    for (size_t c = 0; c < retainers->cells.len; c++) {
        const struct uf_retainers_cell *cell = &retainers->cells.at[c];
        uint8_t seen[FRAMES] = {0}, seen_number[FRAMES] = {0};
        uint32_t depth = 0, distinct = 0;
        for (uint32_t at = (uint32_t)c; at != UF_RETAINERS_NONE;
             at = retainers->cells.at[at].parent) {
            uint32_t frame = retainers->cells.at[at].frame, name = retainers->frames.at[frame].name;
            size_t f = frame_number(&got, uf_strings_get(&retainers->strings, name));
            if (at == c) {
                got.flat[f] += cell->bytes;
                got.objects[f] += cell->objects;
            }
            got.cum[f] += seen[f] ? 0 : cell->bytes;
            seen[f] = 1;
            distinct += !seen_number[frame]; /* an owner and its dictionary have one name */
            seen_number[frame] = 1;
            depth++;
            EXPECT(at == c || at < c);
        }
        EXPECT(depth == cell->depth && distinct == cell->distinct);
        /* a stack of k different frames has at most 1 + 2 + ... + k: recursion is folded */
        EXPECT(depth <= distinct * (distinct + 1) / 2);
    }
    for (size_t f = 0; f < got.count; f++) {
        bool equal = got.cum[f] == expected->cum[f] && got.flat[f] == expected->flat[f] &&
                     got.objects[f] == expected->objects[f];
        if (!equal)
            printf("# %s: cum %llu, should be %llu\n", got.text[f], (unsigned long long)got.cum[f],
                   (unsigned long long)expected->cum[f]);
        EXPECT(equal);
    }
}

/* The sum of a frame is what its objects retain together. */
static void compare_weights(struct frames *frames, const struct given *given)
{
    size_t of[RANDOM_NODES];
    for (uf_node n = 0; n < given->view->graph->node_count; n++)
        of[n] = frame_of(frames, given, n);
    for (size_t f = 0; f < frames->count; f++) {
        uf_node set[RANDOM_NODES];
        size_t count = 0;
        bool plain = true;
        for (uf_node n = 0; n < given->view->graph->node_count; n++) {
            if (of[n] != f)
                continue;
            plain &= given->view->reach->reached[n] && !is_own(given, n);
            set[count++] = n;
        }
        uint64_t bytes, objects;
        if (count == 0 || !plain)
            continue;
        EXPECT(uf_retained_of_set(given->dominators, set, count, &bytes, &objects, NULL) == UF_OK);
        EXPECT(bytes == frames->cum[f]);
    }
}

TEST(sums_of_frames_are_those_of_the_stacks_written_out_and_what_their_objects_retain)
{
    static struct random_named made;
    printf("# seeds 1 to %llu\n", (unsigned long long)graphs);
    for (uint64_t seed = 1; seed <= graphs && !test_failed_here; seed++) {
        struct uf_reach reach;
        struct uf_dominators dominators;
        struct uf_signatures signatures;
        struct uf_retainers retainers;
        static struct frames expected;
        memset(&expected, 0, sizeof expected);
        random_named(&made, seed);
        const struct uf_graph *graph = &made.random.graph;
        struct uf_view view = {graph, &reach, &made.names, NULL};
        EXPECT(uf_reach_build(&reach, graph, NULL) == UF_OK);
        EXPECT(uf_dominators_build(&dominators, graph, NULL) == UF_OK);
        EXPECT(uf_signatures_build(&signatures, &view, NULL) == UF_OK);
        EXPECT(uf_retainers_build(&retainers, &view, &dominators, &signatures, NULL) == UF_OK);
        struct given given = {&made, &view, &dominators, &signatures, {0}, NULL};
        EXPECT(uf_retainers_names(&given.strings, &signatures, graph, &given.names, NULL) == UF_OK);
        for (uf_node n = 0; n < graph->node_count; n++)
            if (!is_own(&given, n))
                add(&expected, &given, n);
        compare(&retainers, &expected);
        compare_weights(&expected, &given);
        uf_strings_release(&given.strings);
        uf_mem_free(given.names);
        uf_retainers_release(&retainers);
        uf_signatures_release(&signatures);
        uf_dominators_release(&dominators);
        uf_reach_release(&reach);
        random_graph_said(seed);
    }
    random_named_release(&made);
}

int main(int argc, char **argv)
{
    graphs = random_graphs(argc, argv, graphs);
    RUN(sums_of_frames_are_those_of_the_stacks_written_out_and_what_their_objects_retain);
    return test_end();
}
