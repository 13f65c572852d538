#include "analysis/retainers.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static struct uf_reach reach;
static struct uf_dominators dominators;
static struct uf_signatures signatures;
static struct uf_retainers retainers;

static enum uf_code build(void)
{
    const struct uf_view view = {&made.graph, &reach, &made.names, NULL};
    return uf_retainers_build(&retainers, &view, &dominators, &signatures, NULL);
}

static bool build_and_release(void)
{
    enum uf_code code = build();
    uf_retainers_release(&retainers);
    return code == UF_OK;
}

static void prepare(const char *text)
{
    make_graph(&made, text);
    const struct uf_view view = {&made.graph, &reach, &made.names, NULL};
    uf_reach_build(&reach, &made.graph, NULL);
    uf_dominators_build(&dominators, &made.graph, NULL);
    uf_signatures_build(&signatures, &view, NULL);
}

static void given(const char *text)
{
    prepare(text);
    EXPECT(build() == UF_OK);
}

static void done(void)
{
    uf_retainers_release(&retainers);
    uf_signatures_release(&signatures);
    uf_dominators_release(&dominators);
    uf_reach_release(&reach);
    made_graph_release(&made);
}

/* "outermost > ... > innermost" */
static const char *stack_of(const char *node)
{
    static struct uf_text text;
    uint32_t chain[UF_RETAINERS_DEPTH];
    size_t len = 0;
    uf_text_release(&text);
    for (uint32_t c = retainers.of[made_node(&made, node)];
         c != UF_RETAINERS_NONE && len < UF_RETAINERS_DEPTH; c = retainers.cells.at[c].parent)
        chain[len++] = retainers.frames.at[retainers.cells.at[c].frame].name;
    while (len-- > 0)
        uf_text_printf(&text, "%s%s", uf_strings_get(&retainers.strings, chain[len]),
                       len > 0 ? " > " : "");
    return text.at ? text.at : "";
}

static const struct uf_retainers_cell *cell_of(const char *node)
{
    return &retainers.cells.at[retainers.of[made_node(&made, node)]];
}

static const char shop[] =
    "root module shop -> shop\nshop: module size=50\nshop -> globals __dict__\n"
    "globals: dict size=100\nglobals -> store ['STORE']\nstore: shop.Store size=40\n"
    "store -> sessions ._sessions\nsessions: dict size=200\n"
    "sessions -> k1 key 'a'\nsessions -> s1 ['a']\nsessions -> k2 key 'b'\n"
    "sessions -> s2 ['b']\ns1: shop.Session size=48\ns2: shop.Session size=56\n"
    "k1: str size=10\nk2: str size=10\ns1 -> u1 .user\nu1: shop.User size=5\n";

TEST(a_stack_says_who_retains_and_a_frame_is_named_after_the_attribute)
{
    given(shop);
    EXPECT_TEXT(stack_of("shop"), "module shop"); /* and its dictionary is a part of it */
    EXPECT_TEXT(stack_of("globals"), "module shop");
    EXPECT_TEXT(stack_of("sessions"),
                "module shop > shop.STORE (shop.Store) > shop.Store._sessions (dict)");
    EXPECT_TEXT(stack_of("u1"),
                "module shop > shop.STORE (shop.Store) > shop.Store._sessions (dict) > "
                "shop.Store._sessions[*] (shop.Session) > shop.Session.user (shop.User)");
    EXPECT_TEXT(stack_of("k1"), "module shop > shop.STORE (shop.Store) > shop.Store._sessions "
                                "(dict) > shop.Store._sessions key (str)");
    EXPECT(cell_of("s1") == cell_of("s2") && cell_of("s1")->objects == 2);
    EXPECT(cell_of("s1")->bytes == 104);
    const struct uf_retainers_frame *frame = &retainers.frames.at[cell_of("s1")->frame];
    EXPECT_TEXT(uf_strings_get(&retainers.strings, frame->type), "shop.Session");
    done();
}

