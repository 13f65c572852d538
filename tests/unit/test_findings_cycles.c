#include "check_findings.h"

static void frozen(struct uf_text *text, int call)
{
    module(text);
    for (int i = 0; i < call; i++)
        uf_text_printf(
            text,
            "a%d: app.Parent size=48 tracked frozen\nb%d: app.Child size=48 tracked frozen\n"
            "a%d -> b%d .child\nb%d -> a%d .parent\n",
            i, i, i, i, i, i);
}

TEST(frozen_garbage_is_a_cycle_that_is_not_collectable)
{
    check(frozen);
    print();
    const struct uf_finding *f = only();
    EXPECT(f->kind == UF_KIND_CYCLE && f->severity == UF_SEVERITY_LEAK && !f->collectable);
    EXPECT(f->collectable_why && strstr(f->collectable_why, "gc.freeze()") != NULL);
    EXPECT(f->objects_per_call == 2 && f->bytes_per_call == 96);
    done();
}

static void in_gc_garbage(struct uf_text *text, int call)
{
    uf_text_printf(
        text,
        "root module gc -> gc\ngc: module tracked\ngc -> g .garbage\ng: list len=%d tracked\n",
        call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text, "g -> a%d [%d]\na%d: app.Thing tracked\n", i, i, i);
}

TEST(the_collectors_list_of_garbage_is_no_holder)
{
    check(in_gc_garbage);
    print();
    const struct uf_finding *f = only();
    EXPECT(f->kind == UF_KIND_CYCLE && !f->collectable && f->collectable_why != NULL);
    done();
}

static const char exception_cycle[] =
    "e: requests.ConnectionError size=100 tracked\ntb: traceback size=64 tracked\nfr: frame "
    "size=400 tracked\n"
    "retry: urllib3.Retry size=56 tracked\npool: urllib3.Pool size=200 tracked\n"
    "e -> tb .__traceback__\ntb -> fr .tb_frame\nfr -> retry local 'retries' of send() at "
    "/lib/adapters.py:501\n"
    "retry -> rd __dict__\nrd: dict size=104 len=1 tracked\nrd -> h ['history']\nh: tuple size=48 "
    "tracked\nh -> e [0]\n"
    "fr -> pool local 'pool' of send() at /lib/adapters.py:501\n";

static void check_garbage(const char *text)
{
    uint8_t member[MADE_NODES];
    make_graph(&program.made, text);
    memset(member, 1, sizeof member);
    EXPECT(uf_findings_from_garbage(&result, &program.made.graph, member, &program.made.names, NULL,
                                    NULL) == UF_OK);
    made_graph_release(&program.made);
}

TEST(an_exception_that_holds_itself_is_a_cycle_with_a_reference_to_cut)
{
    uf_check_result_init(&result);
    result.function = uf_mem_strdup("work");
    check_garbage(exception_cycle);
    print();
    const struct uf_finding *f = only();
    EXPECT(f->kind == UF_KIND_CYCLE && f->severity == UF_SEVERITY_DELAYED && f->collectable);
    EXPECT_TEXT(f->type, "requests.ConnectionError");
    EXPECT(f->cycle.len >= 4 && f->cycle.at[f->cycle.len - 1].suspect);
    EXPECT(f->objects_per_call == 7 && f->fix_verified);
    EXPECT(f->made_at && strcmp(f->made_at, "send() in /lib/adapters.py:501") == 0);
    check_garbage(exception_cycle);
    EXPECT(result.findings.len == 1 && result.findings.at[0].objects_per_call == 7);
    uf_check_result_release(&result);
}

TEST(equal_cycles_of_one_call_are_added_up)
{
    uf_check_result_init(&result);
    check_garbage(
        "a: app.P size=10 tracked\nb: app.C size=10 tracked\na -> b .child\nb -> a .parent\n"
        "c: app.P size=10 tracked\nd: app.C size=10 tracked\nc -> d .child\nd -> c .parent\n");
    print();
    const struct uf_finding *f = only();
    EXPECT(f->objects_per_call == 4 && f->bytes_per_call == 40);
    EXPECT(f->types.len == 2);
    uf_check_result_release(&result);
}

TEST(an_object_that_holds_itself_through_its_dictionary_has_one_step)
{
    uf_check_result_init(&result);
    check_garbage(
        "a: app.P size=10 tracked\na -> ad __dict__\nad: dict size=64 tracked\nad -> a ['me']\n");
    print();
    const struct uf_finding *f = only();
    EXPECT(f->cycle.len == 1 && strcmp(f->cycle.at[0].edge, ".me") == 0 && f->cycle.at[0].suspect);
    uf_check_result_release(&result);
}

TEST(warm_up_is_told_by_new_modules_and_old_holders)
{
    const char before[] =
        "root module app -> app\napp: module tracked\napp -> c .CACHE\nc: dict len=1 tracked\n";
    const char after[] =
        "root module app -> app\napp: module tracked\napp -> c .CACHE\nc: dict len=3 tracked\n"
        "root module encodings.idna -> idna\nidna: module size=72 tracked\nidna -> d __dict__\n"
        "d: dict size=400 len=5 tracked\nd -> f ['f']\nf: function size=150 tracked\n"
        "c -> x ['x']\nx: app.Entry size=48 tracked\nx -> xd .data\nxd: list size=56 tracked\n"
        "c -> y ['y']\ny: app.Entry size=48 tracked\n";
    uint64_t addresses[16];
    make_graph(&program.made, before);
    size_t count = program.made.graph.node_count;
    for (size_t i = 0; i < count; i++)
        addresses[i] = program.made.graph.address[count - 1 - i];
    made_graph_release(&program.made);
    uf_check_result_init(&result);
    growing_begin(&program);
    growing_look(&program, after);
    EXPECT(uf_findings_warmup(&result, &program.made.graph, &program.reach, &program.made.names,
                              addresses, count, NULL) == UF_OK);
    EXPECT(result.warmup.objects == 6 && result.warmup.bytes == 72 + 400 + 150 + 48 + 56 + 48);
    EXPECT(result.warmup.top.len == 2);
    EXPECT_TEXT(result.warmup.top.at[0].holder, "module encodings.idna");
    EXPECT_TEXT(result.warmup.top.at[0].type, "module");
    EXPECT(result.warmup.top.at[0].objects == 3);
    EXPECT_TEXT(result.warmup.top.at[1].holder, "app.CACHE");
    EXPECT_TEXT(result.warmup.top.at[1].type, "app.Entry");
    EXPECT(result.warmup.top.at[1].objects == 3);
    done();
}

int main(void)
{
    RUN(frozen_garbage_is_a_cycle_that_is_not_collectable);
    RUN(the_collectors_list_of_garbage_is_no_holder);
    RUN(an_exception_that_holds_itself_is_a_cycle_with_a_reference_to_cut);
    RUN(equal_cycles_of_one_call_are_added_up);
    RUN(an_object_that_holds_itself_through_its_dictionary_has_one_step);
    RUN(warm_up_is_told_by_new_modules_and_old_holders);
    return test_end();
}
