/* Objects that are counted more often with each call. */
#include "analysis/surplus.h"

#include "grow_graph.h"
#include "test.h"

#define CALLS 12

static struct uf_surpluses *surpluses;
static struct uf_check_result result;

typedef uint32_t surplus_fn(int call);

/* The list app.KEPT has so many references that nobody has; the function `work` is called 12 times. */
static void check(surplus_fn *surplus_of)
{
    struct growing program;
    struct uf_error err;
    growing_begin(&program);
    uf_check_result_init(&result);
    result.function = uf_mem_strdup("work");
    EXPECT(uf_surpluses_create(&surpluses, &err) == UF_OK);
    for (int call = 0; call <= CALLS; call++) {
        struct uf_text text = {0};
        uint32_t surplus = surplus_of(call);
        uf_text_add_z(&text, "root module app -> app\napp: module tracked\napp -> kept .KEPT\n"
                             "kept: list tracked\n");
        if (surplus > 0)
            uf_text_printf(&text, "root native -> kept %u\n", surplus);
        EXPECT(growing_look(&program, text.at) == UF_OK);
        EXPECT(uf_surpluses_add(surpluses, &program.made.graph, (uint32_t)call, &err) == UF_OK);
        uf_text_release(&text);
    }
    struct uf_view view = {
        .graph = &program.made.graph, .reach = &program.reach, .names = &program.made.names};
    EXPECT(uf_surpluses_tell(surpluses, &view, &result, &err) == UF_OK);
    growing_end(&program);
}

static void done(void)
{
    uf_surpluses_destroy(surpluses);
    uf_check_result_release(&result);
}

static uint32_t two_per_call(int call)
{
    return 3 + 2 * (uint32_t)call;
}

static uint32_t late(int call)
{
    return call < 2 ? 0 : (uint32_t)call;
}

static uint32_t constant(int call)
{
    (void)call;
    return 7;
}

static uint32_t once(int call)
{
    return call < 6 ? 1 : 2;
}

static uint32_t up_and_down(int call)
{
    return 2 + (uint32_t)call % 3;
}

TEST(a_count_that_rises_with_each_call_is_an_orphan_of_its_object)
{
    check(two_per_call);
    EXPECT(result.findings.len == 1);
    const struct uf_finding *finding = &result.findings.at[0];
    EXPECT(finding->kind == UF_KIND_ORPHAN && finding->severity == UF_SEVERITY_BOUNDED);
    EXPECT(finding->references_per_call == 2 && finding->objects_per_call == 0);
    EXPECT_TEXT(finding->type, "list");
    EXPECT_TEXT(finding->holder, "app.KEPT");
    EXPECT_TEXT(finding->id, "orphan:list:module app.KEPT:work");
    EXPECT_TEXT(finding->path_root, "nothing (lost reference)");
    EXPECT(strstr(finding->fix_advice, "Py_DECREF") != NULL);
    bool trend;
    uf_surpluses_wish(surpluses, &trend);
    EXPECT(trend);
    done();
}

TEST(it_may_begin_later)
{
    check(late);
    EXPECT(result.findings.len == 1);
    done();
}

TEST(what_stays_rises_once_or_falls_again_is_none)
{
    surplus_fn *const quiet[] = {constant, once, up_and_down};
    for (size_t i = 0; i < sizeof quiet / sizeof *quiet; i++) {
        bool trend;
        check(quiet[i]);
        EXPECT(result.findings.len == 0);
        uf_surpluses_wish(surpluses, &trend);
        EXPECT(!trend);
        done();
    }
}

/* As an allocator does that hands the same memory out again. */
TEST(another_object_at_the_same_address_has_a_count_of_its_own)
{
    struct growing program;
    struct uf_error err;
    growing_begin(&program);
    uf_check_result_init(&result);
    EXPECT(uf_surpluses_create(&surpluses, &err) == UF_OK);
    for (int call = 0; call <= CALLS; call++) {
        struct uf_text text = {0};
        uf_text_printf(&text, "root native -> x %d\nx: %s tracked\n", call + 1,
                       call % 2 ? "list" : "dict");
        EXPECT(growing_look(&program, text.at) == UF_OK);
        EXPECT(uf_surpluses_add(surpluses, &program.made.graph, (uint32_t)call, &err) == UF_OK);
        uf_text_release(&text);
    }
    struct uf_view view = {
        .graph = &program.made.graph, .reach = &program.reach, .names = &program.made.names};
    EXPECT(uf_surpluses_tell(surpluses, &view, &result, &err) == UF_OK);
    EXPECT(result.findings.len == 0);
    growing_end(&program);
    done();
}

TEST(after_the_seal_series_begin_anew)
{
    check(two_per_call);
    bool trend;
    uf_surpluses_seal(surpluses);
    EXPECT(uf_surpluses_wish(surpluses, &trend) == UF_GROWTH_ENOUGH && !trend);
    done();
}

int main(void)
{
    RUN(a_count_that_rises_with_each_call_is_an_orphan_of_its_object);
    RUN(it_may_begin_later);
    RUN(what_stays_rises_once_or_falls_again_is_none);
    RUN(another_object_at_the_same_address_has_a_count_of_its_own);
    RUN(after_the_seal_series_begin_anew);
    return test_end();
}
