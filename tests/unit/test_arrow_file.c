#include "base/text.h"
#include "export/arrow_file.h"
#include "export/arrow_message.h"
#include "export/arrow_stream.h"
#include "fail.h"
#include "make_graph.h"
#include "test.h"

#define SHOP                                                                                       \
    "root module shop -> shop\n"                                                                   \
    "shop: module size=72 refs=3 preview=<module_'shop'>\n"                                        \
    "shop -> store .STORE\n"                                                                       \
    "store: shop.Store size=64 refs=1\n"                                                           \
    "store -> s1 ['a']\n"                                                                          \
    "store -> s2 ['b']\n"                                                                          \
    "s1: shop.Session size=48 immortal\n"                                                          \
    "s2: shop.Session size=48 refs=1\n"

static struct made_graph made;

/* A table as a file in memory; batches of 2 rows. */
static enum uf_code write_to(struct uf_text *file, const struct uf_arrow_table *table)
{
    struct uf_arrow_heap *heap;
    struct ArrowArrayStream stream = {0};
    struct uf_sink sink = {0};
    struct uf_arrow_selection all = uf_arrow_all_columns(table);
    enum uf_code code = uf_arrow_heap_borrow(&heap, &made.graph, &made.names, NULL, NULL);
    if (code)
        return code;
    code = uf_arrow_stream(&stream, heap, table, &all, 2, NULL);
    if (!code)
        code = uf_sink_open_text(&sink, file, NULL);
    if (!code)
        code = uf_arrow_file_write(&sink, &stream, NULL, NULL, NULL);
    if (!code)
        code = uf_sink_commit(&sink, NULL);
    uf_sink_release(&sink);
    if (stream.release)
        stream.release(&stream);
    uf_arrow_heap_drop(heap);
    return code;
}

static uint64_t number(const char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)(uint8_t)at[i] << 8 * i;
    return value;
}

/* A field of a table of a FlatBuffer, as any reader finds it; NULL: absent. */
static const char *field(const char *table, unsigned which)
{
    const char *vtable = table - (int32_t)number(table, 4);
    unsigned place = 4 + 2 * which < number(vtable, 2) ? (unsigned)number(vtable + 4 + 2 * which, 2)
                                                       : 0;
    return place ? table + place : NULL;
}

static const char *behind(const char *slot)
{
    return slot + number(slot, 4);
}

TEST(a_flat_buffer_is_found_through_its_slots_and_aligned)
{
    struct uf_flat flat;
    uint32_t at[4];
    uf_flat_init(&flat);
    uf_flat_table(&flat, UF_FLAT_ROOT, (const uint8_t[]){1, 8, 0, UF_FLAT_SLOT}, 4, at);
    uf_flat_put(&flat, at[0], 1, 7);
    uf_flat_put(&flat, at[1], 8, 0x123456789abcdef0);
    uint32_t items = uf_flat_vector(&flat, at[3], 2, 16, 8);
    uf_flat_put(&flat, items + 16, 8, 42);
    EXPECT(!flat.failed);
    const char *bytes = (const char *)flat.bytes.at, *root = behind(bytes);
    EXPECT(number(field(root, 0), 1) == 7);
    EXPECT(number(field(root, 1), 8) == 0x123456789abcdef0);
    EXPECT((field(root, 1) - bytes) % 8 == 0);
    EXPECT(!field(root, 2) && !field(root, 4));
    const char *vector = behind(field(root, 3));
    EXPECT(number(vector, 4) == 2 && (vector + 4 - bytes) % 8 == 0);
    EXPECT(number(vector + 4 + 16, 8) == 42);
    uf_flat_release(&flat);
}

TEST(the_footer_says_where_each_batch_stands_and_bodies_are_aligned)
{
    struct uf_text file = {0};
    make_graph(&made, SHOP);
    EXPECT(!write_to(&file, &uf_arrow_objects));
    EXPECT(memcmp(file.at, "ARROW1\0", 8) == 0);
    const char *end = file.at + file.len;
    EXPECT(memcmp(end - 6, "ARROW1", 6) == 0);
    const char *footer = behind(end - 10 - number(end - 10, 4));
    const char *dictionaries = behind(field(footer, 2)), *batches = behind(field(footer, 3));
    EXPECT(number(dictionaries, 4) == 1 && number(batches, 4) == 2);
    for (int i = 0; i < 2; i++) {
        const char *block = batches + 4 + 24 * i, *message = file.at + number(block, 8);
        uint64_t metadata = number(block + 8, 4);
        EXPECT(number(message, 4) == UINT32_MAX && number(message + 4, 4) == metadata - 8);
        EXPECT((number(block, 8) + metadata) % UF_ARROW_PADDING == 0);
        EXPECT(number(block + 16, 8) % UF_ARROW_PADDING == 0);
        const char *header = behind(message + 8);
        EXPECT(number(field(header, 1), 1) == 3 && number(field(header, 0), 2) == 4);
        EXPECT(number(field(behind(field(header, 2)), 0), 8) == 2); /* rows */
    }
    uf_text_release(&file);
    made_graph_release(&made);
}

