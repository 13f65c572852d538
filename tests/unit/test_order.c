/* Order: against a sort that is obviously right. */
#include "base/order.h"

#include "random.h"
#include "test.h"

TEST(keys_descend_and_equal_ones_keep_their_order)
{
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        uint64_t keys[40];
        uint32_t order[40], naive[40];
        random_seed(seed);
        size_t count = (size_t)random_below(41);
        for (size_t i = 0; i < count; i++)
            keys[i] = random_below(2) ? random_below(5) : random_number();
        for (size_t i = 0; i < count; i++) { /* insertion */
            size_t at = i;
            for (; at > 0 && keys[naive[at - 1]] < keys[i]; at--)
                naive[at] = naive[at - 1];
            naive[at] = (uint32_t)i;
        }
        uf_order_all_descending(order, count, keys);
        EXPECT(memcmp(order, naive, count * sizeof *order) == 0);
    }
}

TEST(only_the_places_given_are_put_in_order)
{
    const uint64_t keys[] = {9, 1, 5, 7};
    uint32_t order[] = {1, 3, 2};
    uf_order_descending(order, 3, keys);
    EXPECT(order[0] == 3 && order[1] == 2 && order[2] == 1);
}

int main(void)
{
    RUN(keys_descend_and_equal_ones_keep_their_order);
    RUN(only_the_places_given_are_put_in_order);
    return test_end();
}
