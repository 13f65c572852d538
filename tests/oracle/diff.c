/* Two heaps compared, against two dumb tables of path texts. */
#include "analysis/diff.h"

#include "naive_paths.h"
#include "random_names.h"

static uint64_t graphs = 20000;

static struct random_named made[2];
static struct uf_reach reach[2];
static struct uf_view view[2];
static struct uf_signatures signatures[2];
static struct naive_table table[2];
static struct uf_diff diff;

/* A second heap that is like the first: other sizes, some references and roots led elsewhere. */
static void change(struct random_named *heap, uint64_t seed)
{
    struct uf_graph *graph = &heap->random.graph;
    random_seed(seed * 77);
    for (int i = 0; i < 8; i++)
        random_number();
    for (uint32_t e = 0; e < graph->edge_count; e++)
        if (random_below(8) == 0)
            heap->random.target[e] = (uf_node)random_below(graph->node_count);
    for (uf_node n = 0; n < graph->node_count; n++) {
        if (random_below(8) == 0)
            heap->random.size[n] = (uint32_t)(1 + random_below(1000));
        if (random_below(16) == 0)
            heap->random.type[n] = (uint32_t)random_below(RANDOM_TYPES);
    }
    if (graph->root_count > 0 && random_below(2) == 0)
        graph->root_count--;
}

static void make_side(int side, uint64_t seed, uint64_t changed)
{
    random_named(&made[side], seed);
    if (changed)
        change(&made[side], changed);
    EXPECT(uf_reach_build(&reach[side], &made[side].random.graph, NULL) == UF_OK);
    view[side] =
        (struct uf_view){&made[side].random.graph, &reach[side], &made[side].numbered, NULL};
    EXPECT(uf_signatures_build(&signatures[side], &view[side], NULL) == UF_OK);
    naive_count(&table[side], &view[side]);
}

static void release_sides(void)
{
    for (int side = 0; side < 2; side++) {
        uf_signatures_release(&signatures[side]);
        uf_reach_release(&reach[side]);
        naive_release(&table[side]);
    }
}

static bool is_in(const struct naive_table *of, const char *path)
{
    for (size_t i = 0; i < of->count; i++)
        if (strcmp(of->rows[i].path.text, path) == 0)
            return true;
    return false;
}

/* "Rmodule app|dict\n": its first line, if that is a module's; else "". */
static void module_line(const char *path, char *ret)
{
    size_t len = strncmp(path, "Rmodule ", 8) == 0 ? strcspn(path, "\n") + 1 : 0;
    memcpy(ret, path, len);
    ret[len] = '\0';
}

/* Is the module of this path, as one of two or more of its type, in one of the heaps only? */
static bool is_made_up(const char *path)
{
    char own[NAIVE_TEXT], other[NAIVE_TEXT];
    int alone = 0;
    module_line(path, own);
    if (own[0] == '\0' || is_in(&table[0], own) == is_in(&table[1], own))
        return false;
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < table[side].count; i++) {
            const char *text = table[side].rows[i].path.text;
            module_line(text, other);
            alone += strcmp(text, other) == 0 && other[0] && !is_in(&table[!side], text) &&
                     strcmp(strchr(own, '|'), strchr(other, '|')) == 0;
        }
    return alone >= 2;
}

/* What both tables say of all paths that become this one. */
static void expected_of(const char *path, struct uf_diff_figures *ret)
{
    for (int side = 0; side < 2; side++) {
        ret[side] = (struct uf_diff_figures){0};
        for (size_t i = 0; i < table[side].count; i++) {
            const struct naive_row *row = &table[side].rows[i];
            char text[2 * NAIVE_TEXT];
            if (is_made_up(row->path.text))
                snprintf(text, sizeof text, "Rmodule *%s", strchr(row->path.text, '|'));
            else
                snprintf(text, sizeof text, "%s", row->path.text);
            if (strcmp(text, path) != 0)
                continue;
            ret[side].objects += row->objects;
            ret[side].bytes += row->bytes;
        }
    }
}

static void group_text(uint32_t group, char *ret)
{
    uint32_t chain[NAIVE_TEXT];
    size_t len = 0;
    for (uint32_t g = group; g != UF_DIFF_NONE; g = diff.groups.at[g].parent)
        chain[len++] = g;
    ret[0] = '\0';
    while (len-- > 0) {
        const struct uf_diff_group *at = &diff.groups.at[chain[len]];
        if (at->parent == UF_DIFF_NONE)
            snprintf(ret, NAIVE_TEXT, "R%s%s", uf_diff_text(&diff, at->root), at->edge ? " " : "");
        snprintf(ret + strlen(ret), 600, "%s%s|%s\n", at->attribute_dict ? "*" : "",
                 uf_diff_text(&diff, at->edge), uf_diff_text(&diff, at->type));
    }
}

