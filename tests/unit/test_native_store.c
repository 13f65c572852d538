#include "native/store.h"

#include "fail.h"
#include "random.h"
#include "test.h"

#include <pthread.h>

static struct uf_native_store *make_store(size_t keys)
{
    struct uf_native_store *store = NULL;
    EXPECT(uf_native_store_create(&store, keys, 100, 4000, NULL) == UF_OK);
    return store;
}

static void add(struct uf_native_store *store, uint64_t key, uint64_t bytes)
{
    uf_native_store_add(store, &(struct uf_native_block){.key = key, .bytes = bytes, .call = 1});
}

TEST(what_was_born_and_did_not_die_survives_in_the_order_of_keys)
{
    struct uf_native_store *store = make_store(100);
    struct uf_native_block gone;
    uf_native_blocks left = {0};
    add(store, 48, 3);
    add(store, 16, 1);
    add(store, 32, 2);
    EXPECT(uf_native_store_take(store, 32, &gone) && gone.bytes == 2);
    EXPECT(!uf_native_store_take(store, 32, &gone));
    EXPECT(uf_native_store_survivors(store, &left, NULL) == UF_OK);
    EXPECT(left.len == 2 && left.at[0].key == 16 && left.at[1].key == 48);
    uf_vec_release(&left);
    uf_native_store_destroy(store);
}

TEST(a_key_that_is_born_again_has_its_latest_birth)
{
    struct uf_native_store *store = make_store(100);
    struct uf_native_block block;
    add(store, 16, 1);
    add(store, 16, 7);
    EXPECT(uf_native_store_take(store, 16, &block) && block.bytes == 7);
    EXPECT(!uf_native_store_take(store, 16, &block));
    uf_native_store_destroy(store);
}

/* The rival: an array by key. */
TEST(births_and_deaths_at_random_agree_with_a_plain_array)
{
    enum { KEYS = 600, STEPS = 200000 };
    static uint64_t bytes_of[KEYS]; /* 0: not alive */
    struct uf_native_store *store = make_store(KEYS);
    uf_native_blocks left = {0};
    for (int i = 0; i < STEPS; i++) {
        uint64_t key = random_number() % KEYS;
        struct uf_native_block block;
        if (random_number() % 2) {
            bytes_of[key] = (uint64_t)i + 1;
            add(store, (key + 1) * 16, bytes_of[key]);
        } else {
            bool found = uf_native_store_take(store, (key + 1) * 16, &block);
            EXPECT(found == (bytes_of[key] != 0));
            EXPECT(!found || block.bytes == bytes_of[key]);
            bytes_of[key] = 0;
        }
    }
    EXPECT(uf_native_store_survivors(store, &left, NULL) == UF_OK);
    size_t alive = 0;
    for (size_t key = 0; key < KEYS; key++) {
        if (bytes_of[key] == 0)
            continue;
        EXPECT(alive < left.len && left.at[alive].key == (key + 1) * 16);
        EXPECT(left.at[alive].bytes == bytes_of[key]);
        alive++;
    }
    EXPECT(left.len == alive && uf_native_store_dropped(store) == 0);
    uf_vec_release(&left);
    uf_native_store_destroy(store);
}

TEST(what_does_not_fit_is_counted_and_harms_nothing)
{
    struct uf_native_store *store = make_store(10);
    struct uf_native_block block;
    for (uint64_t key = 1; key <= 1000; key++)
        add(store, key * 16, key);
    uint64_t dropped = uf_native_store_dropped(store);
    EXPECT(dropped > 0 && dropped < 1000);
    for (uint64_t key = 1; key <= 1000 - dropped; key++)
        EXPECT(uf_native_store_take(store, key * 16, &block) && block.bytes == key);
    EXPECT(!uf_native_store_take(store, 1000 * 16, &block));
    uf_native_store_destroy(store);
}

