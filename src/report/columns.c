#include "report/columns.h"

#include <stdbool.h>
#include <string.h>

static const char dots[] = "...";

size_t uf_columns_decode(const char *text, size_t len, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)text;
    size_t bytes = at[0] < 0x80 ? 1 : at[0] < 0xC2 ? 0 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;

    if (bytes == 1) {
        *code = at[0];
        return 1;
    }
    *code = UF_COLUMNS_INVALID + at[0];
    if (bytes == 0 || at[0] > 0xF4 || bytes > len)
        return 1;
    uint32_t value = at[0] & (0xFFu >> (bytes + 1));
    for (size_t i = 1; i < bytes; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 1;
        value = value << 6 | (at[i] & 0x3Fu);
    }
    if (value < least[bytes] || value > 0x10FFFF)
        return 1;
    *code = value >= 0xD800 && value <= 0xDFFF ? UF_COLUMNS_INVALID + value : value;
    return bytes;
}

static bool in_ranges(const struct uf_columns_range *ranges, size_t count, uint32_t code)
{
    size_t low = 0;
    while (low < count) {
        size_t middle = low + (count - low) / 2;
        if (code > ranges[middle].last)
            low = middle + 1;
        else if (code < ranges[middle].first)
            count = middle;
        else
            return true;
    }
    return false;
}

unsigned uf_columns_of(uint32_t code)
{
    if (code < 0x20)
        return 0;
    if (code < 0x300)
        return code != 0x7F;
    if (in_ranges(uf_columns_none, uf_columns_none_count, code))
        return 0;
    return in_ranges(uf_columns_wide, uf_columns_wide_count, code) ? 2 : 1;
}

size_t uf_columns_width(const char *text, size_t len)
{
    size_t width = 0;
    for (size_t at = 0; at < len;) {
        uint32_t code;
        at += uf_columns_decode(text + at, len - at, &code);
        width += uf_columns_of(code);
    }
    return width;
}

/* Would move the cursor, change colours or turn the direction of what follows. */
static bool is_harmful(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 ||
           code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

void uf_columns_clean(struct uf_text *ret, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    bool space = false, any = false;
    for (size_t at = 0; at < len;) {
        uint32_t code;
        size_t bytes = uf_columns_decode(text + at, len - at, &code);
        if (code == ' ' || (code >= '\t' && code <= '\r')) {
            space = any;
        } else {
            if (space)
                uf_text_add(ret, " ", 1);
            space = false;
            any = true;
            if (code >= UF_COLUMNS_INVALID)
                uf_text_printf(ret, bytes == 3 ? "\\u%04x" : "\\x%02x", code - UF_COLUMNS_INVALID);
            else if (is_harmful(code))
                uf_text_printf(ret, code < 0x100 ? "\\x%02x" : "\\u%04x", code);
            else
                uf_text_add(ret, text + at, bytes);
        }
        at += bytes;
    }
}

/* Bytes of the longest beginning of at most `max` columns, with what combines behind it. */
static size_t head_of(const char *text, size_t len, size_t max)
{
    size_t at = 0;
    while (at < len) {
        uint32_t code;
        size_t bytes = uf_columns_decode(text + at, len - at, &code);
        unsigned columns = uf_columns_of(code);
        if (columns > max)
            break;
        max -= columns;
        at += bytes;
    }
    return at;
}

/* Where the longest end of at most `max` columns begins. */
static size_t tail_of(const char *text, size_t len, size_t max)
{
    size_t skip = uf_columns_width(text, len), at = 0;
    while (at < len) {
        uint32_t code;
        size_t bytes = uf_columns_decode(text + at, len - at, &code);
        unsigned columns = uf_columns_of(code);
        if (skip <= max && columns > 0)
            break;
        at += bytes;
        skip -= columns;
    }
    return at;
}

void uf_columns_cut_end(struct uf_text *ret, const char *text, size_t max)
{
    size_t len = text ? strlen(text) : 0;
    if (uf_columns_width(text, len) <= max) {
        uf_text_add(ret, text ? text : "", len);
        return;
    }
    size_t shown_dots = max < 6 ? 0 : sizeof dots - 1; /* too narrow for dots: just cut */
    uf_text_add(ret, text, head_of(text, len, max - shown_dots));
    uf_text_add(ret, dots, shown_dots);
}

void uf_columns_cut_middle(struct uf_text *ret, const char *text, size_t max)
{
    size_t len = text ? strlen(text) : 0;
    if (max < 8 || uf_columns_width(text, len) <= max) {
        uf_columns_cut_end(ret, text, max);
        return;
    }
    /* The end tells more than the beginning: "urllib3.conn...HTTPConnectionPool". */
    size_t room = max - (sizeof dots - 1), before = room * 2 / 5;
    uf_text_add(ret, text, head_of(text, len, before));
    uf_text_add(ret, dots, sizeof dots - 1);
    size_t tail = tail_of(text, len, room - before);
    uf_text_add(ret, text + tail, len - tail);
}

/* Bytes of the next piece that is better not broken. */
static size_t piece_of(const char *text, size_t len, size_t max)
{
    size_t end = 0, word = 0;
    for (;;) {
        while (word < len && text[word] != ' ')
            word++;
        if (end > 0 && uf_columns_width(text, word) > max)
            return end;
        end = word;
        if (word >= len || word == 0 || text[word - 1] < '0' || text[word - 1] > '9')
            return end;
        word++;
    }
}

size_t uf_columns_wrap(struct uf_text *ret, const char *text, size_t at, size_t hang, size_t width)
{
    size_t len = text ? strlen(text) : 0, done = 0;
    bool fresh = true; /* nothing of the text on this line yet */

    if (hang + 1 >= width)
        hang = 0;
    while (done < len) {
        while (done < len && text[done] == ' ')
            done++;
        size_t piece = piece_of(text + done, len - done, width - hang);
        size_t columns = uf_columns_width(text + done, piece);
        if (at + !fresh + columns > width && (!fresh || at > hang)) {
            uf_text_printf(ret, "\n%*s", (int)hang, "");
            at = hang;
            fresh = true;
        }
        if (!fresh && piece > 0)
            uf_text_add(ret, " ", 1);
        at += !fresh && piece > 0;
        if (at + columns > width) { /* longer than a line: break it */
            piece = head_of(text + done, piece, width > at ? width - at : 0);
            if (piece == 0) /* not even one character fits: it sticks out */
                piece = uf_columns_decode(text + done, len - done, &(uint32_t){0});
            columns = uf_columns_width(text + done, piece);
        }
        uf_text_add(ret, text + done, piece);
        at += columns;
        done += piece;
        fresh = false;
        /* A broken word goes on without a space. */
        if (done < len && text[done] != ' ') {
            uf_text_printf(ret, "\n%*s", (int)hang, "");
            at = hang;
            fresh = true;
        }
    }
    return at;
}
