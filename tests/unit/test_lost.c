/* Lost blocks, and objects held from outside of the graph, in the memory of this very program. */
#include "capture/lost.h"
#include "capture/outside.h"

#include "capture/words.h"
#include "memory/source.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#define WORDS 12 /* of a block here */
#define FLAG_GC (UINT64_C(1) << 14)

static struct uf_layout layout;
static struct uf_heap_config config = {.source = &uf_source_self, .layout = &layout};

/* One type, "thing", whose objects have no header of the collector, and one, "knot", whose have. */
static uint64_t thing[4], knot[4];
static uint64_t type_address[2];
static uint8_t type_flags[2] = {UF_NODE_TYPE, UF_NODE_TYPE};
static uint32_t no_edges[3], sizes[2] = {8, 8};
static struct uf_graph graph = {.node_count = 2,
                                .address = type_address,
                                .flags = type_flags,
                                .size = sizes,
                                .edge_start = no_edges};

/* What the tests take from malloc: so few that the addresses stand nowhere else on the heap. */
static uint64_t *blocks[8];

static uint64_t at(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

static void prepare(void)
{
    layout.objects.object.type = 8;
    layout.objects.object.head_bytes = 16;
    layout.objects.type.flags = 16;
    layout.objects.type.flag_gc = FLAG_GC;
    knot[2] = FLAG_GC;
    type_address[0] = at(thing);
    type_address[1] = at(knot);
    config.runtime = at(&layout); /* this program stands for the interpreter too */
}

static void make(struct uf_lost *lost, size_t count)
{
    memset(lost, 0, sizeof *lost);
    for (size_t i = 0; i < count; i++)
        blocks[i] = calloc(WORDS, sizeof(uint64_t));
    for (size_t done = 0; done < count; done++) { /* by address */
        const uint64_t *next = NULL;
        for (size_t i = 0; i < count; i++) {
            uint64_t last = lost->blocks.len ? lost->blocks.at[lost->blocks.len - 1].address : 0;
            if (at(blocks[i]) > last && (!next || blocks[i] < next))
                next = blocks[i];
        }
        struct uf_lost_block block = {.address = at(next), .bytes = WORDS * sizeof(uint64_t)};
        (void)uf_vec_push(&lost->blocks, block);
    }
}

static void find(struct uf_lost *lost)
{
    struct uf_error err = {0};
    EXPECT(uf_lost_find(lost, &graph, &config, &err) == UF_OK);
    EXPECT(lost->complete);
}

static void drop(struct uf_lost *lost, size_t count)
{
    uf_lost_release(lost);
    for (size_t i = 0; i < count; i++)
        free(blocks[i]);
}

static const struct uf_lost_block *block(const struct uf_lost *lost, size_t i)
{
    static const struct uf_lost_block none;
    const struct uf_lost_block *found = uf_lost_at(lost, at(blocks[i]) + 5);
    return found ? found : &none;
}

TEST(what_nothing_leads_to_is_lost_with_what_it_leads_to)
{
    struct uf_lost lost;
    make(&lost, 4);
    uint64_t *holder = calloc(WORDS, sizeof *holder);
    holder[3] = at(blocks[0]) + 16; /* held, somewhere within it */
    blocks[0][5] = at(blocks[1]);   /* and through it */
    blocks[2][7] = at(blocks[3]);
    find(&lost);
    EXPECT(block(&lost, 0)->state == UF_LOST_HELD && block(&lost, 1)->state == UF_LOST_HELD);
    EXPECT(block(&lost, 2)->state == UF_LOST_HEAD && block(&lost, 3)->state == UF_LOST_FOLLOWER);
    EXPECT(block(&lost, 2)->kept_bytes == 2 * WORDS * sizeof(uint64_t));
    EXPECT(lost.blocks.at[block(&lost, 3)->head].address == at(blocks[2]));
    free(holder);
    drop(&lost, 4);
}

TEST(a_circle_of_lost_blocks_is_lost_once)
{
    struct uf_lost lost;
    make(&lost, 3);
    for (size_t i = 0; i < 3; i++)
        blocks[i][2] = at(blocks[(i + 1) % 3]);
    find(&lost);
    size_t heads = 0, followers = 0;
    for (size_t i = 0; i < 3; i++) {
        heads += block(&lost, i)->state == UF_LOST_HEAD;
        followers += block(&lost, i)->state == UF_LOST_FOLLOWER;
    }
    EXPECT(heads == 1 && followers == 2);
    drop(&lost, 3);
}

TEST(a_lost_block_that_begins_like_an_object_is_one)
{
    struct uf_lost lost;
    make(&lost, 5);
    blocks[0][0] = 1, blocks[0][1] = at(thing);
    blocks[1][2] = 1, blocks[1][3] = at(knot);  /* behind the collector's header */
    blocks[2][0] = 1, blocks[2][1] = at(knot);  /* which must be there */
    blocks[3][0] = 0, blocks[3][1] = at(thing); /* dead */
    find(&lost);
    EXPECT(block(&lost, 0)->object == at(blocks[0]) && block(&lost, 0)->type == at(thing));
    EXPECT(block(&lost, 1)->object == at(blocks[1]) + 16 && block(&lost, 1)->type == at(knot));
    for (size_t i = 2; i < 5; i++)
        EXPECT(block(&lost, i)->state == UF_LOST_HEAD && block(&lost, i)->type == 0);
    drop(&lost, 5);
}

TEST(what_malloc_gave_for_a_lost_object_goes_with_it)
{
    struct uf_lost lost;
    make(&lost, 1);
    char *data = malloc(5000), *mapped = malloc(1 << 20);
    blocks[0][4] = at(data);
    blocks[0][6] = at(mapped);
    blocks[0][7] = at(mapped);   /* counts once */
    blocks[0][8] = at(data) + 8; /* no beginning of a chunk */
    find(&lost);
    uint64_t kept = block(&lost, 0)->kept_bytes;
    EXPECT(kept >= (1 << 20) + 5000 && kept < (1 << 20) + 5000 + 3 * 4096);
    free(data);
    free(mapped);
    drop(&lost, 1);
}

TEST(memory_that_was_freed_leads_to_nothing)
{
    struct uf_lost lost;
    make(&lost, 1);
    uint64_t *stale = malloc(6000), *behind = malloc(64); /* the heap does not end here */
    for (size_t i = 100; i < 700; i++)
        stale[i] = at(blocks[0]);
    free(stale);
    find(&lost);
    EXPECT(block(&lost, 0)->state == UF_LOST_HEAD);
    free(behind);
    drop(&lost, 1);
}

TEST(an_object_that_malloced_memory_shows_is_held_and_another_is_not)
{
    /* of a size that no test before gave back: the caches of malloc show stale addresses */
    uint64_t *kept = calloc(400, sizeof *kept), *gone = calloc(400, sizeof *gone);
    uint64_t *table = calloc(WORDS, sizeof *table);
    struct uf_outside outside = {0};
    struct uf_outside_object objects[2] = {{.address = at(kept)}, {.address = at(gone)}};
    table[5] = at(kept);
    for (int i = 0; i < 2; i++)
        (void)uf_vec_push(&outside.objects, objects[i]);
    EXPECT(uf_outside_look(&outside, &graph, &config, NULL) == UF_OK);
    EXPECT(outside.complete && uf_outside_holds(&outside.objects.at[0]));
    bool shown = false;
    for (int i = 0; i < UF_OUTSIDE_PLACES; i++)
        shown |= outside.objects.at[0].at[i] == at(&table[5]);
    EXPECT(shown);
    EXPECT(!uf_outside_holds(&outside.objects.at[1]));
    uf_outside_release(&outside);
    free(kept);
    free(gone);
    free(table);
}

/* A list holds its items by a table that is no object: that word is the graph's own reference. */
TEST(a_word_that_is_a_reference_of_the_graph_holds_nothing_more)
{
    uint64_t *list = calloc(WORDS, sizeof *list), *items = calloc(WORDS, sizeof *items);
    uint64_t *item = calloc(WORDS, sizeof *item);
    uint64_t addresses[2] = {at(list), at(item)};
    uint32_t starts[3] = {0, 1, 1}, own_sizes[2] = {56, 32};
    uf_node targets[1] = {1};
    uint8_t flags[2] = {0};
    struct uf_graph held = {.node_count = 2,
                            .address = addresses,
                            .size = own_sizes,
                            .flags = flags,
                            .edge_start = starts,
                            .edge_target = targets,
                            .edge_count = 1};
    struct uf_outside outside = {0};
    struct uf_outside_object object = {.address = at(item)};
    items[1] = at(item);
    (void)uf_vec_push(&outside.objects, object);
    EXPECT(uf_outside_look(&outside, &held, &config, NULL) == UF_OK);
    EXPECT(outside.objects.at[0].node == 1 && outside.objects.at[0].by_graph == 1);
    EXPECT(!uf_outside_holds(&outside.objects.at[0]));
    items[2] = at(item); /* one more than the graph explains */
    EXPECT(uf_outside_look(&outside, &held, &config, NULL) == UF_OK);
    EXPECT(uf_outside_holds(&outside.objects.at[0]));
    uf_outside_release(&outside);
    free(list);
    free(items);
    free(item);
}

int main(void)
{
    prepare();
#if defined __SANITIZE_ADDRESS__
    (void)printf("1..0 # SKIP the heap is not the C library's\n");
    return 0;
#endif
    RUN(what_nothing_leads_to_is_lost_with_what_it_leads_to);
    RUN(a_circle_of_lost_blocks_is_lost_once);
    RUN(a_lost_block_that_begins_like_an_object_is_one);
    RUN(what_malloc_gave_for_a_lost_object_goes_with_it);
    RUN(memory_that_was_freed_leads_to_nothing);
    RUN(an_object_that_malloced_memory_shows_is_held_and_another_is_not);
    RUN(a_word_that_is_a_reference_of_the_graph_holds_nothing_more);
    return test_end();
}