TEST(equal_stacks_have_one_number_and_others_another)
{
    struct uf_native_store *store = make_store(10);
    const uint64_t native[] = {1, 2, 3}, python[] = {4, 5, 6, 7};
    struct uf_native_stack both = {native, python, 3, 2}, bare = {native, python, 3, 1};
    uint32_t first = uf_native_store_stack(store, &both);
    EXPECT(first != 0 && uf_native_store_stack(store, &both) == first);
    EXPECT(uf_native_store_stack(store, &bare) != first);
    EXPECT(uf_native_store_stack(store, &(struct uf_native_stack){0}) == 0);
    struct uf_native_stack again = uf_native_store_frames(store, first);
    EXPECT(again.native_count == 3 && again.python_count == 2);
    EXPECT(again.native[2] == 3 && again.python[3] == 7);
    EXPECT(uf_native_store_frames(store, 0).native_count == 0);
    EXPECT(uf_native_store_frames(store, 99).native_count == 0);
    uf_native_store_destroy(store);
}

TEST(without_room_for_another_stack_it_is_the_unknown_one)
{
    struct uf_native_store *store = NULL;
    EXPECT(uf_native_store_create(&store, 10, 3, 6, NULL) == UF_OK);
    for (uint64_t word = 1; word <= 5; word++) {
        const uint64_t native[] = {word, word};
        uint32_t number = uf_native_store_stack(
            store, &(struct uf_native_stack){.native = native, .native_count = 2});
        EXPECT(word <= 3 ? number == word : number == 0);
    }
    EXPECT(uf_native_store_dropped(store) == 2);
    uf_native_store_destroy(store);
}

enum { THREADS = 4, PER_THREAD = 20000 };

static void *churn(void *argument)
{
    struct uf_native_store *store = *(struct uf_native_store **)argument;
    uint64_t base = (uint64_t)(uintptr_t)pthread_self() << 8;
    struct uf_native_block block;
    for (uint64_t i = 1; i <= PER_THREAD; i++) {
        const uint64_t native[] = {i % 7, i % 3};
        uint32_t stack = uf_native_store_stack(
            store, &(struct uf_native_stack){.native = native, .native_count = 2});
        uf_native_store_add(store, &(struct uf_native_block){
                                       .key = base + i, .bytes = i, .stack = stack, .call = 1});
        if (i % 10 != 0)
            EXPECT(uf_native_store_take(store, base + i, &block) && block.bytes == i);
    }
    return NULL;
}

TEST(threads_that_write_at_a_time_lose_nothing)
{
    struct uf_native_store *store = NULL;
    EXPECT(uf_native_store_create(&store, THREADS * PER_THREAD, 100, 4000, NULL) == UF_OK);
    pthread_t threads[THREADS];
    uf_native_blocks left = {0};
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, churn, &store) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    EXPECT(uf_native_store_survivors(store, &left, NULL) == UF_OK);
    EXPECT(left.len == THREADS * PER_THREAD / 10);
    uf_vec_release(&left);
    uf_native_store_destroy(store);
}

static bool create_and_ask(void)
{
    struct uf_native_store *store = NULL;
    uf_native_blocks left = {0};
    bool fine = uf_native_store_create(&store, 10, 10, 100, NULL) == UF_OK &&
                uf_native_store_survivors(store, &left, NULL) == UF_OK;
    uf_vec_release(&left);
    uf_native_store_destroy(store);
    return fine;
}

TEST(memory_that_is_out_is_an_error)
{
    EXPECT(every_failed_allocation_is_an_error(create_and_ask));
}

int main(void)
{
    RUN(what_was_born_and_did_not_die_survives_in_the_order_of_keys);
    RUN(a_key_that_is_born_again_has_its_latest_birth);
    RUN(births_and_deaths_at_random_agree_with_a_plain_array);
    RUN(what_does_not_fit_is_counted_and_harms_nothing);
    RUN(equal_stacks_have_one_number_and_others_another);
    RUN(without_room_for_another_stack_it_is_the_unknown_one);
    RUN(threads_that_write_at_a_time_lose_nothing);
    RUN(memory_that_is_out_is_an_error);
    return test_end();
}
