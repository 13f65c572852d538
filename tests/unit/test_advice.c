#include "analysis/advice.h"

#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static struct uf_view view;
static struct uf_leak_facts facts;

/* Facts of an object called x; what is not said is empty. */
static void begin(const char *text)
{
    make_graph(&made, text);
    view = (struct uf_view){.graph = &made.graph, .names = &made.names};
    facts = (struct uf_leak_facts){.view = &view,
                                   .example = made_node(&made, "x"),
                                   .holder = UF_NODE_NONE,
                                   .type = uf_graph_type_name(&made.graph, made_node(&made, "x")),
                                   .holder_type = "dict",
                                   .holder_text = "app.REG",
                                   .root = "module app",
                                   .path = "module app.REG[*]"};
}

static bool advises(const char *part)
{
    char *advice = uf_advice_for_leak(&facts);
    bool found = advice && strstr(advice, part) != NULL;
    if (!found)
        printf("# \"%s\" is not in \"%s\"\n", part, advice ? advice : "(none)");
    uf_mem_free(advice);
    made_graph_release(&made);
    return found;
}

TEST(an_entry_of_a_dict_is_deleted_bounded_or_weak)
{
    begin("x: app.Session\n");
    EXPECT(advises("delete the entry from app.REG when the app.Session is done with"));
    begin("x: app.Session\n");
    EXPECT(advises("weakref.WeakValueDictionary"));
}

TEST(other_containers_have_their_own_verbs)
{
    begin("x: app.T\n");
    facts.holder_type = "set";
    EXPECT(advises("discard() it from app.REG"));
    begin("x: app.T\n");
    facts.holder_type = "list";
    EXPECT(advises("remove it from app.REG"));
    begin("x: app.T\n");
    facts.holder_type = "collections.defaultdict";
    EXPECT(advises(".get()"));
    begin("x: app.T\n");
    facts.holder_type = "app.Owner";
    EXPECT(advises("let app.REG drop its reference when the app.T is done with"));
}

TEST(a_container_of_plain_values_is_bounded)
{
    begin("x: list\n");
    facts.inside = true;
    EXPECT(advises("collections.deque(maxlen=...)"));
    begin("x: dict\n");
    facts.inside = true;
    EXPECT(advises("or give app.REG a bound"));
    begin("x: bytearray\n");
    facts.inside = true;
    EXPECT(advises("made longer by each call"));
}

TEST(a_cached_method_keeps_self)
{
    begin("x: app.Client\n");
    facts.holder_type = "functools._lru_cache_wrapper";
    EXPECT(advises("maxsize"));
    begin("x: app.Client\n");
    facts.holder_type = "functools._lru_cache_wrapper";
    facts.on_class = true;
    EXPECT(advises("keeps every `self` alive"));
}

TEST(exceptions_hold_frames)
{
    begin("x: ValueError\nx -> tb .__traceback__\ntb: traceback\n");
    EXPECT(advises("with_traceback(None)"));
}

TEST(observers_are_unregistered)
{
    begin("x: app.T\n");
    facts.holder_type = "list";
    facts.holder_text = "app.BUS.listeners";
    EXPECT(advises("unregister from app.BUS.listeners"));
    begin("x: method\n");
    facts.holder_type = "list";
    EXPECT(advises("weakref.WeakMethod"));
}

TEST(registries_of_the_interpreter_have_their_own_ways_out)
{
    begin("x: function\n");
    facts.root = "interpreter: atexit";
    EXPECT(advises("atexit.unregister()"));
    begin("x: function\n");
    facts.root = "interpreter: at-fork";
    EXPECT(advises("cannot be undone"));
    begin("x: str\n");
    facts.root = "interpreter: interned";
    EXPECT(advises("3.12 never frees"));
    begin("x: str\n");
    facts.root = "interpreter: type cache";
    EXPECT(advises("nothing to do"));
    begin("x: module\n");
    facts.holder_text = "sys.modules";
    EXPECT(advises("import once"));
    begin("x: logging.Logger\n");
    facts.path = "module logging.root.manager.loggerDict[*]";
    EXPECT(advises("logger per call"));
    begin("x: app.NullHandler\n");
    facts.path = "module logging.root.manager.loggerDict[*].handlers[*]";
    facts.holder_text = "logging.root.manager.loggerDict['app'].handlers";
    facts.holder_type = "list";
    EXPECT(advises("add the handler once"));
    begin("x: tuple\n");
    facts.path = "module app.__warningregistry__ key";
    EXPECT(advises("constant text"));
}

TEST(things_that_run_are_ended)
{
    begin("x: threading.Thread\n");
    EXPECT(advises("join()"));
    begin("x: _asyncio.Task\n");
    EXPECT(advises("cancel it"));
}

