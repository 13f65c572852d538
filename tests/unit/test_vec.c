#include "base/vec.h"

#include "fail.h"
#include "test.h"

struct item {
    uint64_t number;
    uint32_t more;
};

TEST(an_empty_vector_has_no_block)
{
    UF_VEC(uint32_t) v = {0};
    EXPECT(v.at == NULL && v.len == 0);
    EXPECT(uf_vec_reserve(&v, 0) == 0 && v.at == NULL);
    uf_vec_release(&v);
}

TEST(a_vector_grows_and_keeps_its_items)
{
    UF_VEC(struct item) v = {0};
    for (uint32_t i = 0; i < 1000000; i++) {
        if (uf_vec_push(&v, ((struct item){i, i * 3})))
            EXPECT(!"out of memory");
        if (v.len > v.cap)
            EXPECT(!"len beyond cap");
    }
    bool same = v.len == 1000000;
    for (uint32_t i = 0; i < 1000000; i++)
        same = same && v.at[i].number == i && v.at[i].more == i * 3;
    EXPECT(same);
    uf_vec_release(&v);
    EXPECT(v.at == NULL && v.len == 0 && v.cap == 0);
}

TEST(reserved_room_is_not_allocated_again)
{
    UF_VEC(uint64_t) v = {0};
    EXPECT(uf_vec_reserve(&v, 100) == 0 && v.cap >= 100 && v.len == 0);
    uf_mem_fail_at(1);
    for (uint64_t i = 0; i < 100; i++)
        EXPECT(uf_vec_push(&v, i) == 0);
    uf_mem_fail_at(0);
    uf_vec_release(&v);
}

TEST(a_size_that_overflows_is_refused)
{
    UF_VEC(uint64_t) v = {0};
    EXPECT(uf_vec_push(&v, 1) == 0);
    size_t cap = v.cap;
    EXPECT(uf_vec_reserve(&v, SIZE_MAX / 4) == -1);
    EXPECT(v.cap == cap && v.at[0] == 1);
    uf_vec_release(&v);
}

static bool push_many(void)
{
    UF_VEC(uint64_t) v = {0};
    bool done = true;
    for (uint64_t i = 0; i < 5000 && done; i++)
        done = uf_vec_push(&v, i) == 0;
    for (uint64_t i = 0; i < v.len; i++)
        if (v.at[i] != i)
            EXPECT(!"changed");
    uf_vec_release(&v);
    return done;
}

TEST(out_of_memory_leaves_the_vector_as_it_was)
{
    EXPECT(every_failed_allocation_is_an_error(push_many));
}

int main(void)
{
    RUN(an_empty_vector_has_no_block);
    RUN(a_vector_grows_and_keeps_its_items);
    RUN(reserved_room_is_not_allocated_again);
    RUN(a_size_that_overflows_is_refused);
    RUN(out_of_memory_leaves_the_vector_as_it_was);
    return test_end();
}
