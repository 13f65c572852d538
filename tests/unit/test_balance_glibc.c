/* Heaps of malloc in memory that was made up for it: one main arena, as glibc 2.36 lays it out. */
#include "balance/glibc.h"

#include "balance_image.h"
#include "random.h"
#include "test.h"

#define LIBC UINT64_C(0x7f0000200000)
#define STATE (LIBC + 0x400) /* main_arena */
#define BINS (STATE + 112)
#define HEAP UINT64_C(0x555500000000)
#define HEAP_BYTES (UINT64_C(64) << 10)
#define CACHE_BYTES 0x290 /* tcache_perthread_struct with its head */

struct made {
    struct image image;
    unsigned char *libc, *heap;
    uint64_t top;
};

static void put_chunk(struct made *made, uint64_t offset, uint64_t size, bool before_in_use)
{
    put64(made->heap, offset + 8, size | before_in_use);
    if (!before_in_use)
        put64(made->heap, offset, 0);
}

/* Chunks: the cache of the thread, in use, free (in the unsorted bin), in use, cached, in a fastbin, in use, top. */
enum {
    CACHE = 0,
    USED = CACHE_BYTES,
    FREE = USED + 64,
    AFTER = FREE + 2048,
    CACHED = AFTER + 48,
    FAST = CACHED + 48,
    LAST = FAST + 32,
    TOP = LAST + 512
};

static void make(struct made *made)
{
    *made = (struct made){.top = HEAP + TOP};
    made->heap = image_map(&made->image, HEAP, HEAP_BYTES, "[heap]");
    made->libc = image_map(&made->image, LIBC, 0x4000, "/lib/libc.so.6");
    put_chunk(made, CACHE, CACHE_BYTES, true);
    put_chunk(made, USED, 64, true);
    put_chunk(made, FREE, 2048, true);
    put_chunk(made, AFTER, 48, false);
    put64(made->heap, AFTER, 2048); /* size of the free one before */
    put_chunk(made, CACHED, 48, true);
    put_chunk(made, FAST, 32, true);
    put_chunk(made, LAST, 512, true);
    put_chunk(made, TOP, HEAP_BYTES - TOP, true);
    /* the cache: one chunk of 48 bytes; links are mixed with where they stand (2.32) */
    uint64_t cached = HEAP + CACHED + 16, fast = HEAP + FAST;
    made->heap[CACHE + 16 + 2] = 1;
    put64(made->heap, CACHE + 16 + 128 + 8, cached);
    put64(made->heap, CACHED + 16, cached >> 12);
    put64(made->heap, FAST + 16, (fast + 16) >> 12);
    /* malloc_state */
    unsigned char *state = made->libc + (STATE - LIBC);
    put64(state, 16, fast);
    put64(state, 96, made->top);
    for (uint64_t i = 0; i < 127; i++) {
        put64(state, 112 + i * 16, BINS + i * 16 - 16);
        put64(state, 120 + i * 16, BINS + i * 16 - 16);
    }
    put64(state, 112, HEAP + FREE);
    put64(state, 120, HEAP + FREE);
    put64(made->heap, FREE + 16, BINS - 16);
    put64(made->heap, FREE + 24, BINS - 16);
    put64(state, 2160, STATE); /* next: itself */
    put64(state, 2184, HEAP_BYTES);
    image_seal(&made->image);
}

static enum uf_use use_of(const struct uf_areas *areas, uint64_t offset)
{
    const struct uf_area *area = uf_areas_find(areas, HEAP + offset);
    return area ? uf_area_use(area, HEAP + offset) : UF_USE_INSIDE;
}

TEST(an_arena_is_found_without_symbols_and_each_chunk_is_told)
{
    struct made made;
    struct uf_areas areas = {0};
    struct uf_glibc glibc = {0};
    make(&made);
    EXPECT(uf_glibc_walk(&glibc, &areas, &made.image.memory, NULL) == UF_OK);
    EXPECT(glibc.arenas.len == 1 && glibc.arenas.at[0].address == STATE);
    EXPECT(glibc.arenas.at[0].main && glibc.arenas.at[0].system_bytes == HEAP_BYTES);
    EXPECT(glibc.breaks == 0 && glibc.caches == 1);
    EXPECT(use_of(&areas, CACHE) == UF_USE_TAKEN && use_of(&areas, USED) == UF_USE_TAKEN);
    EXPECT(use_of(&areas, FREE) == UF_USE_FREE && use_of(&areas, AFTER) == UF_USE_TAKEN);
    EXPECT(use_of(&areas, CACHED) == UF_USE_CACHED && use_of(&areas, FAST) == UF_USE_FAST);
    EXPECT(use_of(&areas, LAST) == UF_USE_TAKEN && use_of(&areas, TOP) == UF_USE_TOP);
    uf_glibc_release(&glibc);
    uf_areas_release(&areas);
    image_release(&made.image);
}

