/* What Python would write for simple objects, read from their memory. */
#include "cpython/naming.h"
#include "cpython/read.h"
#include "cpython/str.h"

#include <inttypes.h>
#include <stdio.h>

#define TUPLE_SHOWN 3
#define ROOM_BYTES 48 /* enough for any number */

/* Characters with the escapes of repr(); no quotes. */
static size_t escaped(const struct uf_str *str, uint64_t limit, bool bytes, char quote, char *ret,
                      size_t size)
{
    size_t len = 0;
    uint64_t i = 0;
    for (; i < str->length && i < limit && len + 8 < size; i++) {
        uint32_t c = uf_str_char(str, i);
        const char *named = c == '\n'   ? "\\n"
                            : c == '\t' ? "\\t"
                            : c == '\r' ? "\\r"
                            : c == '\\' ? "\\\\"
                                        : NULL;
        if (named || c == (uint32_t)quote)
            len += (size_t)snprintf(ret + len, size - len, "%s%s", named ? named : "\\",
                                    named ? "" : (quote == '"' ? "\"" : "'"));
        else if (c < 0x20 || c == 0x7f || (bytes && c > 0x7f))
            len += (size_t)snprintf(ret + len, size - len, "\\x%02x", (unsigned)c & 0xff);
        else
            len += uf_utf8_put(ret + len, c);
    }
    if (i < str->length && len + 4 < size) {
        memcpy(ret + len, "...", 4);
        len += 3;
    }
    ret[len] = 0;
    return len;
}

static size_t text_repr(const struct uf_str *str, bool bytes, char *ret, size_t size, size_t max)
{
    bool single = false, twice = false;
    for (uint64_t i = 0; i < str->length && i < max; i++) {
        single |= uf_str_char(str, i) == '\'';
        twice |= uf_str_char(str, i) == '"';
    }
    char quote = single && !twice ? '"' : '\'';
    size_t len = 0;
    if (bytes)
        ret[len++] = 'b';
    ret[len++] = quote;
    len += escaped(str, max, bytes, quote, ret + len, size - len - 1);
    ret[len++] = quote;
    ret[len] = 0;
    return len;
}

static size_t int_repr(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                       char *ret, size_t size)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = uf_view(heap, object, lay->integer.digits);
    uint64_t count = view ? uf_plan_items(heap, plan, view) : 0;
    const void *top = count == 3 ? uf_view(heap, object + lay->integer.digits, 12) : NULL;
    bool fits = count < 3 || (top && uf_u32(top, 8) >> (64 - 2 * lay->integer.digit_bits) == 0);
    if (!fits)
        return (size_t)snprintf(ret, size, "<int of about %" PRIu64 " digits>",
                                count * lay->integer.digit_bits * 30103 / 100000 + 1);
    const void *digits = uf_view(heap, object + lay->integer.digits, count * 4);
    uint64_t value = 0;
    for (uint64_t i = count; digits && i-- > 0;)
        value = value << lay->integer.digit_bits | uf_u32(digits, i * 4);
    bool negative = lay->integer.signed_size ? uf_i64(view, lay->integer.size) < 0
                                             : (uf_u64(view, lay->integer.size) & 3) == 2;
    return (size_t)snprintf(ret, size, "%s%" PRIu64, negative ? "-" : "", value);
}

static size_t float_repr(double value, char *ret, size_t size)
{
    /* the shortest text that reads back as the same number, as repr() gives it */
    size_t len = 0;
    for (int digits = 15; digits <= 17; digits++) {
        len = (size_t)snprintf(ret, size, "%.*g", digits, value);
        double back = 0;
        if (sscanf(ret, "%lf", &back) == 1 && back == value) // NOLINT
            break;
    }
    if (!strpbrk(ret, ".einf") && len + 3 < size)
        len += (size_t)snprintf(ret + len, size - len, ".0");
    return len;
}

