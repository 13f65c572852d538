#include "memory/ranges.h"
#include "test.h"

#include <stdlib.h>

static unsigned char bytes[4][3 * 4096];

static void fill(void)
{
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < sizeof bytes[0]; k++)
            bytes[i][k] = (unsigned char)(k * 31 + k / 255 + i * 101);
}

static const unsigned char *view(const struct uf_ranges *ranges, uint64_t address, size_t size)
{
    return uf_source_view(&ranges->source, address, size);
}

TEST(what_was_added_is_viewed_and_nothing_beside_it)
{
    struct uf_ranges ranges = {0};
    EXPECT(uf_ranges_add(&ranges, 0x9000, bytes[1], 4096, NULL) == UF_OK);
    EXPECT(uf_ranges_add(&ranges, 0x1000, bytes[0], 100, NULL) == UF_OK);
    EXPECT(uf_ranges_add(&ranges, 0x5000, bytes[2], 0, NULL) == UF_OK);
    EXPECT(uf_ranges_seal(&ranges, NULL) == UF_OK);
    for (int round = 0; round < 2; round++) { /* as remembered, too */
        EXPECT(view(&ranges, 0x1000, 100) == bytes[0]);
        EXPECT(view(&ranges, 0x1063, 1) == bytes[0] + 99);
        EXPECT(!view(&ranges, 0x1063, 2) && !view(&ranges, 0x1064, 1) && !view(&ranges, 0xfff, 1));
        EXPECT(!view(&ranges, 0x5000, 1) && !view(&ranges, 0, 1));
        EXPECT(!view(&ranges, 0x1001, SIZE_MAX) && !view(&ranges, UINT64_MAX, 1));
        EXPECT(view(&ranges, 0x9000, 4096) == bytes[1]);
    }
    uf_ranges_release(&ranges);
}

TEST(ranges_that_overlap_or_wrap_around_are_refused)
{
    struct uf_ranges ranges = {0};
    EXPECT(uf_ranges_add(&ranges, UINT64_MAX - 10, bytes[0], 100, NULL) == UF_EINVAL);
    EXPECT(uf_ranges_add(&ranges, 0x1000, bytes[0], 100, NULL) == UF_OK);
    EXPECT(uf_ranges_add(&ranges, 0x1063, bytes[0], 100, NULL) == UF_OK);
    EXPECT(uf_ranges_seal(&ranges, NULL) == UF_ECORRUPT);
    uf_ranges_release(&ranges);
}

TEST(neighbours_here_and_there_become_one)
{
    struct uf_ranges ranges = {0};
    EXPECT(uf_ranges_add(&ranges, 0x1000, bytes[0], 100, NULL) == UF_OK);
    EXPECT(uf_ranges_add(&ranges, 0x1064, bytes[0] + 100, 100, NULL) == UF_OK);
    EXPECT(uf_ranges_seal(&ranges, NULL) == UF_OK);
    EXPECT(ranges.list.len == 1 && view(&ranges, 0x1000, 200) == bytes[0]);
    uf_ranges_release(&ranges);
}

/* Three neighbours whose bytes lie anywhere here, then a gap. */
static void three(struct uf_ranges *ranges)
{
    *ranges = (struct uf_ranges){0};
    uf_ranges_add(ranges, 0x10000, bytes[2], 0x2000, NULL);
    uf_ranges_add(ranges, 0x12000, bytes[0], 0x1000, NULL);
    uf_ranges_add(ranges, 0x13000, bytes[3], 0x3000, NULL);
    uf_ranges_add(ranges, 0x17000, bytes[1], 0x1000, NULL);
    EXPECT(uf_ranges_seal(ranges, NULL) == UF_OK);
}

static unsigned char byte_of(uint64_t address)
{
    if (address < 0x12000)
        return bytes[2][address - 0x10000];
    return address < 0x13000 ? bytes[0][address - 0x12000] : bytes[3][address - 0x13000];
}

TEST(a_view_over_neighbours_has_the_bytes_of_each)
{
    struct uf_ranges ranges;
    uint64_t blocks = uf_mem_live_blocks(), seed = 3;
    three(&ranges);
    for (int round = 0; round < 3000; round++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint64_t at = 0x10000 + (seed >> 20) % 0x6000;
        size_t size = (size_t)(1 + (seed >> 45) % 0x4000);
        const unsigned char *is = view(&ranges, at, size);
        bool there = at + size <= 0x16000;
        EXPECT((is != NULL) == there);
        for (size_t i = 0; is && i < size; i += size > 100 ? 37 : 1)
            EXPECT(is[i] == byte_of(at + i));
    }
    EXPECT(ranges.joints.len > 0 && ranges.joint_bytes <= (uint64_t)16 << 20);
    uf_ranges_release(&ranges);
    EXPECT(uf_mem_live_blocks() == blocks);
}

TEST(what_lies_over_a_seam_is_copied_once)
{
    struct uf_ranges ranges;
    three(&ranges);
    const unsigned char *first = view(&ranges, 0x11ff0, 32), *second = view(&ranges, 0x11fe0, 64);
    EXPECT(first && second && first == second + 0x10);
    EXPECT(ranges.joints.len == 1 && ranges.joint_bytes == 0x2000);
    EXPECT(!view(&ranges, 0x15ff0, 32)); /* behind it is a gap */
    EXPECT(ranges.joints.len == 1);
    uf_ranges_release(&ranges);
}

TEST(copies_over_seams_are_bounded)
{
    struct uf_ranges ranges = {0};
    size_t size = (size_t)3 << 20;
    unsigned char *large = calloc(2, size);
    uf_ranges_add(&ranges, 0x10000000, large + size, size, NULL);
    uf_ranges_add(&ranges, 0x10000000 + size, large, size, NULL);
    EXPECT(uf_ranges_seal(&ranges, NULL) == UF_OK);
    uint64_t seam = 0x10000000 + size;
    EXPECT(!view(&ranges, seam - 16, ((size_t)1 << 20) + 1));
    size_t served = 0;
    for (size_t i = 0; i < 200; i++) /* none of them within another */
        served += view(&ranges, seam - (200 - i) * 4096, (size_t)1 << 20) != NULL;
    EXPECT(served > 5 && served < 30);
    EXPECT(ranges.joint_bytes <= (uint64_t)16 << 20);
    uf_mem_fail_at(1);
    EXPECT(!view(&ranges, seam - 16, 32) || ranges.joints.len);
    uf_mem_fail_at(0);
    uf_ranges_release(&ranges);
    free(large);
}

int main(void)
{
    fill();
    RUN(what_was_added_is_viewed_and_nothing_beside_it);
    RUN(ranges_that_overlap_or_wrap_around_are_refused);
    RUN(neighbours_here_and_there_become_one);
    RUN(a_view_over_neighbours_has_the_bytes_of_each);
    RUN(what_lies_over_a_seam_is_copied_once);
    RUN(copies_over_seams_are_bounded);
    return test_end();
}
