#include "base/text.h"

#include "base/mem.h"
#include "base/vec.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room for `len` more bytes and the NUL. */
static bool make_room(struct uf_text *text, size_t len)
{
    if (text->failed)
        return false;
    size_t wanted;
    if (__builtin_add_overflow(text->len + 1, len, &wanted) ||
        uf_vec_grow((void **)&text->at, &text->cap, wanted, 1)) {
        text->failed = true;
        return false;
    }
    return true;
}

void uf_text_add(struct uf_text *text, const char *bytes, size_t len)
{
    if (!make_room(text, len))
        return;
    if (len)
        memcpy(text->at + text->len, bytes, len);
    text->len += len;
    text->at[text->len] = '\0';
}

void uf_text_add_z(struct uf_text *text, const char *string)
{
    uf_text_add(text, string, strlen(string));
}

void uf_text_printf(struct uf_text *text, const char *format, ...)
{
    if (!make_room(text, 64))
        return;
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text->at + text->len, text->cap - text->len, format, arguments);
    va_end(arguments);
    if (len < 0) {
        text->at[text->len] = '\0';
        text->failed = true;
        return;
    }
    if ((size_t)len >= text->cap - text->len) {
        text->at[text->len] = '\0'; /* should there be no room */
        if (!make_room(text, (size_t)len))
            return;
        va_start(arguments, format);
        vsnprintf(text->at + text->len, text->cap - text->len, format, arguments);
        va_end(arguments);
    }
    text->len += (size_t)len;
}

void uf_text_release(struct uf_text *text)
{
    uf_mem_free(text->at);
    memset(text, 0, sizeof *text);
}
