#include "cpython/str.h"

#include "cpython/read.h"

bool uf_str_view(const struct uf_heap *heap, uint64_t object, uint64_t max, struct uf_str *ret)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = uf_view(heap, object, lay->str.ascii_bytes);
    if (!view)
        return false;
    uint32_t state = uf_u32(view, lay->str.state);
    uint8_t width = (uint8_t)((state & lay->str.kind_mask) >> lay->str.kind_shift);
    if (width != 1 && width != 2 && width != 4)
        return false;
    uint64_t data = object;
    if (!(state & lay->str.compact_mask)) {
        data = uf_source_word(heap->source, object + lay->str.data);
    } else {
        data += (state & lay->str.ascii_mask) ? lay->str.ascii_bytes : lay->str.compact_bytes;
    }
    ret->length = uf_u64(view, lay->str.length);
    ret->width = width;
    uint64_t shown = ret->length < max ? ret->length : max;
    ret->data = data ? uf_view(heap, data, shown * width) : NULL;
    return ret->data != NULL;
}

size_t uf_utf8_put(char *ret, uint32_t c)
{
    if (c < 0x20 || c == 0x7f || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
        c = '?';
    if (c < 0x80) {
        ret[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        ret[0] = (char)(0xc0 | c >> 6);
        ret[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        ret[0] = (char)(0xe0 | c >> 12);
        ret[1] = (char)(0x80 | (c >> 6 & 0x3f));
        ret[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    ret[0] = (char)(0xf0 | c >> 18);
    ret[1] = (char)(0x80 | (c >> 12 & 0x3f));
    ret[2] = (char)(0x80 | (c >> 6 & 0x3f));
    ret[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

size_t uf_str_copy(const struct uf_heap *heap, uint64_t object, char *ret, size_t size)
{
    struct uf_str str;
    size_t len = 0;
    if (size == 0)
        return 0;
    if (object && uf_str_view(heap, object, size, &str))
        for (uint64_t i = 0; i < str.length && len + 5 <= size; i++)
            len += uf_utf8_put(ret + len, uf_str_char(&str, i));
    ret[len] = 0;
    return len;
}

bool uf_str_equals(const struct uf_heap *heap, uint64_t object, const char *ascii)
{
    struct uf_str str;
    size_t len = strlen(ascii);
    return uf_str_view(heap, object, len, &str) && str.width == 1 && str.length == len &&
           memcmp(str.data, ascii, len) == 0;
}

/* `len` without the beginning of a character that is not all there. */
static size_t without_part(const char *text, size_t len)
{
    size_t at = len;
    while (at && len - at < 3 && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
        at--;
    unsigned char first = at ? (unsigned char)text[at - 1] : 0;
    size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    return at && len - (at - 1) < bytes ? at - 1 : len;
}

size_t uf_cstr_copy(const struct uf_heap *heap, uint64_t address, char *ret, size_t size)
{
    size_t len = 0;
    if (size == 0)
        return 0;
    while (address && len + 1 < size) {
        const char *view = uf_view(heap, address + len, 1);
        if (!view || !*view)
            break;
        ret[len++] = *view;
    }
    ret[len + 1 == size ? without_part(ret, len) : len] = 0;
    return uf_utf8_clean(ret);
}
