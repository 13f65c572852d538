#include "report/json.h"

#include "report/columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_MAX 9007199254740992.0 /* 2^53: up to here a double counts without gaps */

static void write_escape(struct uf_text *out, uint32_t code)
{
    if (code > 0xFFFF) /* a pair of surrogates (RFC 8259, section 7) */
        uf_text_printf(out, "\\u%04x\\u%04x", 0xD800 + ((code - 0x10000) >> 10),
                       0xDC00 + ((code - 0x10000) & 0x3FF));
    else
        uf_text_printf(out, "\\u%04x", code);
}

static void write_text(struct uf_text *out, const char *value, bool ascii)
{
    static const char *const short_escapes[32] = {
        ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"};
    size_t len = strlen(value), plain = 0, at = 0;

    uf_text_add(out, "\"", 1);
    while (at < len) {
        uint32_t code = 0;
        size_t bytes = uf_columns_decode(value + at, len - at, &code);
        /* U+2028 and U+2029 end a line in JavaScript, for those who paste JSON into a page. */
        bool special = code < 32 || code == '"' || code == '\\' || code == 0x7F || code == 0x2028 ||
                       code == 0x2029 || code >= UF_COLUMNS_INVALID || (ascii && code > 0x7F);
        if (special) {
            uf_text_add(out, value + plain, at - plain);
            if (code < 32 && short_escapes[code])
                uf_text_add_z(out, short_escapes[code]);
            else if (code == '"' || code == '\\')
                uf_text_printf(out, "\\%c", (int)code);
            else if (code >= UF_COLUMNS_INVALID && bytes == 3) /* a surrogate, spelled out */
                uf_text_printf(out, "\\\\u%04x", code - UF_COLUMNS_INVALID);
            else if (code >= UF_COLUMNS_INVALID)
                uf_text_printf(out, "\\\\x%02x", code - UF_COLUMNS_INVALID);
            else
                write_escape(out, code);
            plain = at + bytes;
        }
        at += bytes;
    }
    uf_text_add(out, value + plain, len - plain);
    uf_text_add(out, "\"", 1);
}

void uf_json_write_ascii(struct uf_text *out, const char *value)
{
    write_text(out, value, true);
}

/* Ends the member before, and writes the key. */
static void lead_in(struct uf_json *json, const char *key)
{
    if (json->depth > 0) {
        bool is_inline = json->open[json->depth - 1].is_inline;
        if (json->open[json->depth - 1].has_members)
            uf_text_add_z(json->out, is_inline ? ", " : ",");
        if (!is_inline)
            uf_text_printf(json->out, "\n%*s", (int)(2 * json->depth), "");
        json->open[json->depth - 1].has_members = true;
    }
    if (key) {
        write_text(json->out, key, false);
        uf_text_add_z(json->out, ": ");
    }
}

static void open_container(struct uf_json *json, const char *key, bool array,
                           enum uf_json_layout layout)
{
    lead_in(json, key);
    if (json->depth == UF_JSON_DEPTH) {
        json->out->failed = true;
        return;
    }
    bool outer_inline = json->depth > 0 && json->open[json->depth - 1].is_inline;
    json->open[json->depth].array = array;
    json->open[json->depth].is_inline = outer_inline || layout == UF_JSON_INLINE;
    json->open[json->depth].has_members = false;
    json->depth++;
    uf_text_add_z(json->out, array ? "[" : "{");
}

void uf_json_begin(struct uf_json *json, struct uf_text *out)
{
    memset(json, 0, sizeof *json);
    json->out = out;
}

void uf_json_end(struct uf_json *json)
{
    while (json->depth > 0)
        uf_json_close(json);
    uf_text_add(json->out, "\n", 1);
}

void uf_json_open_object(struct uf_json *json, const char *key, enum uf_json_layout layout)
{
    open_container(json, key, false, layout);
}

void uf_json_open_array(struct uf_json *json, const char *key, enum uf_json_layout layout)
{
    open_container(json, key, true, layout);
}

void uf_json_close(struct uf_json *json)
{
    if (json->depth == 0)
        return;
    json->depth--;
    if (json->open[json->depth].has_members && !json->open[json->depth].is_inline)
        uf_text_printf(json->out, "\n%*s", (int)(2 * json->depth), "");
    uf_text_add_z(json->out, json->open[json->depth].array ? "]" : "}");
}

void uf_json_text(struct uf_json *json, const char *key, const char *value)
{
    lead_in(json, key);
    if (value)
        write_text(json->out, value, false);
    else
        uf_text_add_z(json->out, "null");
}

/* The shortest digits that read back as `value`, with a point whatever the locale says. */
static void write_fraction(struct uf_text *out, double value)
{
    char digits[64];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value) /* same locale on both sides */
            break;
    }
    bool point = false;
    for (const char *at = digits; *at; at++) {
        if (strchr("0123456789+-e", *at)) {
            uf_text_add(out, at, 1);
            point = false;
        } else if (!point) { /* the locale's point, of one byte or several */
            uf_text_add(out, ".", 1);
            point = true;
        }
    }
}

void uf_json_number(struct uf_json *json, const char *key, double value)
{
    lead_in(json, key);
    if (!isfinite(value))
        uf_text_add_z(json->out, "null");
    else if (value == trunc(value) && fabs(value) <= WHOLE_MAX)
        uf_text_printf(json->out, "%lld", (long long)value);
    else
        write_fraction(json->out, value);
}

void uf_json_bool(struct uf_json *json, const char *key, bool value)
{
    lead_in(json, key);
    uf_text_add_z(json->out, value ? "true" : "false");
}

void uf_json_null(struct uf_json *json, const char *key)
{
    lead_in(json, key);
    uf_text_add_z(json->out, "null");
}