static int64_t grown(const struct uf_diff_group *group, bool bytes)
{
    return bytes ? (int64_t)(group->heap[1].bytes - group->heap[0].bytes)
                 : (int64_t)(group->heap[1].objects - group->heap[0].objects);
}

/* What belongs to an entry is a member, or its holders up to a member grew (shrank) too. */
static void check_cause(uint32_t g)
{
    const struct uf_diff_group *group = &diff.groups.at[g];
    int sign = group->shrunk ? -1 : 1;
    const struct uf_diff_entry *entry = group->shrunk ? &diff.shrunk.at[group->entry]
                                                      : &diff.grown.at[group->entry];
    EXPECT(sign * grown(group, false) > 0 || sign * grown(group, true) > 0);
    if (group->member) {
        EXPECT(!entry->in_place && sign * grown(group, false) > 0);
        EXPECT(group->garbage ? diff.groups.at[entry->place].garbage
                              : entry->place == g || entry->place == group->parent);
        return;
    }
    if (entry->place == g || (group->attribute_dict && entry->place == group->parent) ||
        (group->garbage && diff.groups.at[entry->place].garbage))
        return;
    EXPECT(group->parent != UF_DIFF_NONE);
    const struct uf_diff_group *holder = &diff.groups.at[group->parent];
    EXPECT(holder->entry == group->entry && holder->shrunk == group->shrunk);
    EXPECT(sign * grown(holder, false) > 0);
}

static void check_groups(void)
{
    struct uf_diff_change sums[2][64] = {0}, all = {0};
    size_t filled = 0;
    for (uint32_t g = 0; g < diff.groups.len; g++) {
        const struct uf_diff_group *group = &diff.groups.at[g];
        struct uf_diff_figures expected[2];
        char text[NAIVE_TEXT];
        group_text(g, text);
        expected_of(text, expected);
        EXPECT(memcmp(expected, group->heap, sizeof expected) == 0);
        filled += group->heap[0].objects + group->heap[1].objects;
        bool changed = grown(group, false) != 0 || grown(group, true) != 0;
        EXPECT(changed == (group->entry != UF_DIFF_NONE));
        if (!changed || group->entry == UF_DIFF_NONE)
            continue;
        check_cause(g);
        sums[group->shrunk][group->entry].objects += grown(group, false);
        sums[group->shrunk][group->entry].bytes += grown(group, true);
    }
    size_t objects = 0;
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < table[side].count; i++)
            objects += table[side].rows[i].objects;
    EXPECT(filled == objects);
    for (size_t e = 0; e < diff.grown.len + diff.shrunk.len; e++) {
        bool shrunk = e >= diff.grown.len;
        size_t at = shrunk ? e - diff.grown.len : e;
        const struct uf_diff_entry *entry = shrunk ? &diff.shrunk.at[at] : &diff.grown.at[at];
        EXPECT(entry->objects == sums[shrunk][at].objects);
        EXPECT(entry->bytes == sums[shrunk][at].bytes);
        EXPECT(diff.groups.at[entry->main].entry == at &&
               diff.groups.at[entry->main].shrunk == shrunk);
        EXPECT(entry->in_place != diff.groups.at[entry->main].member);
        EXPECT(at == 0 ||
               (shrunk ? entry->bytes >= entry[-1].bytes : entry->bytes <= entry[-1].bytes));
        all.objects += entry->objects;
        all.bytes += entry->bytes;
    }
    EXPECT(all.objects == (int64_t)(diff.heap[1].objects - diff.heap[0].objects));
    EXPECT(all.bytes == (int64_t)(diff.heap[1].bytes - diff.heap[0].bytes));
    EXPECT(all.bytes == diff.grown_in_all.bytes + diff.shrunk_in_all.bytes);
}

/* The distances between two heaps: the same, changed a little, quite another one. */
static void compare(uint64_t seed)
{
    make_side(0, seed, 0);
    make_side(1, seed % 7 == 0 ? seed + 1 : seed, seed % 11 == 0 ? 0 : seed);
    struct uf_diff_side sides[2] = {{&view[0], &signatures[0]}, {&view[1], &signatures[1]}};
    EXPECT(uf_diff_build(&diff, &sides[0], &sides[1], NULL) == UF_OK);
    check_groups();
    if (seed % 7 != 0 && seed % 11 == 0)
        EXPECT(diff.grown.len == 0 && diff.shrunk.len == 0);
    uf_diff_release(&diff);
    release_sides();
}

TEST(every_change_is_what_the_tables_say_and_belongs_to_one_cause)
{
    printf("# seeds 1 to %llu\n", (unsigned long long)graphs);
    for (uint64_t seed = 1; seed <= graphs && !test_failed_here; seed++) {
        compare(seed);
        random_graph_said(seed);
    }
    random_named_release(&made[0]);
    random_named_release(&made[1]);
}

int main(int argc, char **argv)
{
    graphs = random_graphs(argc, argv, graphs);
    RUN(every_change_is_what_the_tables_say_and_belongs_to_one_cause);
    return test_end();
}
