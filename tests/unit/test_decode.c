#include "cpython/decode.h"
#include "cpython/str.h"

#include "mock_heap.h"
#include "test.h"

#define KNOWN(kind) mock_known.type[UF_KNOWN_##kind]

struct decoded {
    struct uf_heap *heap;
    enum uf_code code;
    struct uf_object header;
    uf_refs refs;
};

static struct decoded decode(struct uf_heap *heap, uint64_t object)
{
    struct decoded d = {.heap = heap};
    d.code = uf_heap_decode(heap, object, &d.header, &d.refs, NULL);
    return d;
}

static bool holds(const struct decoded *d, size_t count, const uint64_t *expected)
{
    return d->code == UF_OK && d->refs.len == count &&
           (count == 0 || memcmp(d->refs.at, expected, count * sizeof *expected) == 0);
}

#define EXPECT_REFS(d, ...)                                                                        \
    do {                                                                                           \
        const uint64_t expected_refs[] = {__VA_ARGS__};                                            \
        EXPECT(holds(&(d), sizeof expected_refs / 8, expected_refs));                              \
    } while (0)

static void release(struct decoded *d)
{
    uf_vec_release(&d->refs);
    uf_heap_destroy(d->heap);
}

static uint64_t list_of(uint64_t items, uint64_t count, uint64_t allocated)
{
    uint64_t list = mock_object(KNOWN(LIST), 5);
    mock_put(list + 16, count);
    mock_put(list + 24, items);
    mock_put(list + 32, allocated);
    return list;
}

TEST(a_list_refers_to_its_items_in_order_and_skips_holes)
{
    struct uf_heap *heap = mock_heap();
    uint64_t items = mock_room(4);
    mock_put(items, 0x111 * 16);
    mock_put(items + 16, 0x222 * 16);
    struct decoded d = decode(heap, list_of(items, 3, 4));
    EXPECT_REFS(d, 0x111 * 16, 0x222 * 16);
    EXPECT(d.header.size == 40 + 16 + 4 * 8);
    EXPECT(d.header.refcount == 1);
    release(&d);
}

TEST(a_list_whose_items_cannot_be_read_is_cut)
{
    struct uf_heap *heap = mock_heap();
    struct decoded d = decode(heap, list_of(16, UINT64_C(1) << 33, 4));
    EXPECT(d.code == UF_OK && d.header.cut && d.refs.len == 0);
    release(&d);
    heap = mock_heap();
    d = decode(heap, list_of(16, UINT64_MAX, 4));
    EXPECT(d.code == UF_OK && d.header.cut && d.refs.len == 0);
    release(&d);
}

static uint64_t dict_of(uint64_t entries, const uint64_t (*pairs)[2])
{
    uint64_t keys = mock_room(4 + 1 + entries * 3);
    uint64_t dict = mock_object(KNOWN(DICT), 5);
    mock_put(keys, 1);
    mock_put(keys + 8, 3 | 3 << 8); /* 8 slots, 8 bytes of indices, general */
    mock_put(keys + 24, entries);
    for (uint64_t i = 0; i < entries; i++) {
        mock_put(keys + 40 + i * 24 + 8, pairs[i][0]);
        mock_put(keys + 40 + i * 24 + 16, pairs[i][1]);
    }
    mock_put(dict + 24, keys);
    return dict;
}

TEST(a_dict_lists_key_then_value_and_skips_deleted_entries)
{
    struct uf_heap *heap = mock_heap();
    struct decoded d = decode(heap, dict_of(3, (const uint64_t[][2]){{16, 32}, {48, 0}, {64, 80}}));
    EXPECT_REFS(d, 16, 32, 64, 80);
    EXPECT(d.header.size == 40 + 16 + 32 + 8 + 5 * 24);
    release(&d);
}

TEST(a_dict_that_claims_more_entries_than_fit_is_cut)
{
    struct uf_heap *heap = mock_heap();
    uint64_t dict = dict_of(1, (const uint64_t[][2]){{16, 32}});
    mock_put(mock_memory[(dict + 24) / 8] + 24, 6); /* 8 slots take 5 */
    struct decoded d = decode(heap, dict);
    EXPECT(d.code == UF_OK && d.header.cut && d.refs.len == 0);
    release(&d);
}

TEST(a_dict_with_shared_keys_lists_its_values_only)
{
    struct uf_heap *heap = mock_heap();
    uint64_t dict = dict_of(3, (const uint64_t[][2]){{16, 0}, {32, 0}, {48, 0}});
    uint64_t values = mock_room(3);
    mock_put(values, 0x100);
    mock_put(values + 16, 0x200);
    mock_put(dict + 32, values);
    struct decoded d = decode(heap, dict);
    EXPECT_REFS(d, 0x100, 0x200);
    release(&d);
}

TEST(a_set_leaves_out_what_was_removed)
{
    struct uf_heap *heap = mock_heap();
    uint64_t table = mock_room(16);
    uint64_t set = mock_object(KNOWN(SET), 7);
    mock_put(set + 16, 2);
    mock_put(set + 24, 7);
    mock_put(set + 32, table);
    mock_put(table + 16, 0x100);
    mock_put(table + 16 + 8, 5);
    mock_put(table + 32, 0x200); /* a dummy: its hash is -1 */
    mock_put(table + 32 + 8, UINT64_MAX);
    mock_put(table + 64, 0x300);
    struct decoded d = decode(heap, set);
    EXPECT_REFS(d, 0x100, 0x300);
    EXPECT(d.header.size == 56 + 16 + 8 * 16);
    release(&d);
}

