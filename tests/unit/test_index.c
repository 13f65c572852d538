#include "graph/index.h"

#include "fail.h"
#include "random.h"
#include "test.h"

#include <stdlib.h>

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* An address as heaps have them: in arenas, at the program, in libraries, or anywhere. */
static uint64_t random_address(void)
{
    switch (random_below(4)) {
    case 0:
        return 0x7f1234000000 + random_below(1 << 20) * 8;
    case 1:
        return 0x555555550000 + random_below(1 << 14) * 8;
    case 2:
        return (0x7f0000000000 + random_below(40) * (1 << 21)) + random_below(600) * 8 + 8;
    default:
        return (random_number() & 0x0000fffffffffff8) | 8;
    }
}

TEST(only_addresses_an_object_can_have_are_valid)
{
    EXPECT(!uf_index_valid(0));
    EXPECT(uf_index_valid(8));
    EXPECT(!uf_index_valid(12));
    EXPECT(!uf_index_valid(0x7f0000000001));
    EXPECT(uf_index_valid(0x0000fffffffffff8));
    EXPECT(!uf_index_valid(0x0001000000000000));
    EXPECT(!uf_index_valid(UINT64_MAX - 7));
    EXPECT(!uf_index_valid(UINT64_MAX));
}

TEST(the_lowest_and_the_highest_address_are_kept_apart)
{
    struct uf_index index;
    EXPECT(uf_index_init(&index) == 0);
    EXPECT(!uf_index_has(&index, 8) && !uf_index_has(&index, 0x0000fffffffffff8));
    EXPECT(uf_index_enter(&index, 8) == 1 && uf_index_enter(&index, 0x0000fffffffffff8) == 1);
    EXPECT(uf_index_enter(&index, 8) == 0 && uf_index_has(&index, 0x0000fffffffffff8));
    EXPECT(!uf_index_has(&index, 16) && !uf_index_has(&index, 0x0000fffffffffff0));
    uf_index_release(&index);
}

TEST(every_bit_of_a_page_gets_its_own_rank)
{
    struct uf_index index;
    EXPECT(uf_index_init(&index) == 0);
    for (uint64_t i = 0; i < 1024; i++)
        EXPECT(uf_index_enter(&index, 0x7f0000000000 + i * 8) == 1);
    EXPECT(uf_index_rank(&index) == 0);
    for (uint64_t i = 0; i < 1024; i++)
        EXPECT(uf_index_rank_of(&index, 0x7f0000000000 + i * 8) == i);
    EXPECT(uf_index_rank_of(&index, 0x7f0000000000 - 8) == UF_INDEX_ABSENT);
    EXPECT(uf_index_rank_of(&index, 0x100000) == UF_INDEX_ABSENT);
    uf_index_release(&index);
}

TEST(the_index_agrees_with_a_sorted_array)
{
    enum { COUNT = 60000 };
    static uint64_t asked[COUNT], sorted[COUNT];
    static uint8_t new[COUNT], rank_taken[COUNT];
    struct uf_index index;
    EXPECT(uf_index_init(&index) == 0);
    for (size_t i = 0; i < COUNT; i++) {
        asked[i] = sorted[i] = random_address();
        int entered = uf_index_enter(&index, asked[i]);
        EXPECT(entered == 0 || entered == 1);
        new[i] = entered == 1;
    }
    qsort(sorted, COUNT, sizeof *sorted, by_number);
    size_t distinct = 0, entered = 0;
    for (size_t i = 0; i < COUNT; i++) {
        entered += new[i];
        if (i == 0 || sorted[i] != sorted[i - 1])
            sorted[distinct++] = sorted[i];
    }
    EXPECT(distinct == entered);
    EXPECT(uf_index_rank(&index) == 0);
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t rank = uf_index_rank_of(&index, asked[i]);
        if (rank >= distinct)
            EXPECT(!"a rank is out of range");
        else if (new[i] && rank_taken[rank]++)
            EXPECT(!"a rank was given twice");
        uint64_t other = random_address();
        bool there = bsearch(&other, sorted, distinct, sizeof other, by_number) != NULL;
        if (uf_index_has(&index, other) != there ||
            (uf_index_rank_of(&index, other) != UF_INDEX_ABSENT) != there)
            EXPECT(!"index and sorted array disagree");
    }
    uf_index_release(&index);
}

TEST(the_index_of_a_dense_heap_takes_little)
{
    struct uf_index index;
    size_t before = uf_mem_mapped_bytes(), heap_bytes = (size_t)256 << 20;
    EXPECT(uf_index_init(&index) == 0);
    for (size_t at = 0; at < heap_bytes; at += 64)
        if (uf_index_enter(&index, 0x7f0000000000 + at) != 1)
            EXPECT(!"not new");
    EXPECT(uf_index_rank(&index) == 0);
    EXPECT((uf_mem_mapped_bytes() - before) * 1000 < heap_bytes * 25);
    uf_index_release(&index);
}

static bool enter_everywhere(void)
{
    struct uf_index index;
    bool done = uf_index_init(&index) == 0;
    if (!done)
        return false;
    for (uint64_t i = 1; i < 60 && done; i++) {
        uint64_t address = i << 38 | i << 23 | i << 3;
        done = uf_index_enter(&index, address) == 1;
        EXPECT(uf_index_has(&index, address) == done);
    }
    done = done && uf_index_rank(&index) == 0;
    uf_index_release(&index);
    return done;
}

TEST(out_of_memory_is_an_error_and_leaks_nothing)
{
    EXPECT(every_failed_allocation_is_an_error(enter_everywhere));
}

int main(void)
{
    RUN(only_addresses_an_object_can_have_are_valid);
    RUN(the_lowest_and_the_highest_address_are_kept_apart);
    RUN(every_bit_of_a_page_gets_its_own_rank);
    RUN(the_index_agrees_with_a_sorted_array);
    RUN(the_index_of_a_dense_heap_takes_little);
    RUN(out_of_memory_is_an_error_and_leaks_nothing);
    return test_end();
}
