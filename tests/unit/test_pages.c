#include "base/pages.h"

#include "random.h"
#include "test.h"

#define PAGES(n) ((size_t)(n) * UF_PAGE_BYTES)
#define LARGE PAGES(256)

static bool is_zero(const char *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (at[i])
            return false;
    return true;
}

TEST(pages_given_back_are_taken_again_without_a_new_mapping)
{
    bool fresh;
    uf_pages_trim();
    char *at = uf_pages_take(LARGE, UF_PAGE_BYTES, &fresh);
    EXPECT(at && fresh && is_zero(at, LARGE));
    size_t mapped = uf_pages_mapped_bytes();
    uf_pages_give(at, LARGE, UF_PAGES_LARGE);
    EXPECT(uf_pages_mapped_bytes() == mapped);
    char *again = uf_pages_take(LARGE, UF_PAGE_BYTES, &fresh);
    EXPECT(again == at && !fresh && uf_pages_mapped_bytes() == mapped);
    uf_pages_give(again, LARGE, UF_PAGES_LARGE);
    uf_pages_trim();
    EXPECT(uf_pages_mapped_bytes() == mapped - LARGE);
}

TEST(neighbours_given_back_in_any_order_are_joined)
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (int i = 0; i < 6; i++) {
        bool fresh;
        uf_pages_trim();
        char *at = uf_pages_take(3 * LARGE, UF_PAGE_BYTES, &fresh);
        for (int j = 0; j < 3; j++)
            uf_pages_give(at + (size_t)orders[i][j] * LARGE, LARGE, UF_PAGES_LARGE);
        EXPECT(uf_pages_take(3 * LARGE, UF_PAGE_BYTES, &fresh) == at && !fresh);
        uf_pages_give(at, 3 * LARGE, UF_PAGES_LARGE);
    }
}

TEST(the_smallest_extent_that_serves_is_taken)
{
    bool fresh;
    uf_pages_trim();
    char *at = uf_pages_take(8 * LARGE, UF_PAGE_BYTES, &fresh);
    uf_pages_give(at, 4 * LARGE, UF_PAGES_LARGE);
    uf_pages_give(at + 5 * LARGE, 2 * LARGE, UF_PAGES_LARGE);
    EXPECT(uf_pages_take(2 * LARGE, UF_PAGE_BYTES, &fresh) == at + 5 * LARGE);
    EXPECT(uf_pages_take(2 * LARGE, UF_PAGE_BYTES, &fresh) == at);
    EXPECT(uf_pages_extend(at, 2 * LARGE, 2 * LARGE, UF_PAGES_LARGE));
    EXPECT(!uf_pages_extend(at, 4 * LARGE, LARGE, UF_PAGES_LARGE));
    uf_pages_give(at, 8 * LARGE, UF_PAGES_LARGE);
}

TEST(small_requests_leave_large_extents_whole)
{
    bool fresh;
    uf_pages_trim();
    char *at = uf_pages_take(LARGE, UF_PAGE_BYTES, &fresh);
    uf_pages_give(at, LARGE, UF_PAGES_LARGE);
    char *small = uf_pages_take(PAGES(16), PAGES(16), &fresh);
    EXPECT(small && !fresh && (size_t)small % PAGES(16) == 0);
    EXPECT(uf_pages_take(LARGE, UF_PAGE_BYTES, &fresh) == at);
    uf_pages_give(at, LARGE, UF_PAGES_LARGE);
    uf_pages_give(small, PAGES(16), UF_PAGES_SMALL);
}

TEST(a_moved_mapping_keeps_its_contents_and_gains_zeros)
{
    bool fresh;
    uf_pages_trim();
    char *at = uf_pages_take(LARGE, UF_PAGE_BYTES, &fresh);
    memset(at, 7, LARGE);
    at = uf_pages_move(at, LARGE, 40 * LARGE);
    EXPECT(at && at[0] == 7 && at[LARGE - 1] == 7 && is_zero(at + LARGE, 39 * LARGE));
    size_t mapped = uf_pages_mapped_bytes();
    uf_pages_give(at, 40 * LARGE, UF_PAGES_MOVED);
    EXPECT(uf_pages_mapped_bytes() == mapped - 40 * LARGE);
}

