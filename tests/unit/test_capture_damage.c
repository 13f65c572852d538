/* Captures of heaps that are damaged, or made to mislead: by hand, in memory of ranges. */
#include "capture/capture.h"

#include "memory/ranges.h"
#include "mock_heap.h"
#include "test.h"

#include <stdlib.h>

#define AREA UINT64_C(0x1000000) /* where the second range begins: an interpreter, then objects */
#define AREA_WORDS ((size_t)1 << 19)
#define STATE_BYTES 512
#define HEAD 16 /* of the collector, before an object */
#define LIST_WORDS 5
#define KNOWN(name) mock_known.type[UF_KNOWN_##name]

static uint64_t *area;
static uint64_t area_end; /* bytes in use */
static struct uf_layout layout;
static struct uf_ranges ranges;
static const struct uf_root_field no_fields[] = {{.name = NULL}};

static uint64_t *at(uint64_t address)
{
    return &area[(address - AREA) / 8];
}

static uint64_t generation(int number)
{
    return AREA + 64 + (uint64_t)number * 32;
}

/* An interpreter without threads and modules, whose lists are empty. */
static void begin(void)
{
    uf_heap_destroy(mock_heap()); /* fills mock_memory with the known types */
    (void)mock_str("a text");
    free(area);
    area = calloc(AREA_WORDS, sizeof *area);
    area_end = STATE_BYTES;
    layout = mock_layout;
    layout.objects.type.flag_gc = MOCK_GC;
    memset(&layout.runtime, 0xff, sizeof layout.runtime); /* UF_NO_OFFSET */
    layout.runtime.interpreter.gc = 0;
    layout.runtime.interpreter.threads_head = 480;
    layout.runtime.interpreter.modules = 488;
    layout.runtime.interpreter.fields = layout.runtime.thread.fields = no_fields;
    layout.runtime.runtime.fields = no_fields;
    layout.runtime.gc.collecting = 0;
    layout.runtime.gc.generations = 64;
    layout.runtime.gc.generation_size = 32;
    layout.runtime.gc.permanent = 64 + 96;
    layout.runtime.gc.head_next = 0;
    layout.runtime.gc.head_prev = 8;
    layout.runtime.gc.head_size = HEAD;
    layout.runtime.gc.next_flags = layout.runtime.gc.prev_flags = 3;
    layout.version_hex = 0x030b07f0;
    for (int i = 0; i < 4; i++)
        at(generation(i))[0] = at(generation(i))[1] = generation(i);
}

/* A tracked object at the end of the oldest generation. */
static uint64_t object(uint64_t type, uint64_t words)
{
    uint64_t head = AREA + area_end, list = generation(2), last = at(list)[1];
    area_end += HEAD + words * 8;
    at(last)[0] = head;
    at(head)[0] = list;
    at(head)[1] = last;
    at(list)[1] = head;
    at(head + HEAD)[0] = 1;
    at(head + HEAD)[1] = type;
    return head + HEAD;
}

static uint64_t list_of(uint64_t items, uint64_t count)
{
    uint64_t list = object(KNOWN(LIST), LIST_WORDS);
    at(list)[2] = at(list)[4] = count;
    at(list)[3] = items;
    return list;
}

static uint64_t room(uint64_t words)
{
    uint64_t address = AREA + area_end;
    area_end += words * 8;
    return address;
}

static enum uf_code capture(struct uf_capture *ret, struct uf_error *err)
{
    static const struct uf_capture_options options;
    struct uf_heap_config config = {.layout = &layout, .interpreter = AREA, .known = &mock_known};
    ranges = (struct uf_ranges){0};
    EXPECT(!uf_ranges_add(&ranges, 16, (char *)mock_memory + 16, sizeof mock_memory - 16, NULL));
    EXPECT(!uf_ranges_add(&ranges, AREA, area, AREA_WORDS * 8, NULL));
    EXPECT(!uf_ranges_seal(&ranges, NULL));
    config.source = &ranges.source;
    enum uf_code code = uf_capture_heap(ret, &config, &options, err);
    if (!code)
        EXPECT(uf_graph_check(&ret->graph, err) == UF_OK);
    return code;
}

static void end(struct uf_capture *taken)
{
    uf_capture_release(taken);
    uf_ranges_release(&ranges);
}

static uf_node find(const struct uf_capture *taken, uint64_t address)
{
    for (uf_node node = 0; node < taken->graph.node_count; node++)
        if (taken->graph.address[node] == address)
            return node;
    return UF_NODE_NONE;
}

static uint32_t degree(const struct uf_capture *taken, uint64_t address)
{
    uf_node node = find(taken, address);
    return node == UF_NODE_NONE ? UINT32_MAX
                                : taken->graph.edge_start[node + 1] - taken->graph.edge_start[node];
}

