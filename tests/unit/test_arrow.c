#include "export/arrow_stream.h"
#include "fail.h"
#include "make_graph.h"
#include "read_arrow.h"
#include "test.h"

#define SHOP                                                                                       \
    "root module shop -> shop\n"                                                                   \
    "shop: module size=72 refs=3 tracked preview=<module_'shop'>\n"                                \
    "shop -> store .STORE\n"                                                                       \
    "store: shop.Store size=64 refs=1 tracked opaque\n"                                            \
    "store -> sessions ._sessions\n"                                                               \
    "sessions: dict size=232 len=2 refs=1 tracked frozen\n"                                        \
    "sessions -> key1 key_'a'\n"                                                                   \
    "sessions -> s1 ['a']\n"                                                                       \
    "key1: str size=50 immortal len=1 preview='a'\n"                                               \
    "sessions -> s2 ['b']\n"                                                                       \
    "s1: shop.Session size=5000000000 refs=1\n"                                                    \
    "s2: shop.Session size=48 refs=1\n"                                                            \
    "s2 -> s1\n"                                                                                   \
    "tool: function size=9 own\n"                                                                  \
    "tool -> shop .seen\n"                                                                         \
    "lost: list size=56 refs=1\n"                                                                  \
    "lost -> lost [0]\n"

struct opened {
    struct made_graph made;
    struct uf_arrow_heap *heap;
};

static bool open_text(struct opened *o, const char *text)
{
    make_graph(&o->made, text);
    return !uf_arrow_heap_borrow(&o->heap, &o->made.graph, &o->made.names, NULL, NULL);
}

static void close_opened(struct opened *o)
{
    uf_arrow_heap_drop(o->heap);
    made_graph_release(&o->made);
}

static struct ArrowArrayStream stream_of(struct opened *o, const struct uf_arrow_table *table,
                                         uint32_t batch_rows)
{
    struct ArrowArrayStream stream;
    struct uf_arrow_selection all = uf_arrow_all_columns(table);
    EXPECT(!uf_arrow_stream(&stream, o->heap, table, &all, batch_rows, NULL));
    return stream;
}

TEST(objects_have_a_row_each_but_those_of_the_tool)
{
    struct opened o;
    struct ArrowSchema schema;
    struct ArrowArray a, b;
    EXPECT(open_text(&o, SHOP));
    EXPECT(uf_arrow_objects.rows(o.heap) == 7);
    struct ArrowArrayStream stream = stream_of(&o, &uf_arrow_objects, 100);
    EXPECT(stream.get_schema(&stream, &schema) == 0);
    EXPECT_TEXT(schema.format, "+s");
    EXPECT(stream.get_next(&stream, &a) == 0 && a.release && a.length == 6);
    EXPECT_TEXT(arrow_text(&schema, &a, "type", 1), "shop.Store");
    EXPECT_TEXT(arrow_text(&schema, &a, "type", 2), "dict");
    EXPECT(arrow_number(&schema, &a, "size", 4) == 5000000000);
    EXPECT(arrow_number(&schema, &a, "retained", 2) == 232 + 50 + 5000000000 + 48);
    EXPECT(arrow_number(&schema, &a, "retained_objects", 2) == 4);
    EXPECT(arrow_number(&schema, &a, "address", 3) == o.made.graph.address[3]);
    EXPECT(arrow_number(&schema, &a, "dominator", 4) == 2);
    EXPECT(arrow_is_null(a.children[arrow_column(&schema, "dominator", "I")], 0));
    EXPECT(arrow_is_null(a.children[arrow_column(&schema, "refcount", "I")], 3));
    EXPECT(arrow_number(&schema, &a, "immortal", 3) == 1);
    EXPECT(arrow_number(&schema, &a, "refcount", 0) == 3);
    EXPECT(arrow_number(&schema, &a, "length", 2) == 2);
    EXPECT(arrow_number(&schema, &a, "tracked", 2) && arrow_number(&schema, &a, "frozen", 2));
    EXPECT(!arrow_number(&schema, &a, "tracked", 4) && arrow_number(&schema, &a, "opaque", 1));
    EXPECT_TEXT(arrow_text(&schema, &a, "text", 3), "'a'");
    EXPECT_TEXT(arrow_text(&schema, &a, "text", 4), "null");
    EXPECT(stream.get_next(&stream, &b) == 0 && b.release && b.length == 1);
    EXPECT(arrow_number(&schema, &b, "id", 0) == 7 && arrow_number(&schema, &b, "garbage", 0));
    EXPECT(arrow_is_null(b.children[arrow_column(&schema, "retained", "L")], 0));
    a.release(&a);
    b.release(&b);
    EXPECT(stream.get_next(&stream, &a) == 0 && !a.release);
    EXPECT(stream.get_next(&stream, &a) == 0 && !a.release);
    schema.release(&schema);
    stream.release(&stream);
    close_opened(&o);
    EXPECT(uf_arrow_memory_live() == 0);
}

