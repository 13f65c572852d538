#include "base/map.h"

#include "fail.h"
#include "random.h"
#include "test.h"

TEST(an_empty_map_holds_nothing)
{
    struct uf_map map = {0};
    EXPECT(uf_map_get(&map, 5) == UF_MAP_NONE);
    uf_map_clear(&map);
    uf_map_release(&map);
}

TEST(key_0_is_in_no_map)
{
    struct uf_map map = {0};
    EXPECT(uf_map_set(&map, 7, 1) == 0);
    EXPECT(uf_map_get(&map, 0) == UF_MAP_NONE);
    uf_map_release(&map);
}

TEST(a_map_agrees_with_a_list_of_pairs)
{
    enum { KEYS = 3000 };
    static uint64_t keys[KEYS];
    static uint32_t values[KEYS];
    struct uf_map map = {0};
    for (uint32_t i = 0; i < KEYS; i++)
        keys[i] = i % 2 ? (random_number() | 1) : UINT64_C(0x7f0000000000) + i * 4096;
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < KEYS; i++) {
            values[i] = i + round * 10000;
            EXPECT(uf_map_set(&map, keys[i], values[i]) == 0);
        }
        EXPECT(map.len == KEYS && map.len <= map.cap / 2);
    }
    for (uint32_t i = 0; i < KEYS; i++) {
        EXPECT(uf_map_get(&map, keys[i]) == values[i]);
        EXPECT(uf_map_get(&map, keys[i] + 2) == UF_MAP_NONE);
    }
    uf_map_clear(&map);
    EXPECT(map.len == 0 && map.cap > 0 && uf_map_get(&map, keys[0]) == UF_MAP_NONE);
    EXPECT(uf_map_set(&map, keys[0], 9) == 0 && uf_map_get(&map, keys[0]) == 9);
    uf_map_release(&map);
}

static bool set_many(void)
{
    struct uf_map map = {0};
    uint64_t key = 0;
    bool done = true;
    while (key < 2000 && done) {
        done = uf_map_set(&map, key + 1, (uint32_t)key) == 0;
        key += done;
    }
    EXPECT(map.len == key);
    for (uint64_t i = 0; i < key; i++)
        if (uf_map_get(&map, i + 1) != i)
            EXPECT(!"changed");
    uf_map_release(&map);
    return done;
}

TEST(out_of_memory_leaves_the_map_as_it_was)
{
    EXPECT(every_failed_allocation_is_an_error(set_many));
}

int main(void)
{
    RUN(an_empty_map_holds_nothing);
    RUN(key_0_is_in_no_map);
    RUN(a_map_agrees_with_a_list_of_pairs);
    RUN(out_of_memory_leaves_the_map_as_it_was);
    return test_end();
}
