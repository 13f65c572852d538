/* Lengths, bounds, and what an object looks like to a person. */
#include "cpython/naming.h"
#include "cpython/read.h"
#include "cpython/str.h"

#include <inttypes.h>
#include <stdio.h>

#define TUPLE_SHOWN 3
#define REPR_BYTES 48

static const struct uf_plan *plan_of(struct uf_heap *heap, uint64_t object, uint32_t *type)
{
    const void *head = uf_view(heap, object, heap->objects->object.head_bytes);
    *type = head ? uf_heap_type(heap, uf_u64(head, heap->objects->object.type)) : UINT32_MAX;
    return *type == UINT32_MAX ? NULL : &heap->plans.at[*type];
}

static bool is_record(const struct uf_plan *plan, enum uf_known known)
{
    return plan->record && plan->record->known == known;
}

int64_t uf_heap_length(struct uf_heap *heap, uint64_t object)
{
    const struct uf_layout_objects *lay = heap->objects;
    uint32_t type;
    const struct uf_plan *plan = plan_of(heap, object, &type);
    const void *view = plan ? uf_view(heap, object, plan->view_bytes) : NULL;
    if (!view)
        return -1;
    switch ((enum uf_container)plan->holds) {
    case UF_HOLDS_DICT:
    case UF_HOLDS_ORDERED_DICT:
        return uf_i64(view, lay->dict.used);
    case UF_HOLDS_SET:
        return uf_i64(view, lay->set.used);
    case UF_HOLDS_LIST:
    case UF_HOLDS_TUPLE:
    case UF_HOLDS_STRUCTSEQ:
    case UF_HOLDS_DEQUE:
        return (int64_t)uf_source_word(heap->source, object + lay->object.size);
    default:
        break;
    }
    if (plan->size_rule == UF_SIZE_STR)
        return uf_i64(view, lay->str.length);
    if (is_record(plan, UF_KNOWN_BYTES) || is_record(plan, UF_KNOWN_BYTEARRAY) ||
        plan->size_rule == UF_SIZE_ARRAY)
        return uf_i64(view, lay->object.size);
    if (plan->holds == UF_HOLDS_LRU_CACHE) {
        uint64_t cache = uf_u64(view, lay->lru_cache.cache);
        return cache ? (int64_t)uf_source_word(heap->source, cache + lay->dict.used) : -1;
    }
    return -1;
}

int64_t uf_heap_bound(struct uf_heap *heap, uint64_t object)
{
    const struct uf_layout_objects *lay = heap->objects;
    uint32_t type;
    const struct uf_plan *plan = plan_of(heap, object, &type);
    const void *view = plan ? uf_view(heap, object, plan->view_bytes) : NULL;
    int64_t bound = -1;
    if (view && plan->holds == UF_HOLDS_DEQUE)
        bound = uf_i64(view, lay->deque.maxlen);
    else if (view && plan->holds == UF_HOLDS_LRU_CACHE)
        bound = uf_i64(view, lay->lru_cache.maxsize);
    return bound < 0 ? -1 : bound;
}

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

/* repr of objects whose repr needs no code; 0: it is none of them. Tuples one level deep. */
static size_t simple_repr(struct uf_heap *heap, uint64_t object, char *ret, size_t size, size_t max,
                          int depth)
{
    const struct uf_layout_objects *lay = heap->objects;
    uint32_t type;
    const struct uf_plan *plan = object && size >= REPR_BYTES / 2 ? plan_of(heap, object, &type)
                                                                  : NULL;
    const struct uf_known_types *known = heap->config.known;
    if (!plan)
        return 0;
    struct uf_str str;
    if (plan->address == known->type[UF_KNOWN_STR] && uf_str_view(heap, object, max, &str))
        return text_repr(&str, false, ret, size, max);
    if (plan->address == known->type[UF_KNOWN_BYTES]) {
        str.length = uf_source_word(heap->source, object + lay->object.size);
        str.width = 1;
        str.data = uf_view(heap, object + lay->bytes.data, str.length < max ? str.length : max);
        return str.data ? text_repr(&str, true, ret, size, max) : 0;
    }
    if (plan->address == known->type[UF_KNOWN_INT])
        return int_repr(heap, plan, object, ret, size);
    if (plan->address == known->type[UF_KNOWN_BOOL]) {
        bool value = uf_view(heap, object + lay->integer.digits, 4) &&
                     uf_u32(uf_view(heap, object + lay->integer.digits, 4), 0);
        return (size_t)snprintf(ret, size, "%s", value ? "True" : "False");
    }
    if (plan->address == known->type[UF_KNOWN_NONE_TYPE])
        return (size_t)snprintf(ret, size, "None");
    if (plan->address == known->type[UF_KNOWN_FLOAT]) {
        const void *view = uf_view(heap, object, plan->view_bytes);
        double value;
        if (!view)
            return 0;
        memcpy(&value, (const char *)view + lay->floating.value, sizeof value);
        return float_repr(value, ret, size);
    }
    if (plan->address != known->type[UF_KNOWN_TUPLE] || depth)
        return 0;
    uint64_t count = uf_source_word(heap->source, object + lay->object.size);
    size_t len = 0;
    ret[len++] = '(';
    for (uint64_t i = 0; i < count && i < TUPLE_SHOWN && len + REPR_BYTES < size; i++) {
        uint64_t item = uf_source_word(heap->source, object + lay->tuple.items + i * 8);
        size_t part = simple_repr(heap, item, ret + len, size - len - 8, max / 2, depth + 1);
        if (!part)
            part = (size_t)snprintf(ret + len, size - len, "...");
        len += part;
        if (i + 1 < count || count == 1)
            ret[len++] = ',';
        if (i + 1 < count)
            ret[len++] = ' ';
    }
    if (count > TUPLE_SHOWN && len + 5 < size)
        len += (size_t)snprintf(ret + len, size - len, "...");
    ret[len++] = ')';
    ret[len] = 0;
    return len;
}

