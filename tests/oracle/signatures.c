/* Groups by type and path against the path text of each node, counted in a dumb table. */
#include "analysis/signatures_join.h"

#include "naive_paths.h"
#include "random_names.h"
#include "snapshot/snapshot.h"

static uint64_t graphs = 20000;

/* The path of a group as naive_paths.h writes it. */
static void group_text(const struct uf_signatures *all, uint32_t group, char *ret)
{
    uint32_t chain[NAIVE_TEXT];
    size_t len = 0;
    for (uint32_t g = group; g != UF_SIGNATURE_NONE; g = all->at[g].parent)
        chain[len++] = g;
    ret[0] = '\0';
    while (len-- > 0) {
        const struct uf_signature *at = &all->at[chain[len]];
        if (at->parent == UF_SIGNATURE_NONE)
            snprintf(ret, NAIVE_TEXT, "R%s%s", uf_signatures_text(all, at->root),
                     at->edge ? " " : "");
        snprintf(ret + strlen(ret), 600, "%s%s|%s\n", at->attribute_dict ? "*" : "",
                 uf_signatures_text(all, at->edge), uf_signatures_text(all, at->type));
    }
}

static void compare(struct random_named *made, const struct uf_names *names,
                    const struct uf_reach *reach, struct naive_table *expected)
{
    struct uf_view view = {&made->random.graph, reach, names, NULL};
    struct uf_signatures all;
    static struct naive_path naive;
    char text[NAIVE_TEXT];
    size_t filled = 0;
    EXPECT(uf_signatures_build(&all, &view, NULL) == UF_OK);
    for (uint32_t g = 0; g < all.count; g++) {
        EXPECT(all.at[g].parent == UF_SIGNATURE_NONE || all.at[g].parent < g);
        filled += all.at[g].objects > 0;
        if (all.at[g].objects == 0)
            continue;
        group_text(&all, g, text);
        const struct naive_row *row = naive_row(expected, text);
        EXPECT(row->objects == all.at[g].objects && row->bytes == all.at[g].bytes);
        EXPECT(all.of[all.at[g].first] == g && all.of[all.at[g].last] == g);
    }
    EXPECT(filled == expected->count);
    for (uf_node n = 0; n < made->random.graph.node_count; n++) {
        naive_path_of(&view, n, &naive);
        group_text(&all, all.of[n], text);
        EXPECT_TEXT(text, naive.text);
    }
    uf_signatures_release(&all);
}

TEST(each_object_is_in_the_group_that_its_path_says)
{
    static struct random_named made;
    printf("# seeds 1 to %llu\n", (unsigned long long)graphs);
    for (uint64_t seed = 1; seed <= graphs && !test_failed_here; seed++) {
        struct uf_reach reach;
        struct naive_table expected = {0};
        random_named(&made, seed);
        EXPECT(uf_reach_build(&reach, &made.random.graph, NULL) == UF_OK);
        struct uf_view view = {&made.random.graph, &reach, &made.names, NULL};
        naive_count(&expected, &view);
        compare(&made, &made.names, &reach, &expected);
        compare(&made, &made.numbered, &reach, &expected);
        naive_release(&expected);
        uf_reach_release(&reach);
        random_graph_said(seed);
    }
    random_named_release(&made);
}

#define JOINED 3

/* Counts the objects of one heap into `expected`, and joins its groups. */
static void join_one(struct random_named *made, struct uf_signatures_join *join,
                     struct naive_table *expected)
{
    struct uf_reach reach;
    struct uf_signatures one;
    uint32_t *numbers;
    char text[NAIVE_TEXT], joined[NAIVE_TEXT];
    EXPECT(uf_reach_build(&reach, &made->random.graph, NULL) == UF_OK);
    struct uf_view view = {&made->random.graph, &reach, &made->names, NULL};
    naive_count(expected, &view);
    EXPECT(uf_signatures_build(&one, &view, NULL) == UF_OK);
    EXPECT(uf_signatures_join_add(join, &one, &numbers, NULL) == UF_OK);
    for (uint32_t g = 0; g < one.count; g++) {
        group_text(&one, g, text);
        group_text(&join->all, numbers[g], joined);
        EXPECT_TEXT(joined, text);
    }
    EXPECT(uf_signatures_join_nodes(join, &one, numbers, NULL) == UF_OK);
    for (uf_node n = 0; n < one.node_count; n++)
        EXPECT(join->all.of[n] == numbers[one.of[n]]);
    uf_mem_free(numbers);
    uf_signatures_release(&one);
    uf_reach_release(&reach);
}