TEST(a_heap_without_objects_is_a_file_without_batches)
{
    struct uf_text file = {0};
    make_graph(&made, "");
    EXPECT(!write_to(&file, &uf_arrow_objects));
    const char *end = file.at + file.len;
    const char *footer = behind(end - 10 - number(end - 10, 4));
    EXPECT(number(behind(field(footer, 2)), 4) == 0 && number(behind(field(footer, 3)), 4) == 0);
    uf_text_release(&file);
    made_graph_release(&made);
}

static bool write_all(void)
{
    static const struct uf_arrow_table *const tables[] = {&uf_arrow_objects, &uf_arrow_references,
                                                          &uf_arrow_types};
    bool fine = true;
    for (int i = 0; i < 3 && fine; i++) {
        struct uf_text file = {0};
        fine = !write_to(&file, tables[i]);
        uf_text_release(&file);
    }
    return fine;
}

TEST(whatever_allocation_fails_is_an_error_and_nothing_leaks)
{
    make_graph(&made, SHOP);
    EXPECT(every_failed_allocation_is_an_error(write_all));
    EXPECT(uf_arrow_memory_live() == 0);
    made_graph_release(&made);
}

/* A stream that others made: its arrays are all that counts. */
struct foreign {
    struct ArrowSchema column, *columns[1];
    struct ArrowArray array, *arrays[1];
    const void *buffers[3], *no_buffers[1];
    int batches;
    bool broken;
};

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static int foreign_schema(struct ArrowArrayStream *stream, struct ArrowSchema *ret)
{
    struct foreign *f = stream->private_data;
    *ret = (struct ArrowSchema){.format = "+s",
                                .name = "",
                                .n_children = 1,
                                .children = f->columns,
                                .release = release_schema};
    return 0;
}

static int foreign_next(struct ArrowArrayStream *stream, struct ArrowArray *ret)
{
    struct foreign *f = stream->private_data;
    *ret = (struct ArrowArray){0};
    if (f->broken)
        return 5;
    if (f->batches-- > 0)
        *ret = (struct ArrowArray){.length = f->array.length,
                                   .n_buffers = 1,
                                   .buffers = f->no_buffers,
                                   .n_children = 1,
                                   .children = f->arrays,
                                   .release = release_array};
    return 0;
}

static const char *foreign_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "the disk is gone";
}

static enum uf_code write_foreign(struct foreign *f, struct uf_error *err)
{
    struct uf_text file = {0};
    struct uf_sink sink;
    struct ArrowArrayStream stream = {foreign_schema, foreign_next, foreign_error, NULL, f};
    f->columns[0] = &f->column;
    f->arrays[0] = &f->array;
    f->array.buffers = f->buffers;
    EXPECT(!uf_sink_open_text(&sink, &file, NULL));
    enum uf_code code = uf_arrow_file_write(&sink, &stream, NULL, NULL, err);
    uf_sink_release(&sink);
    uf_text_release(&file);
    return code;
}

TEST(what_the_writer_does_not_know_is_refused_with_a_reason)
{
    static const uint32_t values[] = {1, 2, 3};
    struct uf_error err;
    struct foreign f = {.column = {.format = "I", .name = "x"}, .batches = 2};
    f.array = (struct ArrowArray){.length = 3, .n_buffers = 2};
    f.buffers[1] = values;
    EXPECT(write_foreign(&f, &err) == UF_OK);
    f.batches = 1;
    f.array.offset = 1;
    EXPECT(write_foreign(&f, &err) == UF_EUNSUPPORTED);
    f.batches = 1;
    f.array.offset = 0;
    f.column.format = "tdD";
    EXPECT(write_foreign(&f, &err) == UF_EUNSUPPORTED);
    EXPECT_TEXT(err.message, "an Arrow array of format \"tdD\"");
    f.broken = true;
    EXPECT(write_foreign(&f, &err) == UF_EIO);
    EXPECT_TEXT(err.message, "the disk is gone");
}

int main(void)
{
    RUN(a_flat_buffer_is_found_through_its_slots_and_aligned);
    RUN(the_footer_says_where_each_batch_stands_and_bodies_are_aligned);
    RUN(a_heap_without_objects_is_a_file_without_batches);
    RUN(whatever_allocation_fails_is_an_error_and_nothing_leaks);
    RUN(what_the_writer_does_not_know_is_refused_with_a_reason);
    return test_end();
}