TEST(references_have_their_names_and_kinds_whatever_the_size_of_a_batch)
{
    for (uint32_t rows = 1; rows <= 9; rows++) {
        struct opened o;
        struct ArrowSchema schema;
        struct ArrowArray a;
        uint32_t seen = 0;
        EXPECT(open_text(&o, SHOP));
        struct ArrowArrayStream stream = stream_of(&o, &uf_arrow_references, rows);
        EXPECT(stream.get_schema(&stream, &schema) == 0);
        while (stream.get_next(&stream, &a) == 0 && a.release) {
            EXPECT(a.length <= rows && a.length > 0);
            for (int64_t i = 0; i < a.length; i++, seen++) {
                uf_node from = (uf_node)arrow_number(&schema, &a, "source", i);
                uf_node to = (uf_node)arrow_number(&schema, &a, "target", i);
                EXPECT(from != made_node(&o.made, "tool"));
                if (to == made_node(&o.made, "s1") && from == made_node(&o.made, "s2")) {
                    EXPECT_TEXT(arrow_text(&schema, &a, "name", i), "null");
                    EXPECT_TEXT(arrow_text(&schema, &a, "kind", i), "unknown");
                } else if (to == made_node(&o.made, "s1")) {
                    EXPECT_TEXT(arrow_text(&schema, &a, "name", i), "['a']");
                    EXPECT_TEXT(arrow_text(&schema, &a, "generic", i), "[*]");
                    EXPECT_TEXT(arrow_text(&schema, &a, "kind", i), "item");
                }
                EXPECT(!arrow_number(&schema, &a, "guessed", i));
            }
            a.release(&a);
        }
        EXPECT(seen == 7 && seen == uf_arrow_references.rows(o.heap));
        schema.release(&schema);
        stream.release(&stream);
        close_opened(&o);
    }
    EXPECT(uf_arrow_memory_live() == 0);
}

TEST(types_are_summed_and_what_they_retain_is_counted_once)
{
    struct opened o;
    struct ArrowSchema schema;
    struct ArrowArray a;
    EXPECT(open_text(&o, SHOP));
    struct ArrowArrayStream stream = stream_of(&o, &uf_arrow_types, 1);
    EXPECT(stream.get_schema(&stream, &schema) == 0);
    while (stream.get_next(&stream, &a) == 0 && a.release) {
        char name[256];
        EXPECT(a.length == 1);
        snprintf(name, sizeof name, "%s", arrow_text(&schema, &a, "name", 0));
        if (strcmp(name, "shop.Session") == 0) {
            EXPECT(arrow_number(&schema, &a, "objects", 0) == 2);
            EXPECT(arrow_number(&schema, &a, "bytes", 0) == 5000000048);
            EXPECT(arrow_number(&schema, &a, "retained", 0) == 5000000048);
        } else if (strcmp(name, "list") == 0) {
            EXPECT(arrow_number(&schema, &a, "garbage_objects", 0) == 1);
            EXPECT(arrow_number(&schema, &a, "retained", 0) == 0);
        } else if (strcmp(name, "function") == 0) {
            EXPECT(arrow_number(&schema, &a, "objects", 0) == 0);
        }
        a.release(&a);
    }
    schema.release(&schema);
    stream.release(&stream);
    close_opened(&o);
}