static void name_of(const struct uf_capture *taken, uint64_t address, uint32_t ordinal,
                    struct uf_ref_name *ret)
{
    taken->names.name(taken->names.context, find(taken, address), ordinal, ret);
}

TEST(a_sound_heap_seems_sound)
{
    struct uf_capture taken;
    struct uf_error err;
    struct uf_ref_name name;
    begin();
    uint64_t items = room(2), one = list_of(items, 2), two = list_of(0, 0);
    at(items)[0] = two;
    at(items)[1] = one;
    EXPECT(capture(&taken, &err) == UF_OK);
    EXPECT(taken.tracked == 2 && degree(&taken, one) == 2 && degree(&taken, two) == 0);
    EXPECT(!taken.not_objects && !taken.cut_objects && !taken.broken_lists);
    name_of(&taken, one, 1, &name);
    EXPECT_TEXT(name.text, "[1]");
    end(&taken);
}

TEST(what_is_no_object_becomes_no_node_and_the_rest_stays)
{
    struct uf_capture taken;
    struct uf_error err;
    struct uf_ref_name name;
    begin();
    uint64_t items = room(6), one = list_of(items, 6), two = list_of(0, 0), nonsense = room(4);
    at(nonsense)[0] = 1;
    at(nonsense)[1] = one; /* a type that is a list */
    const uint64_t words[] = {UINT64_C(0x7123456789a0), UINT64_MAX - 7, 12345, nonsense, two,
                              AREA + AREA_WORDS * 8};
    memcpy(at(items), words, sizeof words);
    EXPECT(capture(&taken, &err) == UF_OK);
    EXPECT(degree(&taken, one) == 1 && degree(&taken, two) == 0);
    EXPECT(find(&taken, nonsense) == UF_NODE_NONE);
    EXPECT(taken.not_objects == 2); /* four lie nowhere, which is one place */
    EXPECT(taken.cut_objects == 1);
    name_of(&taken, one, 0, &name);
    EXPECT_TEXT(name.text, "(held inside)"); /* "[0]" would be wrong */
    end(&taken);
}

TEST(a_part_that_cannot_be_read_costs_its_references_only)
{
    struct uf_capture taken;
    struct uf_error err;
    begin();
    uint64_t one = list_of(UINT64_C(0x700000000000), 5), two = list_of(0, 0);
    uint64_t three = list_of(AREA + AREA_WORDS * 8 - 16, 3); /* its end is missing */
    at(three)[4] = UINT64_C(1) << 40;                        /* more than there is memory */
    EXPECT(capture(&taken, &err) == UF_OK);
    EXPECT(degree(&taken, one) == 0 && degree(&taken, two) == 0 && degree(&taken, three) == 0);
    EXPECT(taken.cut_objects == 2 && !taken.not_objects && taken.tracked == 3);
    EXPECT(uf_graph_size(&taken.graph, find(&taken, three)) == 40 + HEAD);
    end(&taken);
}

TEST(an_insertion_that_was_interrupted_loses_the_new_object_only)
{
    struct uf_capture taken;
    struct uf_error err;
    uint64_t lists[5];
    begin();
    for (int i = 0; i < 5; i++)
        lists[i] = list_of(0, 0);
    /* what was the last one leads to it, and nothing else is done yet (_PyObject_GC_TRACK) */
    at(generation(2))[1] = lists[3] - HEAD;
    at(lists[4] - HEAD)[0] = at(lists[4] - HEAD)[1] = 0;
    EXPECT(capture(&taken, &err) == UF_OK);
    EXPECT(!taken.broken_lists && taken.tracked == 4);
    for (int i = 0; i < 5; i++)
        EXPECT((find(&taken, lists[i]) == UF_NODE_NONE) == (i == 4));
    end(&taken);
}

TEST(a_removal_that_was_interrupted_loses_nothing)
{
    struct uf_capture taken;
    struct uf_error err;
    uint64_t lists[5];
    begin();
    for (int i = 0; i < 5; i++)
        lists[i] = list_of(0, 0);
    at(lists[1] - HEAD)[0] = lists[3] - HEAD; /* which still refers back to the third */
    EXPECT(capture(&taken, &err) == UF_OK);
    EXPECT(!taken.broken_lists && taken.tracked == 5);
    for (int i = 0; i < 5; i++)
        EXPECT(find(&taken, lists[i]) != UF_NODE_NONE);
    end(&taken);
}

TEST(a_list_whose_walks_do_not_meet_is_told)
{
    struct uf_capture taken;
    struct uf_error err;
    uint64_t lists[5];
    begin();
    for (int i = 0; i < 5; i++)
        lists[i] = list_of(0, 0);
    at(lists[2] - HEAD)[0] = at(lists[2] - HEAD)[1] = 0;
    EXPECT(capture(&taken, &err) == UF_OK);
    EXPECT(taken.broken_lists == 1 && taken.tracked == 4);
    end(&taken);
}