TEST(what_is_mapped_never_exceeds_the_peak_of_use)
{
    enum { SLOTS = 40 };
    static char *at[SLOTS];
    static size_t bytes[SLOTS];
    size_t used = 0, peak = 0;
    uf_pages_trim();
    size_t before = uf_pages_mapped_bytes();
    EXPECT(before == 0);
    /* The peaks of the tests before count too: begin with one that exceeds them. */
    bool fresh;
    char *most = uf_pages_take(100 * LARGE, UF_PAGE_BYTES, &fresh);
    uf_pages_give(most, 100 * LARGE, UF_PAGES_LARGE);
    peak = 100 * LARGE;
    for (int step = 0; step < 20000; step++) {
        size_t slot = random_below(SLOTS);
        if (at[slot]) {
            for (size_t i = 0; i < bytes[slot]; i += UF_PAGE_BYTES)
                if (at[slot][i + 100] != (char)slot)
                    EXPECT(!"pages were mixed up");
            uf_pages_give(at[slot], bytes[slot], uf_pages_pool_for(bytes[slot]));
            used -= bytes[slot];
            at[slot] = NULL;
        }
        if (random_below(3) == 0)
            continue;
        bytes[slot] = PAGES(1 + random_below(random_below(2) ? 60 : 1500));
        at[slot] = uf_pages_take(bytes[slot], UF_PAGE_BYTES, &fresh);
        used += bytes[slot];
        peak = used > peak ? used : peak;
        for (size_t i = 0; i < bytes[slot]; i += UF_PAGE_BYTES)
            at[slot][i + 100] = (char)slot;
        if (uf_pages_mapped_bytes() > peak + PAGES(128))
            EXPECT(!"more is mapped than was ever in use");
    }
    for (size_t slot = 0; slot < SLOTS; slot++)
        if (at[slot])
            uf_pages_give(at[slot], bytes[slot], uf_pages_pool_for(bytes[slot]));
    uf_pages_trim();
    EXPECT(uf_pages_mapped_bytes() == 0);
}

TEST(the_peak_is_counted_from_its_reset)
{
    bool fresh;
    uf_pages_trim();
    uf_pages_reset_peak();
    char *at = uf_pages_take(LARGE, UF_PAGE_BYTES, &fresh);
    uf_pages_give(at, LARGE, UF_PAGES_LARGE);
    uf_pages_trim();
    EXPECT(uf_pages_mapped_bytes() == 0 && uf_pages_peak_bytes() == LARGE);
    uf_pages_reset_peak();
    EXPECT(uf_pages_peak_bytes() == 0);
}

TEST(more_than_there_is_is_refused)
{
    bool fresh;
    EXPECT(uf_pages_take((size_t)1 << 60, UF_PAGE_BYTES, &fresh) == NULL);
    char *at = uf_pages_take(LARGE, UF_PAGE_BYTES, &fresh);
    EXPECT(uf_pages_move(at, LARGE, (size_t)1 << 60) == NULL);
    uf_pages_give(at, LARGE, UF_PAGES_LARGE);
}

int main(void)
{
    RUN(pages_given_back_are_taken_again_without_a_new_mapping);
    RUN(neighbours_given_back_in_any_order_are_joined);
    RUN(the_smallest_extent_that_serves_is_taken);
    RUN(small_requests_leave_large_extents_whole);
    RUN(a_moved_mapping_keeps_its_contents_and_gains_zeros);
    RUN(what_is_mapped_never_exceeds_the_peak_of_use);
    RUN(the_peak_is_counted_from_its_reset);
    RUN(more_than_there_is_is_refused);
    return test_end();
}
