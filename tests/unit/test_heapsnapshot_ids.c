#include "export/heapsnapshot_ids.h"

#include "fail.h"
#include "random.h"
#include "test.h"

#include <stdlib.h>

#define STRETCH 65536u
#define ROUND ((uint64_t)1 << 34) /* addresses that are so far apart have the same place */

static struct uf_hs_ids ids;
static struct uf_graph graph;

static void begin(uint64_t *addresses, uf_node count)
{
    uf_hs_ids_release(&ids);
    graph.address = addresses;
    graph.node_count = count;
    EXPECT(uf_hs_ids_init(&ids, &graph, NULL) == UF_OK);
}

static int ascending(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* All ids are odd, greater than those kept free, and different. */
static bool all_different(void)
{
    uint32_t *seen = malloc((graph.node_count + 1) * sizeof *seen);
    bool fine = true;
    for (uf_node n = 0; n < graph.node_count; n++) {
        seen[n] = uf_hs_id(&ids, &graph, n);
        fine = fine && seen[n] % 2 == 1 && seen[n] > UF_HS_IDS_OBJECTS;
    }
    qsort(seen, graph.node_count, sizeof *seen, ascending);
    for (uf_node n = 1; n < graph.node_count; n++)
        fine = fine && seen[n] != seen[n - 1];
    free(seen);
    return fine;
}

TEST(an_id_follows_from_the_address_alone)
{
    uint64_t before[] = {0x7f0012345678, 0x7f0012345688, 0x5600aabbcc00};
    uint64_t after[] = {0x5600aabbcc00, 0x7f0012345670, 0x7f0012345678, 0x7f0099999990};
    begin(before, 3);
    uint32_t first = uf_hs_id(&ids, &graph, 0), third = uf_hs_id(&ids, &graph, 2);
    EXPECT(first == (uint32_t)(0x7f0012345678 >> 3 << 1) + 1);
    EXPECT(all_different());
    begin(after, 4);
    EXPECT(uf_hs_id(&ids, &graph, 2) == first && uf_hs_id(&ids, &graph, 0) == third);
    EXPECT(all_different());
}

TEST(where_two_stretches_meet_the_lower_one_stays)
{
    uint64_t lower = 0x560000000000 + 0x1234560, upper = lower + 5 * ROUND;
    uint64_t alone[] = {lower}, both[] = {upper, lower, upper + 8, lower + 8};
    begin(alone, 1);
    uint32_t before = uf_hs_id(&ids, &graph, 0);
    begin(both, 4);
    EXPECT(uf_hs_id(&ids, &graph, 1) == before);
    EXPECT(uf_hs_id(&ids, &graph, 0) != before);
    EXPECT(all_different());
    uint32_t moved = uf_hs_id(&ids, &graph, 0);
    uint64_t again[] = {lower, upper, lower + STRETCH, 0x7f0000000000};
    begin(again, 4);
    EXPECT(uf_hs_id(&ids, &graph, 0) == before && uf_hs_id(&ids, &graph, 1) == moved);
}

TEST(no_object_has_an_id_that_is_kept_free)
{
    uint64_t at_home_in_the_first[] = {0x560000000000, 0x560000000008, 0x560000070000};
    EXPECT(0x560000000000 % ROUND == 0);
    begin(at_home_in_the_first, 3);
    EXPECT(all_different());
}

TEST(ids_are_different_wherever_objects_lie)
{
    enum { COUNT = 20000 };
    uint64_t *addresses = malloc(COUNT * sizeof *addresses);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        random_seed(seed);
        uint64_t spread = ROUND << random_below(8), at = 16;
        for (uf_node n = 0; n < COUNT; n++) { /* ascending, then shuffled */
            at += 8 * (1 + random_below(spread / 8 / COUNT));
            addresses[n] = at;
        }
        for (uf_node n = COUNT - 1; n > 0; n--) {
            uf_node other = (uf_node)random_below(n + 1);
            uint64_t swap = addresses[n];
            addresses[n] = addresses[other];
            addresses[other] = swap;
        }
        begin(addresses, COUNT);
        EXPECT(!ids.by_number);
        EXPECT(all_different());
    }
    free(addresses);
}

TEST(a_heap_that_is_too_far_spread_has_ids_by_number)
{
    enum { COUNT = 262144 };
    uint64_t *addresses = malloc(COUNT * sizeof *addresses);
    for (uf_node n = 0; n < COUNT; n++)
        addresses[n] = (uint64_t)(n + 1) * STRETCH;
    begin(addresses, COUNT - 8);
    EXPECT(!ids.by_number && all_different()); /* every place is taken */
    begin(addresses, COUNT - 7);
    EXPECT(ids.by_number && all_different());
    free(addresses);
}

static bool init(void)
{
    uint64_t addresses[] = {0x560000000000, 0x560000000000 + ROUND, 0x560000000000 + 2 * ROUND};
    struct uf_graph three = {.address = addresses, .node_count = 3};
    struct uf_hs_ids here;
    bool done = uf_hs_ids_init(&here, &three, NULL) == UF_OK;
    uf_hs_ids_release(&here);
    return done;
}

TEST(every_failed_allocation_is_reported)
{
    uf_hs_ids_release(&ids);
    EXPECT(every_failed_allocation_is_an_error(init));
}

int main(void)
{
    RUN(an_id_follows_from_the_address_alone);
    RUN(where_two_stretches_meet_the_lower_one_stays);
    RUN(no_object_has_an_id_that_is_kept_free);
    RUN(ids_are_different_wherever_objects_lie);
    RUN(a_heap_that_is_too_far_spread_has_ids_by_number);
    RUN(every_failed_allocation_is_reported);
    return test_end();
}
