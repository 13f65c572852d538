#include "graph/preview.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>

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

void uf_preview_of_length(char *ret, size_t size, const char *type, int64_t length,
                          enum uf_length_unit unit)
{
    static const char *const units[][2] = {{"items", "item"},
                                           {"entries", "entry"},
                                           {"members", "member"},
                                           {"characters", "character"},
                                           {"bytes", "byte"}};
    char text[240], name[151], count[32];
    if (length < 0) {
        uf_utf8_cut(name, sizeof name, type);
        snprintf(text, sizeof text, "<%s>", name);
    } else {
        uf_utf8_cut(name, 101, type);
        put_thousands((uint64_t)length, count, sizeof count);
        snprintf(text, sizeof text, "%s, %s %s", name, count, units[unit][length == 1]);
    }
    uf_utf8_cut(ret, size, text);
}
