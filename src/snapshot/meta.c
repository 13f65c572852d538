/* struct uf_meta as a chunk: "key\0value\0" for all that is known. One table serves both ways. */
#include "base/text.h"
#include "snapshot/read_private.h"
#include "snapshot/write_private.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum field_kind {
    TEXT,
    SECRET, /* a text that --redact leaves out: arguments of programs hold passwords */
    NUMBER,
    TRUTH,
};

static const struct field {
    const char *key;
    size_t offset;
    enum field_kind kind;
} fields[] = {
    {"unfreed", offsetof(struct uf_meta, unfreed), TEXT},
    {"python", offsetof(struct uf_meta, python), TEXT},
    {"implementation", offsetof(struct uf_meta, implementation), TEXT},
    {"platform", offsetof(struct uf_meta, platform), TEXT},
    {"executable", offsetof(struct uf_meta, executable), TEXT},
    {"command_line", offsetof(struct uf_meta, command_line), SECRET},
    {"pid", offsetof(struct uf_meta, pid), NUMBER},
    {"process_started_ns", offsetof(struct uf_meta, process_started_ns), NUMBER},
    {"taken_ns", offsetof(struct uf_meta, taken_ns), NUMBER},
    {"pause_ns", offsetof(struct uf_meta, pause_ns), NUMBER},
    {"capture_ns", offsetof(struct uf_meta, capture_ns), NUMBER},
    {"write_ns", offsetof(struct uf_meta, write_ns), NUMBER},
    {"rss_bytes", offsetof(struct uf_meta, rss_bytes), NUMBER},
    {"tracked", offsetof(struct uf_meta, tracked), NUMBER},
    {"frozen", offsetof(struct uf_meta, frozen), NUMBER},
    {"threshold0", offsetof(struct uf_meta, threshold[0]), NUMBER},
    {"threshold1", offsetof(struct uf_meta, threshold[1]), NUMBER},
    {"threshold2", offsetof(struct uf_meta, threshold[2]), NUMBER},
    {"collector_enabled", offsetof(struct uf_meta, collector_enabled), NUMBER},
    {"collections0", offsetof(struct uf_meta, collections[0]), NUMBER},
    {"collections1", offsetof(struct uf_meta, collections[1]), NUMBER},
    {"collections2", offsetof(struct uf_meta, collections[2]), NUMBER},
    {"redacted", offsetof(struct uf_meta, redacted), TRUTH},
};

#define FIELDS (sizeof fields / sizeof *fields)

static void put_pair(struct uf_emit *emit, const char *key, const char *value)
{
    uf_emit_bytes(emit, key, strlen(key) + 1);
    uf_emit_bytes(emit, value, strlen(value) + 1);
}

void uf_write_meta(struct uf_writing *writing)
{
    const char *meta = (const char *)writing->content->meta;
    uf_emit_begin(writing->emit, UF_CHUNK_META);
    for (size_t i = 0; i < FIELDS; i++) {
        const char *text = NULL;
        char number[24];
        uint64_t value = UF_META_UNKNOWN;
        switch (fields[i].kind) {
        case TEXT:
        case SECRET:
            memcpy(&text, meta + fields[i].offset, sizeof text);
            if (fields[i].kind == SECRET && writing->content->redact)
                text = NULL;
            break;
        case NUMBER:
            memcpy(&value, meta + fields[i].offset, sizeof value);
            break;
        case TRUTH:
            value = writing->content->redact;
            break;
        }
        if (value != UF_META_UNKNOWN) {
            snprintf(number, sizeof number, "%" PRIu64, value);
            text = number;
        }
        if (text)
            put_pair(writing->emit, fields[i].key, text);
    }
}

/* Digits only, and no more than fit. */
static bool read_number(const char *text, uint64_t *ret)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text >= '0' && *text <= '9'; text++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    *ret = value;
    return *text == 0;
}

static bool read_field(struct uf_meta *meta, const struct field *field, const char *value)
{
    char *at = (char *)meta + field->offset;
    uint64_t number;
    if (field->kind == TEXT || field->kind == SECRET) {
        memcpy(at, &value, sizeof value);
        return true;
    }
    if (!read_number(value, &number))
        return false;
    if (field->kind == TRUTH)
        *(bool *)at = number != 0;
    else
        memcpy(at, &number, sizeof number);
    return true;
}

bool uf_read_meta(struct uf_meta *meta, const char *bytes, size_t len)
{
    *meta = (struct uf_meta){0};
    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].kind == NUMBER)
            memset((char *)meta + fields[i].offset, 0xff, sizeof(uint64_t)); /* not known */
    if (len > 0 && bytes[len - 1] != 0)
        return false;
    for (size_t at = 0; at < len;) {
        const char *key = bytes + at, *value = key + strlen(key) + 1;
        if (value >= bytes + len)
            return false;
        for (size_t i = 0; i < FIELDS; i++)
            if (strcmp(fields[i].key, key) == 0 && !read_field(meta, &fields[i], value))
                return false;
        at = (size_t)(value - bytes) + strlen(value) + 1;
    }
    return true;
}
