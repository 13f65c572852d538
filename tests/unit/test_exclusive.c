#include "analysis/exclusive.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static struct uf_exclusive exclusive;

static void given(const char *text)
{
    make_graph(&made, text);
    EXPECT(uf_exclusive_build(&exclusive, &made.graph, NULL) == UF_OK);
}

static void done(void)
{
    uf_exclusive_release(&exclusive);
    made_graph_release(&made);
}

static uint64_t bytes_of(const char *name)
{
    return exclusive.bytes[made_node(&made, name)];
}

TEST(what_only_one_object_leads_to_is_its_own)
{
    given(
        "root module app -> app\napp: dict size=10\napp -> a\na: A size=100\na -> b\nb: B size=7\n"
        "a -> c\nc: C size=5\nb -> d\nc -> d\nd: D size=3\nb -> e\nd -> e\ne: E size=1000\n");
    EXPECT(bytes_of("a") == 1115 && bytes_of("b") == 7 && bytes_of("d") == 3);
    EXPECT(exclusive.owner[made_node(&made, "e")] == made_node(&made, "a"));
    EXPECT(exclusive.objects[made_node(&made, "app")] == 6 && bytes_of("app") == 1125);
    done();
}

TEST(what_is_on_a_cycle_waits_for_the_collector_and_is_nobodys)
{
    given("root module app -> app\napp -> parent\nparent: P size=100\nparent -> child\n"
          "child: C size=10\nchild -> parent\nchild -> name\nname: str size=50\n");
    EXPECT(bytes_of("app") == 1 && bytes_of("parent") == 100 && bytes_of("child") == 60);
    EXPECT(exclusive.owner[made_node(&made, "child")] == UF_NODE_NONE);
    done();
}

TEST(garbage_and_roots_hold_what_they_refer_to)
{
    given("root module app -> app\napp -> a\na -> x\nx: X size=9\nlost: L size=2\nlost -> x\n"
          "app -> b\nb -> y\ny: Y size=4\nroot native -> y\n");
    EXPECT(bytes_of("a") == 1 && bytes_of("lost") == 2 && bytes_of("b") == 1);
    EXPECT(exclusive.owner[made_node(&made, "x")] == UF_NODE_NONE);
    done();
}

static bool build(void)
{
    struct uf_exclusive again;
    if (uf_exclusive_build(&again, &made.graph, NULL) != UF_OK)
        return false;
    uf_exclusive_release(&again);
    return true;
}

TEST(each_allocation_that_fails_is_an_error_and_leaks_nothing)
{
    given("root module app -> app\napp -> a\na -> b\nb -> a\nb -> c\n");
    EXPECT(every_failed_allocation_is_an_error(build));
    done();
}

int main(void)
{
    RUN(what_only_one_object_leads_to_is_its_own);
    RUN(what_is_on_a_cycle_waits_for_the_collector_and_is_nobodys);
    RUN(garbage_and_roots_hold_what_they_refer_to);
    RUN(each_allocation_that_fails_is_an_error_and_leaks_nothing);
    return test_end();
}