TEST(a_chain_that_breaks_is_taken_up_again_behind_the_damage)
{
    struct made made;
    struct uf_areas areas = {0};
    struct uf_glibc glibc = {0};
    make(&made);
    put64(made.heap, USED + 8, 0x4141414141414141);
    EXPECT(uf_glibc_walk(&glibc, &areas, &made.image.memory, NULL) == UF_OK);
    EXPECT(glibc.breaks == 1);
    EXPECT(use_of(&areas, USED) == UF_USE_TAKEN && use_of(&areas, FREE) == UF_USE_FREE);
    EXPECT(use_of(&areas, TOP) == UF_USE_TOP);
    uf_glibc_release(&glibc);
    uf_areas_release(&areas);
    image_release(&made.image);
}

TEST(a_cache_whose_lists_are_not_as_long_as_it_says_is_none)
{
    struct made made;
    struct uf_areas areas = {0};
    struct uf_glibc glibc = {0};
    make(&made);
    made.heap[CACHE + 16 + 2] = 7;
    EXPECT(uf_glibc_walk(&glibc, &areas, &made.image.memory, NULL) == UF_OK);
    EXPECT(glibc.caches == 0 && use_of(&areas, CACHED) == UF_USE_TAKEN);
    uf_glibc_release(&glibc);
    uf_areas_release(&areas);
    image_release(&made.image);
}

TEST(an_arena_whose_bins_do_not_refer_back_is_none)
{
    struct made made;
    struct uf_areas areas = {0};
    struct uf_glibc glibc = {0};
    make(&made);
    put64(made.heap, FREE + 24, BINS);
    EXPECT(uf_glibc_walk(&glibc, &areas, &made.image.memory, NULL) == UF_OK);
    EXPECT(glibc.arenas.len == 0 && areas.list.len == 0);
    uf_glibc_release(&glibc);
    uf_areas_release(&areas);
    image_release(&made.image);
}

TEST(damaged_memory_is_walked_to_its_end)
{
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct made made;
        struct uf_areas areas = {0};
        struct uf_glibc glibc = {0};
        random_seed(seed);
        make(&made);
        for (uint64_t i = random_below(30); i > 0; i--) {
            bool in_heap = random_below(3) != 0;
            unsigned char *bytes = in_heap ? made.heap : made.libc + (STATE - LIBC);
            uint64_t at = random_below(in_heap ? TOP + 64 : 2200) & ~UINT64_C(7);
            put64(bytes, at,
                  random_below(2) ? HEAP + (random_below(TOP) & ~UINT64_C(15)) : random_number());
        }
        EXPECT(uf_glibc_walk(&glibc, &areas, &made.image.memory, NULL) == UF_OK);
        uf_glibc_release(&glibc);
        uf_areas_release(&areas);
        image_release(&made.image);
    }
}

TEST(want_of_memory_is_reported)
{
    for (uint64_t nth = 1;; nth++) {
        struct made made;
        struct uf_areas areas = {0};
        struct uf_glibc glibc = {0};
        make(&made);
        (void)uf_mem_fail_at(nth);
        enum uf_code code = uf_glibc_walk(&glibc, &areas, &made.image.memory, NULL);
        uint64_t made_here = uf_mem_fail_at(0);
        uf_glibc_release(&glibc);
        uf_areas_release(&areas);
        image_release(&made.image);
        EXPECT(code == (nth <= made_here ? UF_ENOMEM : UF_OK));
        if (nth > made_here)
            break;
    }
}

int main(void)
{
    RUN(an_arena_is_found_without_symbols_and_each_chunk_is_told);
    RUN(a_chain_that_breaks_is_taken_up_again_behind_the_damage);
    RUN(a_cache_whose_lists_are_not_as_long_as_it_says_is_none);
    RUN(an_arena_whose_bins_do_not_refer_back_is_none);
    RUN(damaged_memory_is_walked_to_its_end);
    RUN(want_of_memory_is_reported);
    return test_end();
}
