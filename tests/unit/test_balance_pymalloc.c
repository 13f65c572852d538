/* Pools of Python's allocator in memory that was made up for it. */
#include "balance/pymalloc.h"

#include "balance_image.h"
#include "random.h"
#include "test.h"

#define ARENA UINT64_C(0x7f0000100000)
#define ARENA_BYTES (UINT64_C(1) << 20)
#define POOL UINT64_C(16384)
#define NEWER 0x030b0000
#define BLOCK 64
#define BEGUN 100

struct made {
    struct image image;
    unsigned char *arena;
};

/* A pool whose first BEGUN blocks were given out, and of these every second one is free again. */
static void make_pool(struct made *made, uint64_t pool, uint32_t arena)
{
    unsigned char *at = made->arena + pool * POOL;
    uint64_t base = ARENA + pool * POOL, next = 0;
    put32(at, 0, BEGUN / 2);
    put64(at, 16, base); /* neighbours: of no account */
    put64(at, 24, base);
    put32(at, 32, arena);
    put32(at, 36, BLOCK / 16 - 1);
    put32(at, 40, 48 + BEGUN * BLOCK);
    put32(at, 44, (uint32_t)(POOL - BLOCK));
    for (uint64_t i = 0; i < BEGUN; i += 2) {
        put64(at, 48 + i * BLOCK, next);
        next = base + 48 + i * BLOCK;
    }
    put64(at, 8, next);
}

static void make(struct made *made)
{
    *made = (struct made){0};
    made->arena = image_map(&made->image, ARENA, 2 * ARENA_BYTES, "");
    make_pool(made, 0, 5);
    make_pool(made, 2, 5);
    make_pool(made, 64, 6); /* of the next arena */
    image_seal(&made->image);
}

static enum uf_code walk(struct made *made, struct uf_areas *areas, struct uf_pymalloc *ret)
{
    return uf_pymalloc_walk(ret, areas, &made->image.memory, NEWER, NULL);
}

TEST(blocks_in_use_and_free_ones_are_told_apart)
{
    struct made made;
    struct uf_areas areas = {0};
    struct uf_pymalloc result;
    make(&made);
    EXPECT(walk(&made, &areas, &result) == UF_OK);
    EXPECT(result.arenas == 2 && result.pools == 3 && result.blocks == 3 * BEGUN / 2);
    EXPECT(areas.list.len == 2);
    EXPECT(areas.list.at[0].start == ARENA && areas.list.at[0].end == ARENA + 3 * POOL);
    EXPECT(areas.list.at[1].start == ARENA + 64 * POOL);
    const struct uf_area *area = &areas.list.at[0];
    EXPECT(uf_area_use(area, ARENA) == UF_USE_HEAD);
    EXPECT(uf_area_use(area, ARENA + 48) == UF_USE_FREE);
    EXPECT(uf_area_use(area, ARENA + 48 + BLOCK) == UF_USE_TAKEN);
    EXPECT(uf_area_use(area, ARENA + 48 + BEGUN * BLOCK) == UF_USE_FREE); /* never given out */
    EXPECT(uf_area_use(area, ARENA + POOL) == UF_USE_POOL);               /* between two pools */
    uf_areas_release(&areas);
    image_release(&made.image);
}

TEST(a_pool_without_blocks_in_use_is_free_as_a_whole)
{
    struct made made;
    struct uf_areas areas = {0};
    struct uf_pymalloc result;
    make(&made);
    uint64_t next = 0, base = ARENA + 2 * POOL;
    for (uint64_t i = 0; i < BEGUN; i++) {
        put64(made.arena + 2 * POOL, 48 + i * BLOCK, next);
        next = base + 48 + i * BLOCK;
    }
    put64(made.arena + 2 * POOL, 8, next);
    put32(made.arena + 2 * POOL, 0, 0);
    EXPECT(walk(&made, &areas, &result) == UF_OK);
    EXPECT(result.empty_pools == 1 && result.pools == 3);
    EXPECT(uf_area_use(&areas.list.at[0], base) == UF_USE_POOL);
    uf_areas_release(&areas);
    image_release(&made.image);
}

static uint32_t pools_after(uint64_t offset, uint64_t value, bool wide)
{
    struct made made;
    struct uf_areas areas = {0};
    struct uf_pymalloc result;
    make(&made);
    if (wide)
        put64(made.arena, offset, value);
    else
        put32(made.arena, offset, (uint32_t)value);
    EXPECT(walk(&made, &areas, &result) == UF_OK);
    uf_areas_release(&areas);
    image_release(&made.image);
    return result.pools;
}

TEST(what_contradicts_itself_is_no_pool)
{
    EXPECT(pools_after(0, BEGUN / 2 + 1, false) == 3); /* held between counting and taking */
    EXPECT(pools_after(0, BEGUN / 2 + 2, false) == 2);
    EXPECT(pools_after(0, BEGUN + 1, false) == 2);
    EXPECT(pools_after(8, ARENA + 48 + 8, true) == 2);    /* no block begins there */
    EXPECT(pools_after(8, ARENA + POOL + 48, true) == 2); /* of another pool */
    EXPECT(pools_after(48, ARENA + 48, true) == 2);       /* a list that does not end */
    EXPECT(pools_after(36, 32, false) == 2);              /* no such size */
    EXPECT(pools_after(40, 48 + BEGUN * BLOCK + 1, false) == 2);
    EXPECT(pools_after(44, (uint32_t)POOL, false) == 2);
}

TEST(pages_beside_pools_that_were_never_written_to_belong_to_the_arena)
{
    struct made made;
    struct uf_areas areas = {0};
    struct uf_pymalloc result;
    make(&made);
    made.arena[10 * POOL] = 1; /* somebody's, within the reach of the first arena */
    EXPECT(walk(&made, &areas, &result) == UF_OK);
    EXPECT(uf_pymalloc_extend(&result, &areas, &made.image.memory, NULL) == UF_OK);
    const struct uf_area *area = uf_areas_find(&areas, ARENA + 3 * POOL);
    EXPECT(area && area->number == 0 && area->end == ARENA + 10 * POOL);
    EXPECT(!uf_areas_find(&areas, ARENA + 10 * POOL));
    EXPECT(uf_areas_find(&areas, ARENA + 127 * POOL)); /* the second one, up to its size */
    uf_areas_release(&areas);
    image_release(&made.image);
}

TEST(damaged_memory_is_walked_to_its_end)
{
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct made made;
        struct uf_areas areas = {0};
        struct uf_pymalloc result;
        random_seed(seed);
        make(&made);
        for (uint64_t i = 0; i < 40; i++)
            made.arena[random_below(random_below(2) ? 64 : 3 * POOL)] =
                (unsigned char)random_number();
        EXPECT(walk(&made, &areas, &result) == UF_OK);
        EXPECT(result.pools >= 1 && result.pools <= 3);
        uf_areas_release(&areas);
        image_release(&made.image);
    }
}

int main(void)
{
    RUN(blocks_in_use_and_free_ones_are_told_apart);
    RUN(a_pool_without_blocks_in_use_is_free_as_a_whole);
    RUN(what_contradicts_itself_is_no_pool);
    RUN(pages_beside_pools_that_were_never_written_to_belong_to_the_arena);
    RUN(damaged_memory_is_walked_to_its_end);
    return test_end();
}
