/* Places for what is copied out of a process. */
#include "memory/slabs.h"

#include "test.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define BASE (UINT64_C(0x7f0000000000))

TEST(what_lies_side_by_side_there_lies_side_by_side_here)
{
    struct uf_slabs slabs = {0};
    struct uf_span spans[] = {{BASE, BASE + MIB, false},
                              {BASE + 3 * MIB, BASE + 4 * MIB, false},
                              {BASE + 3 * GIB, BASE + 3 * GIB + MIB, false}};
    EXPECT(uf_slabs_add(&slabs, spans, 3, NULL) == UF_OK && slabs.list.len == 2);
    unsigned char *first = uf_slabs_at(&slabs, spans[0].start, spans[0].end);
    EXPECT(first && uf_slabs_at(&slabs, spans[1].start, spans[1].end) == first + 3 * MIB);
    EXPECT(uf_slabs_at(&slabs, spans[2].start, spans[2].end) != NULL);
    EXPECT(!uf_slabs_at(&slabs, spans[0].start, spans[2].end));
    EXPECT(uf_slabs_touch(&slabs, spans[1]) && first[3 * MIB] == 0 && first[2 * MIB] == 0);
    EXPECT(!uf_slabs_touch(&slabs, (struct uf_span){GIB, GIB + MIB, false}));
    EXPECT(uf_slabs_from(&slabs, BASE + GIB)->end > BASE + 3 * GIB);
    EXPECT(!uf_slabs_from(&slabs, BASE + 9 * GIB));
    uf_slabs_release(&slabs);
}

TEST(what_grows_a_little_has_its_place_already)
{
    struct uf_slabs slabs = {0};
    struct uf_span span = {BASE, BASE + MIB, false};
    EXPECT(uf_slabs_add(&slabs, &span, 1, NULL) == UF_OK);
    unsigned char *at = uf_slabs_at(&slabs, span.start, span.end);
    struct uf_span grown = {BASE - MIB, BASE + 64 * MIB, false};
    EXPECT(uf_slabs_at(&slabs, grown.start, grown.end) == at - MIB);
    EXPECT(uf_slabs_add(&slabs, &grown, 1, NULL) == UF_OK && slabs.list.len == 1);
    uf_slabs_release(&slabs);
}

TEST(slabs_are_put_between_others_and_what_lies_partly_in_one_is_refused)
{
    struct uf_slabs slabs = {0};
    struct uf_span outer[] = {{BASE, BASE + MIB, false},
                              {BASE + 9 * GIB, BASE + 9 * GIB + MIB, false}};
    struct uf_span between = {BASE + 200 * MIB, BASE + 300 * MIB, false};
    struct uf_span across = {BASE, BASE + 200 * MIB, false};
    EXPECT(uf_slabs_add(&slabs, outer, 2, NULL) == UF_OK);
    unsigned char *kept = uf_slabs_at(&slabs, outer[1].start, outer[1].end);
    EXPECT(uf_slabs_add(&slabs, &between, 1, NULL) == UF_OK && slabs.list.len == 3);
    for (size_t i = 1; i < slabs.list.len; i++)
        EXPECT(slabs.list.at[i - 1].end <= slabs.list.at[i].start);
    EXPECT(uf_slabs_at(&slabs, between.start, between.end) != NULL);
    EXPECT(uf_slabs_at(&slabs, outer[1].start, outer[1].end) == kept);
    EXPECT(uf_slabs_add(&slabs, &across, 1, NULL) == UF_EINVAL);
    uf_slabs_release(&slabs);
}

int main(void)
{
    RUN(what_lies_side_by_side_there_lies_side_by_side_here);
    RUN(what_grows_a_little_has_its_place_already);
    RUN(slabs_are_put_between_others_and_what_lies_partly_in_one_is_refused);
    return test_end();
}