TEST(a_list_that_leads_nowhere_from_both_ends_is_an_error)
{
    struct uf_capture taken;
    struct uf_error err;
    begin();
    (void)list_of(0, 0);
    at(generation(2))[0] = 0x40;
    at(generation(2))[1] = UINT64_C(0x7000000000f0);
    EXPECT(capture(&taken, &err) == UF_ECORRUPT);
    EXPECT_TEXT(err.message, "a collector's list leads nowhere");
    end(&taken);
}

TEST(lists_that_all_claim_the_same_memory_come_to_an_end)
{
    struct uf_capture taken;
    struct uf_error err;
    begin();
    uint64_t one = list_of(0, 0), items = room(AREA_WORDS / 2);
    for (uint64_t i = 0; i < AREA_WORDS / 2; i++)
        at(items)[i] = one;
    for (int i = 0; i < 4000; i++) /* 1,000 million references in 4 MB */
        (void)list_of(items, AREA_WORDS / 2);
    EXPECT(capture(&taken, &err) == UF_ELIMIT);
    EXPECT_TEXT(err.message, "the heap is damaged: it claims more than the memory that it is in");
    end(&taken);
}

TEST(tables_that_are_looked_through_in_vain_again_and_again_come_to_an_end)
{
    struct uf_capture taken;
    struct uf_error err;
    begin();
    uint64_t table = room(AREA_WORDS / 2);
    for (int i = 0; i < 8000; i++) {
        uint64_t set = object(KNOWN(SET), 7);
        at(set)[2] = 1; /* one member, which is not there */
        at(set)[3] = AREA_WORDS / 4 - 1;
        at(set)[4] = table;
    }
    EXPECT(capture(&taken, &err) == UF_ELIMIT);
    end(&taken);
}

TEST(types_are_told_from_what_only_looks_like_one)
{
    struct uf_capture taken;
    struct uf_error err;
    begin();
    uint64_t type = room(TYPE_BYTES / 8), circle = room(TYPE_BYTES / 8),
             huge = room(TYPE_BYTES / 8);
    at(type)[0] = at(circle)[0] = at(huge)[0] = 1;
    at(type)[1] = at(huge)[1] = KNOWN(TYPE);
    at(type)[4] = at(circle)[4] = 24;
    at(huge)[4] = UINT64_C(1) << 40; /* tp_basicsize */
    at(circle)[1] = circle;          /* its own type, and its own base */
    at(circle)[10] = circle;
    uint64_t one = object(type, 4), two = object(circle, 4), three = object(huge, 4);
    EXPECT(capture(&taken, &err) == UF_OK);
    EXPECT(find(&taken, one) != UF_NODE_NONE && find(&taken, two) == UF_NODE_NONE);
    EXPECT(find(&taken, three) == UF_NODE_NONE && taken.not_objects == 2);
    end(&taken);
}

/* As in the data of a library: a heap type has more fields behind it, which a static one has not. */
TEST(a_static_type_may_be_the_last_in_memory)
{
    struct uf_capture taken;
    struct uf_error err;
    begin();
    uint64_t type = AREA + AREA_WORDS * 8 - layout.objects.type.type_bytes;
    at(type)[0] = 1;
    at(type)[1] = KNOWN(TYPE);
    at(type)[4] = 24;
    at(type)[10] = KNOWN(OBJECT);
    uint64_t one = object(type, 4);
    EXPECT(capture(&taken, &err) == UF_OK);
    EXPECT(find(&taken, one) != UF_NODE_NONE && degree(&taken, type) == 1);
    EXPECT(taken.cut_objects == 0 && taken.not_objects == 0);
    EXPECT(taken.graph.flags[find(&taken, type)] == (UF_NODE_TYPE | UF_NODE_STATIC));
    end(&taken);
}

int main(void)
{
    RUN(a_sound_heap_seems_sound);
    RUN(what_is_no_object_becomes_no_node_and_the_rest_stays);
    RUN(a_part_that_cannot_be_read_costs_its_references_only);
    RUN(a_list_whose_walks_do_not_meet_is_told);
    RUN(an_insertion_that_was_interrupted_loses_the_new_object_only);
    RUN(a_removal_that_was_interrupted_loses_nothing);
    RUN(a_list_that_leads_nowhere_from_both_ends_is_an_error);
    RUN(lists_that_all_claim_the_same_memory_come_to_an_end);
    RUN(tables_that_are_looked_through_in_vain_again_and_again_come_to_an_end);
    RUN(types_are_told_from_what_only_looks_like_one);
    RUN(a_static_type_may_be_the_last_in_memory);
    free(area);
    return test_end();
}
