/* What a person recognises an object by, cut short: a file keeps one for each object that has one. */
#include "cpython/read.h"
#include "cpython/shapes_private.h"
#include "cpython/str.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* Characters of what is no key: enough to tell one from the other. */
#define STR_CHARACTERS 24
#define BYTES_CHARACTERS 12
#define FRACTION_DIGITS 6
#define FRACTION_UNIT 1000000
#define WHOLE_MAX (UINT64_C(1) << 33)
#define TEXT_ROOM 160

/* --- fast forms of repr.c: they write what that writes, or 0 --------------------------------------- */

/* Printable ASCII without quotes and backslashes. */
static size_t plain_str(const struct uf_heap *heap, uint64_t object, size_t max, char *ret)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = uf_view(heap, object, lay->str.ascii_bytes);
    uint32_t ascii = lay->str.compact_mask | lay->str.ascii_mask;
    if (!view || (uf_u32(view, lay->str.state) & ascii) != ascii)
        return 0;
    uint64_t length = uf_u64(view, lay->str.length);
    size_t shown = length < max ? (size_t)length : max;
    const uint8_t *text = uf_view(heap, object + lay->str.ascii_bytes, shown);
    size_t len = 0;
    ret[len++] = '\'';
    for (size_t i = 0; text && i < shown; i++) {
        uint8_t c = text[i];
        if (c < 0x20 || c >= 0x7f || c == '\'' || c == '"' || c == '\\')
            return 0;
        ret[len++] = (char)c;
    }
    if (shown < length) {
        memcpy(ret + len, "...", 3);
        len += 3;
    }
    ret[len++] = '\'';
    return text ? len : 0;
}

/* Bytes that are no text are escapes from end to end (code, pickles): their length tells more. */
static bool is_printable(const struct uf_heap *heap, uint64_t object)
{
    const struct uf_layout_objects *lay = heap->objects;
    uint64_t length = uf_source_word(heap->source, object + lay->object.size);
    size_t shown = length < BYTES_CHARACTERS ? (size_t)length : BYTES_CHARACTERS;
    const uint8_t *data = uf_view(heap, object + lay->bytes.data, shown + 1);
    for (size_t i = 0; data && i < shown; i++)
        if ((data[i] < 0x20 && (data[i] < '\t' || data[i] > '\r')) || data[i] >= 0x7f)
            return false;
    return data != NULL;
}

static size_t put_decimal(uint64_t value, char *ret)
{
    char digits[20];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    for (size_t i = 0; i < count; i++)
        ret[i] = digits[count - 1 - i];
    return count;
}

/* Of one or two digits of its own (60 bits). */
static size_t small_int(const struct uf_heap *heap, uint64_t object, char *ret)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = uf_view(heap, object, lay->integer.digits);
    if (!view)
        return 0;
    uint64_t size = uf_u64(view, lay->integer.size), count = size >> lay->integer.size_shift;
    bool negative = !lay->integer.signed_size && (size & 3) == 2;
    if (lay->integer.signed_size) {
        negative = (int64_t)size < 0;
        count = negative ? 0 - size : size;
    }
    view = count <= 2 ? uf_view(heap, object + lay->integer.digits, count * 4) : NULL;
    if (!view)
        return 0;
    uint64_t value = count > 0 ? uf_u32(view, 0) : 0;
    if (count == 2)
        value |= (uint64_t)uf_u32(view, 4) << lay->integer.digit_bits;
    ret[0] = '-';
    return negative + put_decimal(value, ret + negative);
}

