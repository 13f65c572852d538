#include "cpython/gc_lists.h"

#include "memory/ranges.h"
#include "test.h"

/* An interpreter's state with nothing but collector lists in it, and objects of one head each. */
struct head {
    uint64_t next, prev;
};
struct generation {
    struct head head;
    int threshold, count;
};
static struct {
    int enabled, collecting;
    struct generation generations[UF_GC_GENERATIONS], permanent;
} state;
#define OBJECTS 1500
static struct head objects[OBJECTS];

static const struct uf_layout layout = {
    .runtime.interpreter.gc = 0,
    .runtime.gc =
        {
            .enabled = offsetof(__typeof__(state), enabled),
            .collecting = offsetof(__typeof__(state), collecting),
            .generations = offsetof(__typeof__(state), generations),
            .permanent = offsetof(__typeof__(state), permanent),
            .generation_size = sizeof(struct generation),
            .head_next = offsetof(struct head, next),
            .head_prev = offsetof(struct head, prev),
            .head_size = sizeof(struct head),
            .next_flags = 3,
            .prev_flags = 3,
        },
};

static uint64_t at(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

static struct uf_heap_config config(void)
{
    return (struct uf_heap_config){
        .source = &uf_source_self, .layout = &layout, .interpreter = at(&state)};
}

/* Links objects[first .. first + count - 1] into the list; flag bits as CPython leaves them there. */
static void link_list(struct generation *generation, size_t first, size_t count)
{
    struct head *before = &generation->head;
    for (size_t i = first; i < first + count; i++) {
        before->next = at(&objects[i]);
        objects[i].prev = at(before) | (i & 1);
        before = &objects[i];
    }
    before->next = at(&generation->head);
    generation->head.prev = at(before);
}

static void link_all(void)
{
    link_list(&state.generations[0], 0, 0);
    link_list(&state.generations[1], 0, 1);
    link_list(&state.generations[2], 1, 1400);
    link_list(&state.permanent, 1401, 99);
}

/* Walks a list; the number of objects, or -1 on an error. */
static long walk(int generation, size_t batch, uint64_t *first, struct uf_error *error)
{
    struct uf_heap_config heap = config();
    struct uf_gc_list list;
    uint64_t found[64];
    long total = 0;
    if (uf_gc_list_open(&list, &heap, generation, error))
        return -1;
    for (;;) {
        size_t count;
        if (uf_gc_list_next(&list, found, batch, &count, error))
            return -1;
        if (count == 0)
            return total;
        if (total == 0 && first)
            *first = found[0];
        total += (long)count;
    }
}

TEST(every_list_is_walked_to_its_end_whatever_the_batch)
{
    struct uf_error error = {0};
    link_all();
    for (size_t batch = 1; batch <= 64; batch += 9) {
        EXPECT(walk(0, batch, NULL, &error) == 0);
        EXPECT(walk(1, batch, NULL, &error) == 1);
        EXPECT(walk(2, batch, NULL, &error) == 1400);
        EXPECT(walk(UF_GC_PERMANENT, batch, NULL, &error) == 99);
    }
}

TEST(the_address_is_that_of_the_object_behind_its_head)
{
    struct uf_error error = {0};
    uint64_t first = 0;
    link_all();
    EXPECT(walk(1, 8, &first, &error) == 1);
    EXPECT(first == at(&objects[0]) + sizeof(struct head));
}

TEST(a_generation_that_does_not_exist_is_refused)
{
    struct uf_error error = {0};
    EXPECT(walk(4, 8, NULL, &error) == -1 && error.code == UF_EINVAL);
    EXPECT(walk(-1, 8, NULL, &error) == -1 && error.code == UF_EINVAL);
}

TEST(a_link_to_nothing_is_damage)
{
    struct uf_error error = {0};
    link_all();
    objects[700].next = 0;
    EXPECT(walk(2, 64, NULL, &error) == -1 && error.code == UF_ECORRUPT);
    EXPECT(error.address == at(&objects[700]));
    EXPECT_TEXT(error.message, "a collector's list leads nowhere");
}

TEST(a_list_that_runs_in_a_circle_is_damage_and_no_endless_walk)
{
    struct uf_error error = {0};
    link_all();
    objects[900].next = at(&objects[300]);
    EXPECT(walk(2, 64, NULL, &error) == -1 && error.code == UF_ECORRUPT);
    EXPECT(error.address == at(&objects[300]));
    EXPECT_TEXT(error.message, "a collector's list is damaged");
}

TEST(a_list_that_leads_into_another_is_damage)
{
    struct uf_error error = {0};
    link_all();
    objects[900].next = at(&state.generations[0].head);
    EXPECT(walk(2, 64, NULL, &error) == -1 && error.code == UF_ECORRUPT);
}

TEST(a_running_collector_is_seen)
{
    struct uf_heap_config heap = config();
    EXPECT(!uf_gc_collecting(&heap));
    state.collecting = 1;
    EXPECT(uf_gc_collecting(&heap));
    state.collecting = 0;
}

/* The same memory, as if it were another program's. */
static long walk_from_outside(int generation)
{
    struct uf_ranges ranges = {0};
    struct uf_heap_config heap = config();
    uint64_t object;
    struct uf_gc_list list;
    long total = 0;
    uf_ranges_add(&ranges, at(&state), &state, sizeof state, NULL);
    uf_ranges_add(&ranges, at(objects), objects, sizeof objects, NULL);
    uf_ranges_seal(&ranges, NULL);
    heap.source = &ranges.source;
    enum uf_code code = uf_gc_list_open(&list, &heap, generation, NULL);
    while (code == UF_OK && !list.done) {
        size_t count;
        code = uf_gc_list_next(&list, &object, 1, &count, NULL);
        total += (long)count;
    }
    uf_ranges_release(&ranges);
    return code ? -1 : total;
}

TEST(while_the_collector_keeps_counts_in_it_the_way_back_is_not_looked_at)
{
    link_all();
    for (size_t i = 1; i <= 1400; i++)
        objects[i].prev = i << 2 | 2; /* Modules/gcmodule.c: gc_reset_refs */
    state.collecting = 1;
    EXPECT(walk_from_outside(2) == 1400);
    state.collecting = 0;
    EXPECT(walk_from_outside(2) < 1400);
}

TEST(a_circle_met_while_the_collector_runs_ends)
{
    link_all();
    objects[900].next = at(&objects[300]);
    state.collecting = 1;
    long found = walk_from_outside(2);
    EXPECT(found >= 900 && found <= (long)((sizeof objects + sizeof state) / sizeof *objects));
    state.collecting = 0;
}

int main(void)
{
    RUN(every_list_is_walked_to_its_end_whatever_the_batch);
    RUN(the_address_is_that_of_the_object_behind_its_head);
    RUN(a_generation_that_does_not_exist_is_refused);
    RUN(a_link_to_nothing_is_damage);
    RUN(a_list_that_runs_in_a_circle_is_damage_and_no_endless_walk);
    RUN(a_list_that_leads_into_another_is_damage);
    RUN(a_running_collector_is_seen);
    RUN(while_the_collector_keeps_counts_in_it_the_way_back_is_not_looked_at);
    RUN(a_circle_met_while_the_collector_runs_ends);
    return test_end();
}