TEST(classes_are_made_once_and_weak_references_removed)
{
    begin("x: type type\n");
    EXPECT(advises("make the class once"));
    begin("x: weakref.ReferenceType\n");
    EXPECT(advises("dead weak references"));
    begin("x: app.T\n");
    facts.path = "module weakref.finalize._registry[*]";
    EXPECT(advises("finalizer"));
}

TEST(weak_containers_have_their_own_pitfalls)
{
    struct uf_reach reach;
    begin("x: dict\nroot module app -> app\napp -> weak .REG\n"
          "weak: weakref.WeakKeyDictionary\nweak -> data .data\ndata: dict\ndata -> x [<w>]\n");
    EXPECT(uf_reach_build(&reach, &made.graph, NULL) == UF_OK);
    view.reach = &reach;
    facts.holder = made_node(&made, "data");
    facts.holder_text = "app.REG.data";
    EXPECT(advises("leads back to its own key"));
    uf_reach_release(&reach);
    begin("x: weakref.ReferenceType\n");
    facts.path = "module app.Base._abc_impl (field at +32)[*]";
    EXPECT(advises("asked about"));
}

TEST(a_name_is_not_taken_for_a_place_in_the_interpreter)
{
    begin("x: app.T\n");
    facts.root = "module app.util.context";
    facts.path = "module app.util.context.REG[*]";
    EXPECT(advises("delete the entry"));
    begin("x: app.T\n");
    facts.root = "module app.forks";
    facts.path = "module app.forks.REG[*]";
    EXPECT(advises("delete the entry"));
    begin("x: app.T\n");
    facts.root = "thread MainThread";
    facts.path = "thread MainThread context[*]";
    EXPECT(advises("by its token"));
}

TEST(what_has_settled_needs_nothing)
{
    begin("x: app.T\n");
    facts.settled = true;
    EXPECT(advises("nothing to do: app.REG has stopped growing"));
    begin("x: app.T\n");
    facts.known_bound = true;
    EXPECT(advises("lower its bound"));
}

static bool advises_cut(struct uf_cycle_facts cycle, const char *text, enum uf_ref_kind kind,
                        const char *part)
{
    struct uf_ref_name name = {.kind = kind};
    snprintf(name.text, sizeof name.text, "%s", text);
    cycle.cut = &name;
    char *advice = uf_advice_for_cycle(&cycle);
    bool found = advice && strstr(advice, part) != NULL;
    if (!found)
        printf("# \"%s\" is not in \"%s\"\n", part, advice ? advice : "(none)");
    uf_mem_free(advice);
    return found;
}

TEST(a_cycle_is_cut_where_it_can_be)
{
    struct uf_cycle_facts cycle = {
        .source_type = "app.Child", .target_type = "app.Parent", .single = true};
    EXPECT(advises_cut(cycle, ".parent", UF_REF_ATTR, "make .parent of app.Child a weakref.ref()"));
    EXPECT(advises_cut(cycle, "[3]", UF_REF_INDEX, "take the app.Parent out of the app.Child"));
    EXPECT(advises_cut(cycle, "local 'x' of f() at a.py:1", UF_REF_LOCAL, "`del x`"));
    cycle.exception = true;
    EXPECT(advises_cut(cycle, "local 'err' of f() at a.py:1", UF_REF_LOCAL,
                       "`del err` in a finally block"));
    EXPECT(advises_cut(cycle, ".error", UF_REF_ATTR, "with_traceback(None)"));
    cycle =
        (struct uf_cycle_facts){.source_type = "cell", .target_type = "function", .closure = true};
    EXPECT(advises_cut(cycle, ".cell_contents", UF_REF_ATTR, "calls itself"));
    EXPECT(advises_cut(cycle, ".cell_contents", UF_REF_ATTR, "one reference alone is not enough"));
    cycle.closure = false;
    cycle.type = true;
    EXPECT(advises_cut(cycle, "[0]", UF_REF_INDEX, "make it once"));
}

int main(void)
{
    RUN(an_entry_of_a_dict_is_deleted_bounded_or_weak);
    RUN(other_containers_have_their_own_verbs);
    RUN(a_container_of_plain_values_is_bounded);
    RUN(a_cached_method_keeps_self);
    RUN(exceptions_hold_frames);
    RUN(observers_are_unregistered);
    RUN(registries_of_the_interpreter_have_their_own_ways_out);
    RUN(things_that_run_are_ended);
    RUN(classes_are_made_once_and_weak_references_removed);
    RUN(weak_containers_have_their_own_pitfalls);
    RUN(a_name_is_not_taken_for_a_place_in_the_interpreter);
    RUN(what_has_settled_needs_nothing);
    RUN(a_cycle_is_cut_where_it_can_be);
    return test_end();
}