TEST(what_two_modules_hold_is_shared_and_what_nothing_holds_is_garbage)
{
    given("root module a -> a\nroot module b -> b\na: module\nb: module\n"
          "a -> both .X\nb -> both .X\nboth: list size=9\nboth -> item [0]\nitem: a.Item\n"
          "lost: b.Lost size=7\nlost -> lost .me\n");
    EXPECT_TEXT(stack_of("both"), UF_RETAINERS_SHARED " > a.X (list)");
    EXPECT_TEXT(stack_of("item"), UF_RETAINERS_SHARED " > a.X (list) > a.X[*] (a.Item)");
    EXPECT_TEXT(stack_of("lost"), UF_RETAINERS_GARBAGE " > b.Lost");
    EXPECT(cell_of("lost")->bytes == 7);
    done();
}

TEST(roots_that_are_no_modules_stand_above_what_they_hold)
{
    given("root thread MainThread -> y local 'y' of f() at file:12\ny: list\n"
          "root native native -> held\nheld: app.Held\n"
          "root static type -> t\nt: type type static\nt -> sub .cache\nsub: dict\n"
          "root interpreter atexit -> hooks\nhooks: list\n");
    EXPECT_TEXT(stack_of("y"), "thread MainThread > local 'y' of f() (list)");
    EXPECT_TEXT(stack_of("held"), "native code > native code (app.Held)");
    EXPECT_TEXT(stack_of("sub"), "static type type (type) > type.cache (dict)");
    EXPECT_TEXT(stack_of("hooks"), "interpreter: atexit > interpreter: atexit (list)");
    done();
}

TEST(classes_and_functions_are_known_by_their_own_names)
{
    given("root module app -> app\napp: module\napp -> c .Cache\nc: type type\nc -> all .all\n"
          "all: dict\napp -> f .f\nf: function\nf -> d .__defaults__\nd: tuple\n"
          "app -> o .o\no: app.Other\no -> v value\nv: list\nv -> w [0]\nw: app.W\n");
    EXPECT_TEXT(stack_of("all"), "module app > app.Cache (type) > app.Cache.all (dict)");
    EXPECT_TEXT(stack_of("d"), "module app > app.f (function) > app.f.__defaults__ (tuple)");
    EXPECT_TEXT(stack_of("w"), "module app > app.o (app.Other) > app.Other value (list) > "
                               "app.Other value[*] (app.W)");
    done();
}

TEST(a_chain_of_any_length_is_a_few_cells)
{
    struct uf_text text = {0};
    uf_text_add_z(&text, "root module app -> app\napp: module\napp -> n0 .HEAD\nn0: app.Node\n");
    for (int i = 0; i < 200; i++) /* nodes and lists in turns */
        uf_text_printf(&text, "n%d: app.Node\nl%d: list\nn%d -> l%d .rest\nl%d -> n%d [0]\n", i + 1,
                       i, i, i, i, i + 1);
    given(text.at);
    EXPECT_TEXT(stack_of("n100"), "module app > app.HEAD (app.Node) > app.Node.rest (list) > "
                                  "app.Node.rest[*] (app.Node)");
    EXPECT(cell_of("n50") == cell_of("n100") && cell_of("l50") == cell_of("l99"));
    EXPECT(retainers.cells.len < 8);
    uf_text_release(&text);
    done();
}

TEST(nothing_of_unfreed_itself_is_counted)
{
    given("root module unfreed -> u\nu: module own size=100\nu -> x .x\nx: list own size=100\n"
          "x -> y [0]\ny: list size=3\n");
    uint64_t bytes = 0;
    for (size_t c = 0; c < retainers.cells.len; c++)
        bytes += retainers.cells.at[c].bytes;
    EXPECT(bytes == 3);
    EXPECT(strncmp(stack_of("y"), UF_RETAINERS_OWN " > ", strlen(UF_RETAINERS_OWN " > ")) == 0);
    done();
}

TEST(every_allocation_that_fails_is_an_error_and_leaves_nothing)
{
    prepare(shop);
    EXPECT(every_failed_allocation_is_an_error(build_and_release));
    done();
}

int main(void)
{
    RUN(a_stack_says_who_retains_and_a_frame_is_named_after_the_attribute);
    RUN(what_two_modules_hold_is_shared_and_what_nothing_holds_is_garbage);
    RUN(roots_that_are_no_modules_stand_above_what_they_hold);
    RUN(classes_and_functions_are_known_by_their_own_names);
    RUN(a_chain_of_any_length_is_a_few_cells);
    RUN(nothing_of_unfreed_itself_is_counted);
    RUN(every_allocation_that_fails_is_an_error_and_leaves_nothing);
    return test_end();
}
