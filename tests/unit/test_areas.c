/* Areas: blocks found from any address in them, against a table that says so byte by byte. */
#include "balance/areas.h"

#include "random.h"
#include "test.h"

#define BASE UINT64_C(0x7f0000000000)

TEST(an_area_that_overlaps_another_is_refused_and_nothing_changes)
{
    struct uf_areas areas = {0};
    struct uf_area *area;
    EXPECT(uf_areas_add(&areas, BASE, BASE + 160, UF_AREA_GLIBC, 0, UF_USE_HEAD, &area, NULL) == 0);
    EXPECT(uf_areas_add_whole(&areas, BASE + 144, BASE + 320, UF_AREA_CHUNK, 0, UF_USE_TAKEN,
                              NULL) == UF_EINVAL);
    EXPECT(uf_areas_add_whole(&areas, BASE - 16, BASE + 16, UF_AREA_CHUNK, 0, UF_USE_TAKEN, NULL) ==
           UF_EINVAL);
    EXPECT(uf_areas_add_whole(&areas, BASE + 160, BASE + 160, UF_AREA_CHUNK, 0, UF_USE_TAKEN,
                              NULL) == UF_EINVAL);
    EXPECT(uf_areas_add_whole(&areas, BASE + 161, BASE + 176, UF_AREA_CHUNK, 0, UF_USE_TAKEN,
                              NULL) == UF_EINVAL);
    EXPECT(areas.list.len == 1);
    EXPECT(uf_areas_add_whole(&areas, BASE - 32, BASE, UF_AREA_CHUNK, 0, UF_USE_TAKEN, NULL) == 0);
    EXPECT(areas.list.len == 2 && areas.list.at[0].end == BASE);
    uf_areas_release(&areas);
}

TEST(the_block_of_any_address_is_the_one_that_was_entered)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct uf_areas areas = {0};
        struct uf_area *area;
        uint64_t starts[64], granules = 1 + random_below(64), count = 0;
        random_seed(seed);
        granules = 1 + random_below(64);
        EXPECT(uf_areas_add(&areas, BASE, BASE + granules * 16, UF_AREA_PYMALLOC, 3, UF_USE_HEAD,
                            &area, NULL) == UF_OK);
        for (uint64_t i = 0; i < granules; i++) {
            if (i == 0 || random_below(3) == 0) {
                starts[count++] = BASE + i * 16;
                uf_area_set(area, BASE + i * 16, i ? UF_USE_TAKEN : UF_USE_HEAD);
            }
        }
        for (uint64_t i = 0; i < count; i++) {
            uint64_t end = i + 1 < count ? starts[i + 1] : BASE + granules * 16;
            struct uf_area_block block;
            for (uint64_t at = starts[i]; at < end; at += 8) {
                bool found = uf_areas_block(&areas, at, 160, &block);
                EXPECT(found == ((at - starts[i]) / 16 <= 10));
                EXPECT(!found || (block.start == starts[i] && block.end == end));
            }
            EXPECT(uf_area_next(area, i ? starts[i - 1] + 16 : BASE, &block));
            EXPECT(block.start == starts[i] && block.end == end);
        }
        EXPECT(!uf_areas_find(&areas, BASE - 1) && !uf_areas_find(&areas, BASE + granules * 16));
        uf_areas_release(&areas);
    }
}

TEST(an_area_that_is_one_block_has_no_table)
{
    struct uf_areas areas = {0};
    struct uf_area_block block;
    EXPECT(uf_areas_add_whole(&areas, BASE, BASE + (1 << 20), UF_AREA_CHUNK, 0, UF_USE_TAKEN,
                              NULL) == UF_OK);
    EXPECT(areas.list.at[0].uses == NULL);
    EXPECT(uf_areas_block(&areas, BASE + 16, 640, &block) && block.end == BASE + (1 << 20));
    EXPECT(!uf_areas_block(&areas, BASE + 4096, 640, &block));
    uf_area_set(block.area, block.start, UF_USE_OBJECT);
    EXPECT(uf_area_use(&areas.list.at[0], BASE) == UF_USE_OBJECT);
    EXPECT(uf_area_use(&areas.list.at[0], BASE + 16) == UF_USE_INSIDE);
    uf_areas_release(&areas);
}

int main(void)
{
    RUN(an_area_that_overlaps_another_is_refused_and_nothing_changes);
    RUN(the_block_of_any_address_is_the_one_that_was_entered);
    RUN(an_area_that_is_one_block_has_no_table);
    return test_end();
}
