/* json.h - writes one JSON value, piece by piece, into a text buffer.
 *
 *     struct uf_json json;
 *     uf_json_begin(&json, &text);
 *     uf_json_open_object(&json, NULL, UF_JSON_LINES);
 *     uf_json_text(&json, "verdict", "leak");
 *     uf_json_close(&json);
 *     uf_json_end(&json);
 *
 * `key` is NULL inside an array and at the top. The output is valid UTF-8 and
 * valid JSON whatever the texts hold: bytes that are not UTF-8 and encoded
 * surrogates are written as Python's "backslashreplace" would ("\xff",
 * "\udcff" as plain characters), since many readers refuse lone surrogates.
 * Numbers never depend on the locale; a whole number has no fraction; NaN and
 * infinities are null. Failure for want of memory stands in text.failed.
 */
#ifndef UF_REPORT_JSON_H
#define UF_REPORT_JSON_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

#define UF_JSON_DEPTH 16 /* open containers at a time */

enum uf_json_layout {
    UF_JSON_LINES,  /* one member to a line, indented */
    UF_JSON_INLINE, /* all on one line, and so is everything inside */
};

struct uf_json {
    struct uf_text *out;
    uint32_t depth;
    struct {
        bool array, is_inline, has_members;
    } open[UF_JSON_DEPTH];
};

void uf_json_begin(struct uf_json *json, struct uf_text *out);
void uf_json_end(struct uf_json *json); /* closes what is open, ends the line */

void uf_json_open_object(struct uf_json *json, const char *key, enum uf_json_layout layout);
void uf_json_open_array(struct uf_json *json, const char *key, enum uf_json_layout layout);
void uf_json_close(struct uf_json *json);

void uf_json_text(struct uf_json *json, const char *key, const char *value); /* NULL: null */
void uf_json_number(struct uf_json *json, const char *key, double value);
void uf_json_bool(struct uf_json *json, const char *key, bool value);
void uf_json_null(struct uf_json *json, const char *key);

/* A text alone, with its quotes and by the same rules, but in ASCII: for readers that take a file apart
 * at any byte, and that need two bytes for each character of a text that is not plain. */
void uf_json_write_ascii(struct uf_text *out, const char *value);

#endif