TEST(an_instance_lists_slots_then_dict_then_items_then_type)
{
    struct uf_heap *heap = mock_heap();
    uint64_t class = mock_type("Class", 56, MOCK_HEAP_TYPE | MOCK_GC, 0x2000, KNOWN(LIST));
    uint64_t member = class + TYPE_BYTES; /* behind the type: its metatype's tp_basicsize */
    mock_put(class + 16, 1);
    mock_put(class + 120, 40);
    mock_put(member, mock_text("slot"));
    mock_put(member + 8, 16);
    mock_put(member + 16, 48);
    uint64_t object = mock_object(class, 7);
    uint64_t items = mock_room(1);
    mock_put(items, 0x300);
    mock_put(object + 16, 1);
    mock_put(object + 24, items);
    mock_put(object + 40, 0x200);
    mock_put(object + 48, 0x100);
    struct decoded d = decode(heap, object);
    EXPECT_REFS(d, 0x100, 0x200, 0x300, class);
    release(&d);
}

TEST(a_kind_is_told_by_the_traverse_that_a_type_inherited)
{
    struct uf_heap *heap = mock_heap();
    uint64_t type = mock_type("subcell", 48, MOCK_GC, 0x1006, KNOWN(CELL));
    uint64_t object = mock_object(type, 6);
    mock_put(object + 16, 0x100);
    mock_put(object + 24, 0x200);
    struct decoded d = decode(heap, object);
    EXPECT_REFS(d, 0x100, 0x200);
    EXPECT(!(d.header.flags & (1 << 5)));
    release(&d);
}

TEST(a_kind_known_by_name_must_have_the_size_that_it_is_known_with)
{
    struct uf_heap *heap = mock_heap();
    uint64_t type = mock_type("mock.named", 24, MOCK_GC, 0x1007, KNOWN(OBJECT));
    uint64_t object = mock_object(type, 3);
    mock_put(object + 16, 0x100);
    struct decoded d = decode(heap, object);
    EXPECT_REFS(d, 0x100);
    release(&d);
    heap = mock_heap();
    type = mock_type("mock.named", 32, MOCK_GC, 0x1007, KNOWN(OBJECT));
    object = mock_object(type, 4);
    mock_put(object + 16, 0x100);
    d = decode(heap, object);
    EXPECT(d.code == UF_OK && d.refs.len == 0);
    EXPECT(d.header.flags & (1 << 5)); /* to be asked; here there is nobody to ask */
    release(&d);
}

TEST(a_type_that_contradicts_its_kind_is_not_believed)
{
    struct uf_heap *heap = mock_heap();
    mock_put(KNOWN(LIST) + 32, 16);
    struct decoded d = decode(heap, list_of(16, 1, 1));
    EXPECT(d.code == UF_OK && d.refs.len == 0);
    release(&d);
}

TEST(bases_that_run_in_a_circle_come_to_an_end)
{
    struct uf_heap *heap = mock_heap();
    uint64_t type = mock_type("circle", 24, MOCK_HEAP_TYPE | MOCK_GC, 0x2000, 0);
    mock_put(type + 80, type);
    struct decoded d = decode(heap, mock_object(type, 3));
    EXPECT_REFS(d, type);
    release(&d);
}

TEST(an_object_without_a_type_or_outside_the_memory_is_an_error)
{
    struct uf_heap *heap = mock_heap();
    struct decoded d = decode(heap, mock_object(0, 2));
    EXPECT(d.code == UF_ECORRUPT);
    release(&d);
    d = decode(mock_heap(), sizeof mock_memory + 16);
    EXPECT(d.code == UF_EFAULT);
    release(&d);
}

TEST(text_is_cut_between_characters)
{
    struct uf_heap *heap = mock_heap();
    char text[16];
    EXPECT(uf_str_copy(heap, mock_str("session"), text, sizeof text) == 7);
    EXPECT_TEXT(text, "session");
    EXPECT(uf_utf8_cut(text, 5, "abc\xe2\x82\xac") == 3);
    EXPECT_TEXT(text, "abc");
    EXPECT(uf_utf8_cut(text, 7, "abc\xe2\x82\xac") == 6);
    EXPECT(uf_utf8_cut(text, 1, "abc") == 0);
    EXPECT_TEXT(text, "");
    uf_heap_destroy(heap);
}

int main(void)
{
    RUN(a_list_refers_to_its_items_in_order_and_skips_holes);
    RUN(a_list_whose_items_cannot_be_read_is_cut);
    RUN(a_dict_lists_key_then_value_and_skips_deleted_entries);
    RUN(a_dict_that_claims_more_entries_than_fit_is_cut);
    RUN(a_dict_with_shared_keys_lists_its_values_only);
    RUN(a_set_leaves_out_what_was_removed);
    RUN(an_instance_lists_slots_then_dict_then_items_then_type);
    RUN(a_kind_is_told_by_the_traverse_that_a_type_inherited);
    RUN(a_kind_known_by_name_must_have_the_size_that_it_is_known_with);
    RUN(a_type_that_contradicts_its_kind_is_not_believed);
    RUN(bases_that_run_in_a_circle_come_to_an_end);
    RUN(an_object_without_a_type_or_outside_the_memory_is_an_error);
    RUN(text_is_cut_between_characters);
    return test_end();
}