TEST(the_groups_of_several_heaps_joined_count_the_objects_of_all)
{
    static struct random_named made;
    static char text[NAIVE_TEXT];
    for (uint64_t seed = 1; seed <= graphs / JOINED && !test_failed_here; seed++) {
        struct uf_signatures_join join = {0};
        struct naive_table expected = {0};
        size_t filled = 0;
        for (uint64_t heap = 0; heap < JOINED; heap++) {
            random_named(&made, seed + heap);
            join_one(&made, &join, &expected);
        }
        for (uint32_t g = 0; g < join.all.count; g++) {
            const struct uf_signature *group = &join.all.at[g];
            EXPECT(group->parent == UF_SIGNATURE_NONE || group->parent < g);
            filled += group->objects > 0;
            if (group->objects == 0)
                continue;
            group_text(&join.all, g, text);
            const struct naive_row *row = naive_row(&expected, text);
            EXPECT(row->objects == group->objects && row->bytes == group->bytes);
        }
        EXPECT(filled == expected.count);
        naive_release(&expected);
        uf_signatures_join_release(&join);
        random_graph_said(seed);
    }
    random_named_release(&made);
}

static const char *snapshot;

/* The group of each object of a real heap says what its path says; no two groups say the same. */
TEST(each_object_of_a_snapshot_is_in_the_group_that_its_path_says)
{
    struct uf_snapshot *file;
    struct uf_error err = {0};
    struct uf_reach reach;
    struct uf_signatures all;
    struct uf_strings texts = {0};
    static struct naive_path naive;
    static char text[NAIVE_TEXT];
    if (uf_snapshot_open(&file, snapshot, &err) || uf_snapshot_load(file, UF_LOAD_ALL, &err)) {
        printf("# %s: %s\n", snapshot, err.message);
        EXPECT(false);
        return;
    }
    struct uf_view view = {uf_snapshot_graph(file), &reach, uf_snapshot_names(file), NULL};
    EXPECT(uf_reach_build(&reach, view.graph, NULL) == UF_OK);
    EXPECT(uf_signatures_build(&all, &view, NULL) == UF_OK);
    uint64_t *objects = uf_mem_zalloc((all.count + 1) * sizeof *objects);
    for (uf_node n = 0; n < view.graph->node_count && !test_failed_here; n++) {
        naive_path_of(&view, n, &naive);
        group_text(&all, all.of[n], text);
        EXPECT_TEXT(text, naive.text);
        objects[all.of[n]] += !(view.graph->flags[n] & UF_NODE_OWN);
    }
    for (uint32_t g = 0; g < all.count; g++) {
        group_text(&all, g, text);
        EXPECT(uf_strings_find(&texts, text, strlen(text)) == UF_STRING_NONE);
        EXPECT(uf_strings_add_z(&texts, text) != UF_STRING_NONE);
        EXPECT(objects[g] == all.at[g].objects);
    }
    printf("# %u objects in %u groups\n", view.graph->node_count, all.count);
    uf_mem_free(objects);
    uf_strings_release(&texts);
    uf_signatures_release(&all);
    uf_reach_release(&reach);
    uf_snapshot_close(file);
}

/* `signatures FILE`: a snapshot instead of random graphs. */
int main(int argc, char **argv)
{
    if (argc > 1 && strspn(argv[1], "0123456789") < strlen(argv[1])) {
        snapshot = argv[1];
        RUN(each_object_of_a_snapshot_is_in_the_group_that_its_path_says);
        return test_end();
    }
    graphs = random_graphs(argc, argv, graphs);
    RUN(each_object_is_in_the_group_that_its_path_says);
    RUN(the_groups_of_several_heaps_joined_count_the_objects_of_all);
    return test_end();
}