/* repr of objects whose repr needs no code, tuples apart; 0: it is none of them. */
static size_t scalar_repr(struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                          char *ret, size_t size, size_t max)
{
    const struct uf_layout_objects *lay = heap->objects;
    const struct uf_known_types *known = heap->config.known;
    const void *view = uf_view(heap, object, plan->view_bytes);
    struct uf_str str;
    if (!view)
        return 0;
    if (plan->address == known->type[UF_KNOWN_STR])
        return uf_str_view(heap, object, max, &str) ? text_repr(&str, false, ret, size, max) : 0;
    if (plan->address == known->type[UF_KNOWN_BYTES]) {
        str.length = uf_u64(view, lay->object.size);
        str.width = 1;
        str.data = uf_view(heap, object + lay->bytes.data, str.length < max ? str.length : max);
        return str.data ? text_repr(&str, true, ret, size, max) : 0;
    }
    if (plan->address == known->type[UF_KNOWN_INT])
        return int_repr(heap, plan, object, ret, size);
    if (plan->address == known->type[UF_KNOWN_BOOL]) {
        const void *digit = uf_view(heap, object + lay->integer.digits, 4);
        return (size_t)snprintf(ret, size, digit && uf_u32(digit, 0) ? "True" : "False");
    }
    if (plan->address == known->type[UF_KNOWN_NONE_TYPE])
        return (size_t)snprintf(ret, size, "None");
    if (plan->address == known->type[UF_KNOWN_FLOAT]) {
        double value;
        memcpy(&value, (const char *)view + lay->floating.value, sizeof value);
        return float_repr(value, ret, size);
    }
    return 0;
}

static size_t tuple_repr(struct uf_heap *heap, uint64_t object, char *ret, size_t size, size_t max)
{
    const struct uf_layout_objects *lay = heap->objects;
    uint64_t count = uf_source_word(heap->source, object + lay->object.size);
    size_t len = 0;
    ret[len++] = '(';
    for (uint64_t i = 0; i < count && i < TUPLE_SHOWN && len + ROOM_BYTES + 12 < size; i++) {
        uint64_t item = uf_source_word(heap->source, object + lay->tuple.items + i * 8);
        const struct uf_plan *plan = item ? uf_plan_of(heap, item) : NULL;
        size_t part = plan ? scalar_repr(heap, plan, item, ret + len, size - len - 8, max / 2) : 0;
        if (!part)
            part = (size_t)snprintf(ret + len, size - len, "...");
        len += part;
        if (i + 1 < count || count == 1)
            ret[len++] = ',';
        if (i + 1 < count)
            ret[len++] = ' ';
    }
    if (count > TUPLE_SHOWN)
        len += (size_t)snprintf(ret + len, size - len, "...");
    ret[len++] = ')';
    ret[len] = 0;
    return len;
}

size_t uf_scalar_repr(struct uf_heap *heap, uint64_t object, char *ret, size_t size, size_t max)
{
    const struct uf_plan *plan = object && size >= ROOM_BYTES ? uf_plan_of(heap, object) : NULL;
    return plan ? scalar_repr(heap, plan, object, ret, size, max) : 0;
}

/* Names of the program's own are shown whole: as keys of attribute dicts they are attributes, too. */
static size_t key_characters(const struct uf_heap *heap, const struct uf_plan *plan,
                             uint64_t object)
{
    char name[UF_KEY_BYTES];
    struct uf_str str;
    if (plan->address != heap->config.known->type[UF_KNOWN_STR] ||
        !uf_str_view(heap, object, UF_IDENTIFIER_CHARACTERS, &str) ||
        str.length <= UF_KEY_CHARACTERS || str.length > UF_IDENTIFIER_CHARACTERS)
        return UF_KEY_CHARACTERS;
    size_t len = uf_str_copy(heap, object, name, sizeof name);
    return len <= UF_IDENTIFIER_CHARACTERS && uf_is_identifier(name) ? UF_IDENTIFIER_CHARACTERS
                                                                     : UF_KEY_CHARACTERS;
}

size_t uf_key_text(struct uf_heap *heap, uint64_t object, char *ret)
{
    const struct uf_plan *plan = object ? uf_plan_of(heap, object) : NULL;
    if (!plan)
        return 0;
    size_t len = plan->address == heap->config.known->type[UF_KNOWN_TUPLE]
                     ? tuple_repr(heap, object, ret, UF_KEY_BYTES, UF_KEY_CHARACTERS)
                     : scalar_repr(heap, plan, object, ret, UF_KEY_BYTES,
                                   key_characters(heap, plan, object));
    return len ? len : uf_place_repr(heap, object, ret, UF_KEY_BYTES);
}

size_t uf_key_repr(struct uf_heap *heap, uint64_t object, char *ret)
{
    const struct uf_plan *plan = object ? uf_plan_of(heap, object) : NULL;
    if (!plan)
        return uf_utf8_cut(ret, UF_KEY_BYTES, "...");
    uint32_t type = (uint32_t)(plan - heap->plans.at);
    size_t len = uf_key_text(heap, object, ret);
    if (len)
        return len;
    char name[UF_KEY_CHARACTERS + 1];
    uf_utf8_cut(name, sizeof name, uf_heap_type_name(heap, type));
    return (size_t)snprintf(ret, UF_KEY_BYTES, "<%s>", name);
}
