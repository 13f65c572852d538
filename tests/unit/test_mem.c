#include "base/mem.h"

#include "random.h"
#include "test.h"

#include <stdbool.h>

#if defined __SANITIZE_ADDRESS__
static const bool under_malloc = true; /* mem.c hands blocks of malloc out: figures differ */
#else
static const bool under_malloc = false;
#endif

static void fill(unsigned char *block, size_t size, unsigned char seed)
{
    for (size_t i = 0; i < size; i++)
        block[i] = (unsigned char)(seed + i * 7);
}

static bool is_filled(const unsigned char *block, size_t size, unsigned char seed)
{
    for (size_t i = 0; i < size; i++)
        if (block[i] != (unsigned char)(seed + i * 7))
            return false;
    return true;
}

static bool is_zero(const unsigned char *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (block[i])
            return false;
    return true;
}

TEST(blocks_of_every_size_are_aligned_distinct_and_wholly_usable)
{
    enum { COUNT = 400 };
    unsigned char *blocks[COUNT];
    size_t sizes[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        sizes[i] = i < 300 ? i : i * i;
        blocks[i] = uf_mem_alloc(sizes[i]);
        EXPECT(blocks[i] && (uintptr_t)blocks[i] % 16 == 0);
        fill(blocks[i], sizes[i], (unsigned char)i);
    }
    for (size_t i = 0; i < COUNT; i++) {
        EXPECT(is_filled(blocks[i], sizes[i], (unsigned char)i));
        uf_mem_free(blocks[i]);
    }
}

TEST(a_zero_block_is_zero_even_where_a_used_one_was)
{
    static const size_t sizes[] = {1, 40, 300, 8192, 8193, 70000, 3000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *used = uf_mem_alloc(sizes[i]);
        memset(used, 0xff, sizes[i]);
        uf_mem_free(used);
        unsigned char *block = uf_mem_zalloc(sizes[i]);
        EXPECT(block && is_zero(block, sizes[i]));
        uf_mem_free(block);
    }
}

TEST(a_resized_block_keeps_what_it_held)
{
    static const size_t sizes[] = {10,      30,    100,  8192, 8200, 100000,
                                   5000000, 90000, 8193, 8000, 20,   1};
    unsigned char *block = NULL;
    size_t before = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        block = uf_mem_resize(block, sizes[i]);
        EXPECT(block && (uintptr_t)block % 16 == 0);
        EXPECT(is_filled(block, before < sizes[i] ? before : sizes[i], 5));
        fill(block, sizes[i], 5);
        before = sizes[i];
    }
    uf_mem_free(block);
}

TEST(a_zero_resized_block_is_zero_behind_what_was_used)
{
    static const size_t sizes[] = {10,     30,      100,   8192, 8200,   8300,
                                   100000, 5000000, 90000, 8193, 200000, 7000};
    unsigned char *block = NULL;
    size_t used = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (used > sizes[i] / 2)
            used = sizes[i] / 2;
        block = uf_mem_zresize(block, used, sizes[i]);
        EXPECT(block && is_filled(block, used, 9) && is_zero(block + used, sizes[i] - used));
        fill(block, sizes[i], 9); /* dirty to the end */
        used = sizes[i] / 3 * 2;
    }
    uf_mem_free(block);
}

TEST(random_use_never_mixes_blocks_up)
{
    enum { SLOTS = 500 };
    static unsigned char *blocks[SLOTS];
    static size_t sizes[SLOTS];
    uint64_t live = uf_mem_live_blocks();
    for (int step = 0; step < 100000; step++) {
        size_t slot = random_below(SLOTS);
        uint64_t kind = random_below(100);
        size_t size = kind < 80   ? random_below(300)
                      : kind < 99 ? random_below(20000)
                                  : random_below(300000);
        if (blocks[slot] &&
            !is_filled(blocks[slot], sizes[slot] < 64 ? sizes[slot] : 64, (unsigned char)slot))
            EXPECT(!"a block was overwritten");
        if (random_below(3) == 0) {
            blocks[slot] = uf_mem_resize(blocks[slot], size);
        } else {
            uf_mem_free(blocks[slot]);
            blocks[slot] = uf_mem_alloc(size);
        }
        sizes[slot] = size;
        fill(blocks[slot], size < 64 ? size : 64, (unsigned char)slot);
        if (size > 64)
            memset(blocks[slot] + 64, (int)slot, size - 64);
    }
    for (size_t i = 0; i < SLOTS; i++)
        uf_mem_free(blocks[i]);
    EXPECT(uf_mem_live_blocks() == live);
}