size_t uf_key_repr(const struct uf_heap *heap, uint64_t object, char *ret, size_t size, size_t max)
{
    uint32_t type;
    struct uf_heap *mutable_heap = (struct uf_heap *)(uintptr_t)heap; /* enters types, no more */
    size_t len = simple_repr(mutable_heap, object, ret, size, max, 0);
    if (len)
        return len;
    len =
        plan_of(mutable_heap, object, &type)
            ? (size_t)snprintf(ret, size, "<%.*s>", (int)max, uf_heap_type_name(mutable_heap, type))
            : (size_t)snprintf(ret, size, "...");
    return len < size ? len : size - 1;
}

static void put_thousands(uint64_t value, char *ret, size_t size)
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%" PRIu64, value);
    size_t len = 0;
    for (int i = 0; i < count && len + 2 < size; i++) {
        if (i && (count - i) % 3 == 0)
            ret[len++] = ',';
        ret[len++] = digits[i];
    }
    ret[len] = 0;
}

static const char *unit_of(const struct uf_plan *plan, int64_t length)
{
    bool one = length == 1;
    switch ((enum uf_container)plan->holds) {
    case UF_HOLDS_DICT:
    case UF_HOLDS_ORDERED_DICT:
    case UF_HOLDS_LRU_CACHE:
        return one ? "entry" : "entries";
    case UF_HOLDS_SET:
        return one ? "member" : "members";
    default:
        if (plan->size_rule == UF_SIZE_STR)
            return one ? "character" : "characters";
        return is_record(plan, UF_KNOWN_BYTES) || is_record(plan, UF_KNOWN_BYTEARRAY)
                   ? (one ? "byte" : "bytes")
                   : (one ? "item" : "items");
    }
}

/* Named objects: module, class, function; 0: it has no name of its own. */
static size_t named(struct uf_heap *heap, const struct uf_plan *plan, uint64_t object, char *ret,
                    size_t size)
{
    char name[100];
    const char *form = NULL;
    size_t len = 0;
    if (plan->holds == UF_HOLDS_MODULE) {
        uint64_t text = uf_dict_find(heap, uf_plan_dict(heap, plan, object), "__name__");
        form = "<module '%s'>";
        len = text ? uf_str_copy(heap, text, name, sizeof name) : 0;
    } else if (plan->holds == UF_HOLDS_TYPE) {
        uint32_t type = uf_heap_type(heap, object);
        form = "<class '%s'>";
        len = type == UINT32_MAX
                  ? 0
                  : (size_t)snprintf(name, sizeof name, "%s", uf_heap_type_name(heap, type));
    } else if (is_record(plan, UF_KNOWN_FUNCTION)) {
        for (uint8_t i = 0; i < plan->record->field_count; i++)
            if (strcmp(plan->record->fields[i].name, ".__qualname__") == 0)
                len = uf_str_copy(
                    heap, uf_source_word(heap->source, object + plan->record->fields[i].offset),
                    name, sizeof name);
        form = "<function %s>";
    }
    if (!form || !len)
        return 0;
    char text[160];
    snprintf(text, sizeof text, form, name); // NOLINT: the forms are above
    return uf_utf8_cut(ret, size, text);
}

void uf_heap_preview(struct uf_heap *heap, uint64_t object, char *ret, size_t size)
{
    char text[240];
    uint32_t type;
    if (size == 0)
        return;
    const struct uf_plan *plan = plan_of(heap, object, &type);
    if (!plan) {
        snprintf(ret, size, "?");
        return;
    }
    struct uf_plan copy = *plan; /* naming a type may enter others */
    if (copy.address != heap->config.known->type[UF_KNOWN_TUPLE] &&
        simple_repr(heap, object, text, size < sizeof text ? size : sizeof text, REPR_BYTES, 0)) {
        uf_utf8_cut(ret, size, text);
        return;
    }
    if (named(heap, &copy, object, ret, size))
        return;
    int64_t length = uf_heap_length(heap, object);
    const char *name = uf_heap_type_name(heap, type);
    if (length >= 0) {
        char count[32];
        put_thousands((uint64_t)length, count, sizeof count);
        snprintf(text, sizeof text, "%.100s, %s %s", name, count, unit_of(&copy, length));
    } else {
        snprintf(text, sizeof text, "<%.150s>", name);
    }
    uf_utf8_cut(ret, size, text);
}