TEST(columns_of_the_graph_are_handed_out_without_a_copy)
{
    struct opened o;
    struct ArrowArray a;
    EXPECT(open_text(&o, SHOP));
    struct uf_arrow_selection all = uf_arrow_all_columns(&uf_arrow_objects);
    EXPECT(!uf_arrow_batch(&a, o.heap, &uf_arrow_objects, &all, 2, 3, NULL));
    EXPECT(a.children[1]->buffers[1] == o.made.graph.address + 2);
    EXPECT(a.children[2]->buffers[1] == o.made.graph.type + 2);
    EXPECT(a.children[5]->buffers[1] == o.heap->dominators->retained + 2);
    a.release(&a);
    all = uf_arrow_all_columns(&uf_arrow_references);
    EXPECT(!uf_arrow_batch(&a, o.heap, &uf_arrow_references, &all, 1, 3, NULL));
    EXPECT(a.children[1]->buffers[1] == o.made.graph.edge_target + 1);
    a.release(&a);
    close_opened(&o);
}

TEST(a_column_moved_out_of_its_batch_outlives_it_and_keeps_the_heap)
{
    struct opened o;
    struct ArrowArray a, column;
    EXPECT(open_text(&o, SHOP));
    struct uf_arrow_selection only = {.count = 2, .fields = {2, 15}};
    EXPECT(!uf_arrow_batch(&a, o.heap, &uf_arrow_objects, &only, 0, 4, NULL));
    column = *a.children[0];
    a.children[0]->release = NULL;
    a.release(&a);
    EXPECT(!a.release && uf_arrow_memory_live() == 1);
    uf_arrow_heap_drop(o.heap); /* the user has closed it */
    const int32_t *offsets = column.dictionary->buffers[1];
    EXPECT(offsets[1] == 6 && memcmp(column.dictionary->buffers[2], "module", 6) == 0);
    struct ArrowArray texts = *column.dictionary; /* and the dictionary out of the column */
    column.dictionary->release = NULL;
    column.release(&column);
    EXPECT(uf_arrow_memory_live() == 1);
    texts.release(&texts);
    EXPECT(uf_arrow_memory_live() == 0);
    made_graph_release(&o.made);
}

TEST(a_stream_and_a_schema_may_be_released_unread_and_in_any_order)
{
    struct opened o;
    struct ArrowSchema schema, column;
    struct ArrowArray a;
    EXPECT(open_text(&o, SHOP));
    struct ArrowArrayStream unread = stream_of(&o, &uf_arrow_objects, 2);
    struct ArrowArrayStream stream = stream_of(&o, &uf_arrow_objects, 2);
    uf_arrow_heap_drop(o.heap);
    EXPECT(stream.get_schema(&stream, &schema) == 0 && stream.get_next(&stream, &a) == 0);
    unread.release(&unread);
    stream.release(&stream);
    column = *schema.children[2];
    schema.children[2]->release = NULL;
    schema.release(&schema);
    EXPECT_TEXT(column.name, "type");
    EXPECT_TEXT(column.dictionary->format, "u");
    column.release(&column);
    EXPECT(uf_arrow_memory_live() == 1 && a.length == 2);
    a.release(&a);
    EXPECT(uf_arrow_memory_live() == 0);
    made_graph_release(&o.made);
}

TEST(an_empty_heap_has_schemas_and_no_batch)
{
    const struct uf_arrow_table *tables[] = {&uf_arrow_objects, &uf_arrow_references,
                                             &uf_arrow_types};
    for (int t = 0; t < 3; t++) {
        struct opened o;
        struct ArrowSchema schema;
        struct ArrowArray a;
        EXPECT(open_text(&o, ""));
        struct ArrowArrayStream stream = stream_of(&o, tables[t], 10);
        EXPECT(stream.get_schema(&stream, &schema) == 0);
        EXPECT(schema.n_children == (int64_t)tables[t]->field_count);
        EXPECT(stream.get_next(&stream, &a) == 0 && !a.release);
        EXPECT(tables[t]->rows(o.heap) == 0);
        schema.release(&schema);
        stream.release(&stream);
        close_opened(&o);
    }
}

