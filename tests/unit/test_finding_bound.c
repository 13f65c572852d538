#include "analysis/finding_bound.h"

#include "make_graph.h"
#include "test.h"

#include <math.h>

/* The object called `owner` declares a bound of 100 for what it holds. */
static int64_t declared(void *context, uf_node node, const char *held, int64_t present,
                        char *attribute, size_t size)
{
    const struct made_graph *made = context;
    (void)held;
    if (strcmp(made->nodes[node].name, "owner") != 0 || present > 100)
        return -1;
    snprintf(attribute, size, "maxsize");
    return 100;
}

/* The bound of the container at place `holder` of the path to `entry`. */
static bool find(const char *text, const char *entry, size_t holder, struct uf_bound *ret)
{
    struct made_graph made;
    struct uf_reach reach;
    struct uf_path path = {0};
    make_graph(&made, text);
    made.names.declared = declared;
    EXPECT(uf_reach_build(&reach, &made.graph, NULL) == UF_OK);
    EXPECT(uf_path_to(&path, &reach, made_find(&made, entry), NULL) == UF_OK);
    struct uf_view view = {.graph = &made.graph, .reach = &reach, .names = &made.names};
    bool found = uf_bound_find(&view, &path, holder, ret);
    uf_path_release(&path);
    uf_reach_release(&reach);
    made_graph_release(&made);
    return found;
}

TEST(a_container_with_a_bound_of_its_own_needs_no_declaration)
{
    struct uf_bound bound;
    EXPECT(
        find("root module app -> m\nm: module\nm -> d .LAST\nd: collections.deque len=3 bound=8\n"
             "d -> e [0]\ne: app.Entry\n",
             "e", 1, &bound));
    EXPECT(bound.limit == 8 && bound.fill == 3 && bound.by[0] == '\0');
}

TEST(the_links_of_an_lru_cache_are_part_of_it)
{
    struct uf_bound bound;
    EXPECT(find("root module app -> m\nm: module\nm -> c .f\n"
                "c: functools._lru_cache_wrapper len=5 bound=128\nc -> l entry\n"
                "l: functools._lru_list_elem\nl -> e result\ne: app.Entry\n",
                "e", 2, &bound));
    EXPECT(bound.limit == 128 && bound.fill == 5);
}

TEST(the_object_that_holds_a_container_may_declare_its_bound)
{
    struct uf_bound bound;
    EXPECT(find("root module app -> m\nm: module\nm -> owner .QUEUE\nowner: queue.Queue\n"
                "owner -> d .queue\nd: collections.deque len=7\nd -> e [0]\ne: app.Entry\n",
                "e", 2, &bound));
    EXPECT(bound.limit == 100 && bound.fill == 7);
    EXPECT(strcmp(bound.by, "queue.Queue.maxsize") == 0);
}

TEST(a_module_is_called_by_its_name)
{
    struct uf_bound bound;
    EXPECT(find("root module re -> owner\nowner: module\nowner -> d ._cache\nd: dict len=7\n"
                "d -> e ['k']\ne: re.Pattern\n",
                "e", 1, &bound));
    EXPECT(strcmp(bound.by, "re.maxsize") == 0);
}

TEST(a_container_may_declare_its_own_bound)
{
    struct uf_bound bound;
    EXPECT(find("root module app -> m\nm: module\nm -> owner .CACHE\nowner: app.Bounded len=9\n"
                "owner -> e ['k']\ne: app.Entry\n",
                "e", 1, &bound));
    EXPECT(bound.limit == 100 && bound.fill == 9);
}

TEST(a_bound_that_is_not_kept_to_is_none)
{
    struct uf_bound bound;
    EXPECT(!find("root module app -> m\nm: module\nm -> owner .QUEUE\nowner: queue.Queue\n"
                 "owner -> d .queue\nd: collections.deque len=101\nd -> e [0]\ne: app.Entry\n",
                 "e", 2, &bound));
    EXPECT(isnan(bound.limit) && bound.fill == 101);
}

TEST(a_bound_says_nothing_of_the_containers_among_its_entries)
{
    struct uf_bound bound;
    EXPECT(!find("root module app -> m\nm: module\nm -> owner .CACHE\nowner: app.Bounded len=9\n"
                 "owner -> l ['k']\nl: list len=7\nl -> e [0]\ne: app.Entry\n",
                 "e", 2, &bound));
}

int main(void)
{
    RUN(a_container_with_a_bound_of_its_own_needs_no_declaration);
    RUN(the_links_of_an_lru_cache_are_part_of_it);
    RUN(the_object_that_holds_a_container_may_declare_its_bound);
    RUN(a_module_is_called_by_its_name);
    RUN(a_container_may_declare_its_own_bound);
    RUN(a_bound_that_is_not_kept_to_is_none);
    RUN(a_bound_says_nothing_of_the_containers_among_its_entries);
    return test_end();
}