TEST(what_is_mapped_is_bounded_by_the_peak_of_what_was_live)
{
    enum { BYTES = 8 << 20 };
    static void *blocks[BYTES / 32];
    uf_mem_trim();
    uf_mem_reset_peak();
    size_t before = uf_mem_mapped_bytes();
    for (size_t size = 32; size <= 1 << 20; size *= 2) {
        size_t count = BYTES / size;
        for (size_t i = 0; i < count; i++)
            blocks[i] = uf_mem_alloc(size);
        for (size_t i = 0; i < count; i++)
            uf_mem_free(blocks[i]);
    }
    EXPECT(under_malloc || uf_mem_peak_bytes() - before < BYTES * 3 / 2);
    uf_mem_trim();
    EXPECT(under_malloc || uf_mem_mapped_bytes() <= before + BYTES * 3 / 2);
}

TEST(a_large_block_counts_as_mapped_until_it_is_freed_and_trimmed)
{
    uf_mem_trim();
    size_t before = uf_mem_mapped_bytes();
    uf_mem_reset_peak();
    char *block = uf_mem_alloc(10 << 20);
    EXPECT(uf_mem_mapped_bytes() - before >= 10 << 20);
    block = uf_mem_resize(block, 20 << 20);
    uf_mem_free(block);
    uf_mem_trim();
    EXPECT(uf_mem_mapped_bytes() == before);
    EXPECT(uf_mem_peak_bytes() - before >= 20 << 20 && uf_mem_peak_bytes() - before < 31 << 20);
    uf_mem_reset_peak();
    EXPECT(uf_mem_peak_bytes() == before);
}

TEST(a_size_that_cannot_be_is_refused)
{
    if (under_malloc)
        return; /* AddressSanitizer stops the program at such sizes */
    char *block = uf_mem_alloc(100);
    EXPECT(uf_mem_alloc(SIZE_MAX) == NULL);
    EXPECT(uf_mem_zalloc(SIZE_MAX - 5000) == NULL);
    EXPECT(uf_mem_resize(block, SIZE_MAX / 2) == NULL);
    uf_mem_free(block);
}

TEST(the_chosen_allocation_fails_once_and_leaves_the_old_block)
{
    uf_mem_fail_at(0);
    char *block = uf_mem_strdup("kept");
    EXPECT(uf_mem_fail_at(2) == 1);
    char *other = uf_mem_alloc(1);
    EXPECT(other != NULL);
    EXPECT(uf_mem_resize(block, 100) == NULL);
    EXPECT_TEXT(block, "kept");
    block = uf_mem_resize(block, 100);
    EXPECT(block != NULL);
    EXPECT_TEXT(block, "kept");
    EXPECT(uf_mem_fail_at(0) == 3);
    uf_mem_free(block);
    uf_mem_free(other);
}

TEST(texts_are_copied_and_printed)
{
    char *a = uf_mem_strdup(""), *b = uf_mem_printf("%s-%d", "x", 12),
         *c = uf_mem_printf("%0300d", 7);
    EXPECT_TEXT(a, "");
    EXPECT_TEXT(b, "x-12");
    EXPECT(strlen(c) == 300);
    uf_mem_free(a);
    uf_mem_free(b);
    uf_mem_free(c);
    uf_mem_free(NULL);
}

int main(void)
{
    RUN(what_is_mapped_is_bounded_by_the_peak_of_what_was_live);
    RUN(blocks_of_every_size_are_aligned_distinct_and_wholly_usable);
    RUN(a_zero_block_is_zero_even_where_a_used_one_was);
    RUN(a_resized_block_keeps_what_it_held);
    RUN(a_zero_resized_block_is_zero_behind_what_was_used);
    RUN(random_use_never_mixes_blocks_up);
    RUN(a_large_block_counts_as_mapped_until_it_is_freed_and_trimmed);
    RUN(a_size_that_cannot_be_is_refused);
    RUN(the_chosen_allocation_fails_once_and_leaves_the_old_block);
    RUN(texts_are_copied_and_printed);
    return test_end();
}
