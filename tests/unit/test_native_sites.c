#include "native/sites.h"

#include "fail.h"
#include "test.h"

enum { CALLS = 20 };

static struct uf_native_store *store;
static uf_native_blocks born;

static uint32_t stack(uint64_t native, uint64_t function, uint64_t line)
{
    const uint64_t frames[] = {native, 99}, python[] = {function, line};
    return uf_native_store_stack(store, &(struct uf_native_stack){frames, python, 2, 1});
}

static void begin(void)
{
    born.len = 0;
    store = NULL;
    EXPECT(uf_native_store_create(&store, 10, 50, 1000, NULL) == UF_OK);
}

static void end(uf_sites *sites)
{
    uf_vec_release(sites);
    uf_vec_release(&born);
    uf_native_store_destroy(store);
}

static void add(uint32_t call, uint32_t number, uint64_t bytes)
{
    struct uf_native_block block = {
        .key = 16 * (born.len + 1), .bytes = bytes, .stack = number, .call = call};
    EXPECT(!uf_vec_push(&born, block));
}

static uf_sites find(const bool *wanted)
{
    uf_sites sites = {0};
    EXPECT(uf_sites_find(&sites, store, born.at, wanted, born.len, CALLS, NULL) == UF_OK);
    return sites;
}

TEST(what_every_call_leaves_grows_and_has_its_sum)
{
    begin();
    for (uint32_t call = 1; call <= CALLS; call++)
        add(call, stack(1, 7, 70), 100);
    uf_sites sites = find(NULL);
    EXPECT(sites.len == 1 && sites.at[0].grows);
    EXPECT(sites.at[0].blocks == CALLS && sites.at[0].bytes == 100 * CALLS);
    end(&sites);
}

TEST(what_only_the_last_calls_left_does_not_grow)
{
    begin();
    for (uint32_t call = CALLS - 6; call <= CALLS; call++)
        add(call, stack(1, 7, 70), 100);
    uf_sites sites = find(NULL);
    EXPECT(sites.len == 1 && !sites.at[0].grows);
    end(&sites);
}

TEST(what_came_between_calls_or_is_not_wanted_counts_for_nothing)
{
    begin();
    bool wanted[CALLS + 1] = {false};
    add(0, stack(1, 7, 70), 100);
    for (uint32_t call = 1; call <= CALLS; call++)
        add(call, stack(1, 7, 70), 100);
    uf_sites sites = find(wanted);
    EXPECT(sites.len == 0);
    end(&sites);
}

TEST(lines_of_one_function_are_one_place_and_the_most_frequent_stack_stands_for_it)
{
    begin();
    for (uint32_t call = 1; call <= CALLS; call++)
        add(call, stack(1, 7, call % 5 ? 70 : 71), 10);
    uf_sites sites = find(NULL);
    EXPECT(sites.len == 1 && sites.at[0].stack == stack(1, 7, 70));
    end(&sites);
}

TEST(functions_and_native_callers_are_places_of_their_own_worst_first)
{
    begin();
    for (uint32_t call = 1; call <= CALLS; call++) {
        add(call, stack(1, 7, 70), 10);
        add(call, stack(1, 8, 70), 30);
        add(call, stack(2, 7, 70), 20);
    }
    add(3, stack(3, 7, 70), 1 << 20); /* large, but once */
    uf_sites sites = find(NULL);
    EXPECT(sites.len == 4);
    EXPECT(sites.at[0].stack == stack(1, 8, 70) && sites.at[1].stack == stack(2, 7, 70));
    EXPECT(sites.at[2].stack == stack(1, 7, 70) && !sites.at[3].grows);
    end(&sites);
}

TEST(kinds_are_never_mixed)
{
    begin();
    for (uint32_t call = 1; call <= CALLS; call++) {
        add(call, stack(1, 7, 70), 10);
        add(call, stack(1, 7, 70), 0);
        born.at[born.len - 1].kind = UF_NATIVE_DESCRIPTOR;
    }
    uf_sites sites = find(NULL);
    EXPECT(sites.len == 2 && sites.at[0].kind == UF_NATIVE_HEAP);
    EXPECT(sites.at[1].kind == UF_NATIVE_DESCRIPTOR && sites.at[1].grows);
    end(&sites);
}

static bool find_one(void)
{
    struct uf_native_block block = {.key = 16, .call = 1, .stack = 1};
    uf_sites sites = {0};
    bool fine = uf_sites_find(&sites, store, &block, NULL, 1, CALLS, NULL) == UF_OK;
    uf_vec_release(&sites);
    return fine;
}

TEST(memory_that_is_out_is_an_error)
{
    begin();
    (void)stack(1, 7, 70);
    EXPECT(every_failed_allocation_is_an_error(find_one));
    uf_sites none = {0};
    end(&none);
}

int main(void)
{
    RUN(what_every_call_leaves_grows_and_has_its_sum);
    RUN(what_only_the_last_calls_left_does_not_grow);
    RUN(what_came_between_calls_or_is_not_wanted_counts_for_nothing);
    RUN(lines_of_one_function_are_one_place_and_the_most_frequent_stack_stands_for_it);
    RUN(functions_and_native_callers_are_places_of_their_own_worst_first);
    RUN(kinds_are_never_mixed);
    RUN(memory_that_is_out_is_an_error);
    return test_end();
}
