#include "cpython/debug_offsets.h"
#include "memory/source.h"

#include "test.h"

#include <string.h>

#define RUNTIME UINT64_C(0x10000)
#define TABLE_WORDS 8

/* A target that has nothing but a table of TABLE_WORDS words at RUNTIME. */
static uint64_t table[TABLE_WORDS];
static size_t table_bytes;

static const void *view(void *context, uint64_t address, size_t size)
{
    (void)context;
    if (address < RUNTIME || address - RUNTIME > table_bytes ||
        size > table_bytes - (address - RUNTIME))
        return NULL;
    return (const char *)table + (address - RUNTIME);
}

static const struct uf_source source = {.view = view};

static struct uf_layout row;

static void make_target(void)
{
    memset(table, 0, sizeof table);
    memcpy(table, "xdebugpy", 8);
    table[1] = 0x030d0cf0; /* 3.13.12 */
    table[3] = 648;        /* interpreter_state.gc */
    table[4] = 16;         /* tuple_object.ob_item */
    table_bytes = sizeof table;
    row = (struct uf_layout){.version_hex = 0x030d00f0};
    row.runtime.told.bytes = sizeof table;
    row.runtime.told.gc = 24;
    row.runtime.told.tuple_items = 32;
    row.runtime.interpreter.gc = 648;
    row.objects.tuple.items = 16;
}

TEST(a_table_tells_its_version_and_whether_threads_are_free)
{
    struct uf_debug_offsets head;
    make_target();
    EXPECT(uf_debug_offsets_read(&source, RUNTIME, &head));
    EXPECT(head.version_hex == 0x030d0cf0 && !head.free_threaded);
    table[2] = 1;
    EXPECT(uf_debug_offsets_read(&source, RUNTIME, &head) && head.free_threaded);
}

TEST(what_is_no_table_is_not_read)
{
    struct uf_debug_offsets head;
    make_target();
    EXPECT(!uf_debug_offsets_read(&source, RUNTIME - 8, &head));
    table_bytes = 23;
    EXPECT(!uf_debug_offsets_read(&source, RUNTIME, &head));
    make_target();
    table[1] = 0x030c01f0; /* no such table in 3.12 */
    EXPECT(!uf_debug_offsets_read(&source, RUNTIME, &head));
    table[1] = UINT64_MAX;
    EXPECT(!uf_debug_offsets_read(&source, RUNTIME, &head));
    make_target();
    table[0] ^= 1;
    EXPECT(!uf_debug_offsets_read(&source, RUNTIME, &head));
    EXPECT(uf_debug_offsets_check(&source, RUNTIME, &row, NULL, 0) == 0);
}

TEST(a_row_that_holds_is_not_contradicted)
{
    make_target();
    EXPECT(uf_debug_offsets_check(&source, RUNTIME, &row, NULL, 0) == 0);
    EXPECT(uf_debug_offsets_apply(&source, RUNTIME, &row) == 0);
}

TEST(a_field_that_moved_is_named_and_put_right)
{
    struct uf_contradiction found[4];
    make_target();
    table[3] = 656;
    table[4] = 24;
    EXPECT(uf_debug_offsets_check(&source, RUNTIME, &row, found, 1) == 2);
    EXPECT(strcmp(found[0].name, "interpreter_state.gc") == 0);
    EXPECT(found[0].told == 656 && found[0].row == 648);
    EXPECT(uf_debug_offsets_check(&source, RUNTIME, &row, found, 4) == 2);
    EXPECT(strcmp(found[1].name, "tuple_object.ob_item") == 0);
    EXPECT(uf_debug_offsets_apply(&source, RUNTIME, &row) == 2);
    EXPECT(row.runtime.interpreter.gc == 656 && row.objects.tuple.items == 24);
    EXPECT(uf_debug_offsets_check(&source, RUNTIME, &row, found, 4) == 0);
}

TEST(a_number_that_no_offset_can_be_is_not_taken_over)
{
    make_target();
    table[3] = UF_NO_OFFSET;
    table[4] = UINT64_C(1) << 40;
    EXPECT(uf_debug_offsets_apply(&source, RUNTIME, &row) == 0);
    EXPECT(row.runtime.interpreter.gc == 648 && row.objects.tuple.items == 16);
    EXPECT(uf_debug_offsets_check(&source, RUNTIME, &row, NULL, 0) == 2);
}

TEST(a_row_of_another_minor_version_or_without_places_says_nothing)
{
    make_target();
    table[3] = 656;
    row.version_hex = 0x030e00f0;
    EXPECT(uf_debug_offsets_check(&source, RUNTIME, &row, NULL, 0) == 0);
    row.version_hex = 0x030d00f0;
    row.runtime.told.bytes = 0;
    EXPECT(uf_debug_offsets_check(&source, RUNTIME, &row, NULL, 0) == 0);
    row.runtime.told.bytes = 32; /* the table ends before the tuple's entry */
    table[4] = 24;
    EXPECT(uf_debug_offsets_check(&source, RUNTIME, &row, NULL, 0) == 1);
    table_bytes = 28; /* and the target's memory before that */
    EXPECT(uf_debug_offsets_check(&source, RUNTIME, &row, NULL, 0) == 0);
}

int main(void)
{
    RUN(a_table_tells_its_version_and_whether_threads_are_free);
    RUN(what_is_no_table_is_not_read);
    RUN(a_row_that_holds_is_not_contradicted);
    RUN(a_field_that_moved_is_named_and_put_right);
    RUN(a_number_that_no_offset_can_be_is_not_taken_over);
    RUN(a_row_of_another_minor_version_or_without_places_says_nothing);
    return test_end();
}
