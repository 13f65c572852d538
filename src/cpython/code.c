#include "cpython/code.h"

#include "cpython/plan.h"
#include "cpython/read.h"
#include "cpython/sound.h"

#define TABLE_MAX ((uint64_t)1 << 26) /* a code object of 64 MiB does not exist */
#define SLOTS_MAX ((uint32_t)1 << 20)
#define ENTRIES_PER_STEP 16

/* A damaged table may lead anywhere. */
static int move(int line, int by)
{
    return (int)((unsigned)line + (unsigned)by);
}

/* 3.8 and 3.9, Objects/lnotab_notes.txt: pairs of (bytes of code up to here, signed change of line); what
 * is before the first change is on the first line. */
static int line_in_steps(const uint8_t *table, size_t len, int line, uint64_t offset)
{
    uint64_t at = 0;

    for (size_t i = 0; i + 1 < len; i += 2) {
        at += table[i];
        if (at > offset)
            break;
        line = move(line, (int8_t)table[i + 1]);
    }
    return line;
}

/* 3.10, Objects/lnotab_notes.txt: pairs of (bytes of code, signed change of line); a change of -128
 * means that these bytes have no line, and leaves the line as it was. */
static int line_in_pairs(const uint8_t *table, size_t len, int line, uint64_t offset)
{
    uint64_t end = 0;

    for (size_t i = 0; i + 1 < len; i += 2) {
        int8_t delta = (int8_t)table[i + 1];
        end += table[i];
        if (delta != -128)
            line = move(line, delta);
        if (offset < end)
            return delta == -128 ? 0 : line;
    }
    return 0;
}

/* 6 bits a byte, the lowest first, bit 6 set on all but the last; at most 31 bits are of use. */
static uint32_t read_varint(const uint8_t *table, size_t len, size_t *at)
{
    uint32_t value = 0;

    for (unsigned shift = 0; *at < len; shift += 6) {
        uint8_t byte = table[(*at)++];
        if (shift < 32)
            value |= (uint32_t)(byte & 63) << shift;
        if (!(byte & 64))
            break;
    }
    return value;
}

static int read_signed_varint(const uint8_t *table, size_t len, size_t *at)
{
    uint32_t value = read_varint(table, len, at);
    return value & 1 ? -(int)(value >> 1) : (int)(value >> 1);
}

/* 3.11 and later, Objects/locations.md: entries begin with a byte that has bit 7 set, the form in bits
 * 3 to 6 and the number of code units less one in bits 0 to 2; forms 10 to 12 move 0 to 2 lines on,
 * 13 and 14 carry the change of line, 15 has no line, the others stay on the line. */
static int line_in_locations(const uint8_t *table, size_t len, int line, uint64_t offset)
{
    enum { UNIT_BYTES = 2, FIRST_ONE_LINE = 10, NO_COLUMNS = 13, LONG = 14, NO_LOCATION = 15 };
    uint64_t end = 0;

    for (size_t at = 0; at < len;) {
        uint8_t first = table[at++];
        int form = first >> 3 & 15;

        end += (uint64_t)((first & 7) + 1) * UNIT_BYTES;
        if (form == NO_COLUMNS || form == LONG)
            line = move(line, read_signed_varint(table, len, &at));
        else if (form >= FIRST_ONE_LINE && form < NO_COLUMNS)
            line = move(line, form - FIRST_ONE_LINE);
        if (offset < end)
            return form == NO_LOCATION ? 0 : line;
        while (at < len && !(table[at] & 128)) /* the columns */
            at++;
    }
    return 0;
}

int uf_code_line_in_table(int form, const uint8_t *table, size_t table_len, int first_line,
                          uint64_t offset_bytes)
{
    int line = form == UF_LINES_STEPS   ? line_in_steps(table, table_len, first_line, offset_bytes)
               : form == UF_LINES_PAIRS ? line_in_pairs(table, table_len, first_line, offset_bytes)
               : form == UF_LINES_LOCATIONS
                   ? line_in_locations(table, table_len, first_line, offset_bytes)
                   : 0;
    return line > 0 ? line : 0;
}

static uint64_t tuple_length(const struct uf_heap *heap, uint64_t tuple)
{
    return tuple ? uf_source_word(heap->source, tuple + heap->objects->object.size) : 0;
}

static uint64_t tuple_item(const struct uf_heap *heap, uint64_t tuple, uint64_t index)
{
    return uf_source_word(heap->source, tuple + heap->objects->tuple.items + index * 8);
}

