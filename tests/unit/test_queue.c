/* The queue against looking for the largest. */
#include "base/queue.h"

#include "random.h"
#include "test.h"

#include <stdbool.h>

TEST(the_largest_key_comes_out_first)
{
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct uf_queue queue = {0};
        uint64_t key_of[64] = {0};
        bool in[64] = {false};
        uint32_t next = 0;
        random_seed(seed);
        for (int step = 0; step < 200; step++) {
            if (next < 64 && random_below(2)) {
                key_of[next] = random_below(10);
                in[next] = true;
                EXPECT(uf_queue_push(&queue, key_of[next], next) == 0);
                next++;
            } else if (queue.items.len > 0) {
                uint32_t best = UINT32_MAX;
                for (uint32_t i = 0; i < next; i++)
                    if (in[i] && (best == UINT32_MAX || key_of[i] > key_of[best]))
                        best = i;
                EXPECT(uf_queue_pop(&queue) == best);
                in[best] = false;
            }
        }
        uf_queue_release(&queue);
    }
}

TEST(when_memory_is_out_the_queue_is_as_before)
{
    struct uf_queue queue = {0};
    uf_mem_fail_at(1);
    EXPECT(uf_queue_push(&queue, 1, 1) == -1);
    EXPECT(queue.items.len == 0);
    EXPECT(uf_queue_push(&queue, 1, 1) == 0);
    uf_queue_release(&queue);
}

int main(void)
{
    RUN(the_largest_key_comes_out_first);
    RUN(when_memory_is_out_the_queue_is_as_before);
    return test_end();
}