static const char *kept(const char *text, size_t len)
{
    static char copy[64];
    struct uf_arrow_texts texts;
    EXPECT(!uf_arrow_texts_init(&texts, 0, NULL));
    EXPECT(!uf_arrow_texts_add(&texts, "before", 6, NULL));
    EXPECT(!uf_arrow_texts_add(&texts, text, len, NULL));
    EXPECT(uf_arrow_texts_count(&texts) == 2 && texts.offsets.at[1] == 6);
    EXPECT((size_t)texts.offsets.at[2] == texts.bytes.len);
    snprintf(copy, sizeof copy, "%.*s", (int)(texts.bytes.len - 6), texts.bytes.at + 6);
    uf_arrow_texts_release(&texts);
    return copy;
}

TEST(texts_are_always_utf_8)
{
    EXPECT_TEXT(kept("plain", 5), "plain");
    EXPECT_TEXT(kept("", 0), "");
    EXPECT_TEXT(kept("\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8d", 9),
                "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8d");
    EXPECT_TEXT(kept("a\xed\xb2\x80z", 5),
                "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");        /* a surrogate */
    EXPECT_TEXT(kept("a\xc3", 2), "a\xef\xbf\xbd");               /* cut */
    EXPECT_TEXT(kept("\xc0\xaf", 2), "\xef\xbf\xbd\xef\xbf\xbd"); /* too long a form */
    EXPECT_TEXT(kept("\xf4\x90\x80\x80", 4), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

/* All rows of a table; what fails is tried once more, and is to succeed then. True: nothing failed. */
static bool read_all(struct opened *o, const struct uf_arrow_table *table)
{
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray a;
    struct uf_arrow_selection all = uf_arrow_all_columns(table);
    uint64_t rows = 0;
    if (uf_arrow_stream(&stream, o->heap, table, &all, 3, NULL)) {
        EXPECT(!stream.release);
        return false;
    }
    bool failed = stream.get_schema(&stream, &schema) != 0;
    if (!failed)
        schema.release(&schema);
    for (;;) {
        if (stream.get_next(&stream, &a) != 0) {
            EXPECT(!failed && !a.release);
            EXPECT_TEXT(stream.get_last_error(&stream), "out of memory");
            failed = true;
            EXPECT(stream.get_next(&stream, &a) == 0);
        }
        if (!a.release)
            break;
        rows += (uint64_t)a.length;
        a.release(&a);
    }
    EXPECT(rows == table->rows(o->heap));
    stream.release(&stream);
    return !failed;
}

static struct made_graph standing;

static bool read_everything(void)
{
    struct opened o;
    bool fine = !uf_arrow_heap_borrow(&o.heap, &standing.graph, &standing.names, NULL, NULL);
    if (!fine)
        return false;
    fine = read_all(&o, &uf_arrow_objects);
    fine = read_all(&o, &uf_arrow_references) && fine;
    fine = read_all(&o, &uf_arrow_types) && fine;
    uf_arrow_heap_drop(o.heap);
    return fine;
}

TEST(whatever_allocation_fails_is_an_error_and_nothing_leaks)
{
    make_graph(&standing, SHOP);
    EXPECT(every_failed_allocation_is_an_error(read_everything));
    uf_arrow_memory_fail_at(0);
    EXPECT(read_everything());
    uint64_t mappings = uf_arrow_memory_fail_at(0);
    EXPECT(mappings > 10);
    for (uint64_t nth = 1; nth <= mappings; nth++) {
        uf_arrow_memory_fail_at(nth);
        EXPECT(!read_everything());
        EXPECT(uf_arrow_memory_live() == 0);
    }
    uf_arrow_memory_fail_at(0);
    made_graph_release(&standing);
}

int main(void)
{
    RUN(objects_have_a_row_each_but_those_of_the_tool);
    RUN(references_have_their_names_and_kinds_whatever_the_size_of_a_batch);
    RUN(types_are_summed_and_what_they_retain_is_counted_once);
    RUN(columns_of_the_graph_are_handed_out_without_a_copy);
    RUN(a_column_moved_out_of_its_batch_outlives_it_and_keeps_the_heap);
    RUN(a_stream_and_a_schema_may_be_released_unread_and_in_any_order);
    RUN(an_empty_heap_has_schemas_and_no_batch);
    RUN(texts_are_always_utf_8);
    RUN(whatever_allocation_fails_is_an_error_and_nothing_leaks);
    return test_end();
}