bool uf_code_read(const struct uf_heap *heap, uint64_t address, struct uf_code_info *ret)
{
    const struct uf_layout_runtime *r = &heap->config.layout->runtime;
    uint64_t type = heap->config.known ? heap->config.known->type[UF_KNOWN_CODE] : 0;
    const char *view = address ? uf_source_view(heap->source, address, r->code.line_table + 8)
                               : NULL;

    memset(ret, 0, sizeof *ret);
    if (view == NULL || (type && uf_u64(view, heap->objects->object.type) != type))
        return false;
    ret->address = address;
    ret->name = uf_u64(view, r->code.name);
    ret->filename = uf_u64(view, r->code.filename);
    ret->first_line = (int)uf_u32(view, r->code.first_line);
    ret->stack_size = uf_u32(view, r->code.stack_size);
    if (r->code.localsplus_names == UF_NO_OFFSET) {
        ret->qualname = ret->name;
        uint64_t cells = tuple_length(heap, uf_u64(view, r->code.cellvars));
        uint64_t free = tuple_length(heap, uf_u64(view, r->code.freevars));
        if (cells > SLOTS_MAX || free > SLOTS_MAX)
            return false;
        ret->local_count = uf_u32(view, r->code.nlocals) + (uint32_t)cells + (uint32_t)free;
    } else {
        ret->qualname = uf_u64(view, r->code.qualname);
        ret->local_count = uf_u32(view, r->code.nlocalsplus);
        ret->first_instruction = address + r->code.code_bytes;
    }
    return ret->local_count <= SLOTS_MAX && ret->stack_size <= SLOTS_MAX && uf_spend(heap, 1);
}

static uint64_t local_name_in_three(const struct uf_heap *heap, const struct uf_code_info *code,
                                    uint64_t index, enum uf_local_kind *kind)
{
    const struct uf_layout_runtime *r = &heap->config.layout->runtime;
    const uint32_t fields[] = {r->code.varnames, r->code.cellvars, r->code.freevars};

    for (unsigned i = 0; i < 3; i++) {
        uint64_t tuple = uf_source_word(heap->source, code->address + fields[i]);
        uint64_t length = tuple_length(heap, tuple);
        if (index < length) {
            *kind = (enum uf_local_kind)i;
            return tuple_item(heap, tuple, index);
        }
        index -= length;
    }
    return 0;
}

uint64_t uf_code_local_name(const struct uf_heap *heap, const struct uf_code_info *code,
                            uint32_t index, enum uf_local_kind *kind)
{
    const struct uf_layout_runtime *r = &heap->config.layout->runtime;

    *kind = UF_LOCAL_PLAIN;
    if (r->code.localsplus_names == UF_NO_OFFSET)
        return local_name_in_three(heap, code, index, kind);
    uint64_t names = uf_source_word(heap->source, code->address + r->code.localsplus_names);
    uint64_t kinds = uf_source_word(heap->source, code->address + r->code.localsplus_kinds);
    if (index >= tuple_length(heap, names))
        return 0;
    const uint8_t *bits =
        index < tuple_length(heap, kinds)
            ? uf_source_view(heap->source, kinds + heap->objects->bytes.data + index, 1)
            : NULL;
    if (bits != NULL && (*bits & r->code.kind_free))
        *kind = UF_LOCAL_FREE;
    else if (bits != NULL && (*bits & r->code.kind_cell))
        *kind = UF_LOCAL_CELL;
    return tuple_item(heap, names, index);
}

int uf_code_line(const struct uf_heap *heap, const struct uf_code_info *code, int64_t offset_bytes)
{
    const struct uf_layout_runtime *r = &heap->config.layout->runtime;
    uint64_t bytes = uf_source_word(heap->source, code->address + r->code.line_table);
    uint64_t length = tuple_length(heap, bytes); /* ob_size lies alike in all */
    const uint8_t *table =
        length > 0 && length < TABLE_MAX && uf_spend(heap, length / ENTRIES_PER_STEP)
            ? uf_source_view(heap->source, bytes + heap->objects->bytes.data, length)
            : NULL;
    int line = table && offset_bytes >= 0
                   ? uf_code_line_in_table(r->code.line_form, table, length, code->first_line,
                                           (uint64_t)offset_bytes)
                   : 0;
    return line ? line : code->first_line;
}