/* Digits of numbers are cut like texts: "0.333333...". Exponents are left to repr.c. */
static size_t cut_float(const struct uf_heap *heap, uint64_t object, char *ret)
{
    const void *view = uf_view(heap, object, heap->objects->floating.value + 8U);
    double value;
    if (!view)
        return 0;
    memcpy(&value, (const char *)view + heap->objects->floating.value, sizeof value);
    double size = fabs(value);
    if (!(size < 1e15) || (size < 1e-3 && size != 0)) /* not a number, too */
        return 0;
    uint64_t whole = (uint64_t)size;
    double rest = (size - (double)whole) * FRACTION_UNIT;
    if (rest > 0 && whole >= WHOLE_MAX)
        return 0;
    uint64_t fraction = (uint64_t)(rest + 0.5);
    /* is it the number that is written with so many digits? (below 2^53 this is exact) */
    bool cut = rest > 0 && (fraction >= FRACTION_UNIT ||
                            (double)(whole * FRACTION_UNIT + fraction) / FRACTION_UNIT != size);
    if (cut)
        fraction = (uint64_t)rest;
    size_t len = signbit(value) ? 1 : 0;
    ret[0] = '-';
    len += put_decimal(whole, ret + len);
    ret[len++] = '.';
    size_t digits = FRACTION_DIGITS;
    while (!cut && digits > 1 && fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    for (size_t i = digits; i-- > 0; fraction /= 10)
        ret[len + i] = (char)('0' + fraction % 10);
    len += digits;
    if (cut) {
        memcpy(ret + len, "...", 3);
        len += 3;
    }
    return len;
}

/* --- all forms --------------------------------------------------------------------------------------- */

static size_t short_text(struct uf_heap *heap, enum uf_text_form form, uint64_t object, char *ret)
{
    size_t len = 0;
    switch (form) {
    case UF_TEXT_FORM_STR:
        len = plain_str(heap, object, STR_CHARACTERS, ret);
        return len ? len : uf_scalar_repr(heap, object, ret, TEXT_ROOM, STR_CHARACTERS);
    case UF_TEXT_FORM_BYTES:
        return is_printable(heap, object)
                   ? uf_scalar_repr(heap, object, ret, TEXT_ROOM, BYTES_CHARACTERS)
                   : 0;
    case UF_TEXT_FORM_INT:
        len = small_int(heap, object, ret);
        break;
    case UF_TEXT_FORM_FLOAT:
        len = cut_float(heap, object, ret);
        break;
    case UF_TEXT_FORM_PLACE:
        return uf_place_repr(heap, object, ret, TEXT_ROOM);
    case UF_TEXT_FORM_TUPLE:
    case UF_TEXT_FORM_NONE:
        return 0;
    case UF_TEXT_FORM_WORD:
        break;
    }
    return len ? len : uf_scalar_repr(heap, object, ret, TEXT_ROOM, STR_CHARACTERS);
}

/* 'name' of the key of an attribute, whole; 0: no attribute is written with it. */
static size_t attribute_text(struct uf_heap *heap, uint64_t object, char *ret)
{
    size_t len = uf_str_copy(heap, object, ret + 1, UF_KEY_BYTES);
    if (!uf_is_identifier(ret + 1))
        return 0;
    ret[0] = ret[len + 1] = '\'';
    return len + 2;
}

static size_t key_text(struct uf_heap *heap, enum uf_text_form form, uint64_t object, char *ret)
{
    size_t len = 0;
    if (form == UF_TEXT_FORM_STR)
        len = plain_str(heap, object, UF_KEY_CHARACTERS, ret);
    else if (form == UF_TEXT_FORM_INT)
        len = small_int(heap, object, ret);
    bool whole = len &&
                 len <= UF_KEY_CHARACTERS + 2; /* what is cut here may be a name, shown whole */
    return whole ? len : uf_key_text(heap, object, ret);
}

enum uf_text_kind uf_shape_text(struct uf_heap_shapes *shapes, uf_node node, char *ret, size_t size,
                                size_t *len)
{
    struct uf_heap *heap = shapes->heap;
    enum uf_text_form form = (enum uf_text_form)shapes->forms[shapes->graph->type[node]].text;
    uint64_t object = shapes->graph->address[node];
    bool of_attributes = uf_shape_bit(shapes->key_of_attributes, node);
    char text[TEXT_ROOM + 1];
    size_t made = 0;
    if (of_attributes && form == UF_TEXT_FORM_STR)
        made = attribute_text(heap, object, text);
    if (!made && (of_attributes || uf_shape_bit(shapes->key_of_items, node)))
        made = key_text(heap, form, object, text);
    else if (!made)
        made = short_text(heap, form, object, text);
    text[made] = 0;
    if (made >= size)
        made = uf_utf8_cut(ret, size, text);
    else
        memcpy(ret, text, made);
    *len = made;
    if (!made)
        return UF_TEXT_NONE;
    bool is_name = (of_attributes && form == UF_TEXT_FORM_STR) || form == UF_TEXT_FORM_WORD ||
                   form == UF_TEXT_FORM_PLACE;
    return is_name ? UF_TEXT_NAME : UF_TEXT_CONTENT;
}
