#include "baseline.h"

#include "output.h"
#include "unfreed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DEPTH 64 /* a report has 5 */
#define MAX_BYTES ((size_t)256 << 20)
#define SCHEMA "unfreed.check/1"

/* Of the keys on the way to findings[].id: which one a level of nesting is in. */
enum role { OTHER, SCHEMA_KEY, FINDINGS_KEY, ID_KEY };

struct scan {
    char *at, *end;
    struct uf_texts *ids;
    size_t line; /* raw line breaks stand between values only, never in a string */
    size_t depth;
    char closes[MAX_DEPTH + 1]; /* what ends level n: '}' or ']' */
    uint8_t role[MAX_DEPTH + 1];
    bool saw_schema, saw_findings, finding_has_id;
};

static bool ends_early(const struct scan *scan)
{
    return scan->at == scan->end;
}

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->end && *scan->at && strchr(" \t\r\n", *scan->at))
        scan->line += *scan->at++ == '\n';
}

static bool read_hex(struct scan *scan, uint32_t *ret)
{
    *ret = 0;
    for (int i = 0; i < 4; i++, scan->at++) {
        char c = ends_early(scan) ? '\0' : *scan->at;
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return false;
        *ret = *ret * 16 + (uint32_t)digit;
    }
    return true;
}

static char *put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* Behind "\u": one code point, of two escapes when they are a surrogate pair. */
static bool read_code_point(struct scan *scan, uint32_t *ret)
{
    uint32_t low;
    if (!read_hex(scan, ret) || !*ret)
        return false; /* an id holds no NUL */
    if ((*ret & 0xfc00) != 0xd800 || scan->end - scan->at < 6 || memcmp(scan->at, "\\u", 2) != 0)
        return true;
    char *second = scan->at;
    scan->at += 2;
    if (!read_hex(scan, &low))
        return false;
    if ((low & 0xfc00) == 0xdc00)
        *ret = 0x10000 + ((*ret & 0x3ff) << 10) + (low & 0x3ff);
    else
        scan->at = second;
    return true;
}

/* Decodes the string at hand in place; the text never gets longer, so its NUL has room. */
static const char *read_string(struct scan *scan, char **ret)
{
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char *to = ++scan->at;
    *ret = to;
    while (scan->at < scan->end && *scan->at != '"') {
        char c = *scan->at++;
        if ((unsigned char)c < ' ')
            return "a control character inside a string";
        if (c != '\\') {
            *to++ = c;
            continue;
        }
        if (ends_early(scan))
            break;
        c = *scan->at++;
        const char *simple = c ? strchr(names, c) : NULL;
        uint32_t code;
        if (simple)
            *to++ = meant[simple - names];
        else if (c == 'u' && read_code_point(scan, &code))
            to = put_utf8(to, code);
        else
            return "a wrong escape inside a string";
    }
    if (ends_early(scan))
        return "the file ends inside a string";
    scan->at++;
    *to = '\0';
    return NULL;
}

static bool is_digit(const struct scan *scan)
{
    return scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9';
}

static bool read_digits(struct scan *scan)
{
    if (!is_digit(scan))
        return false;
    while (is_digit(scan))
        scan->at++;
    return true;
}

static bool accept(struct scan *scan, const char *any)
{
    if (ends_early(scan) || !*scan->at || !strchr(any, *scan->at))
        return false;
    scan->at++;
    return true;
}

static const char *read_number_or_word(struct scan *scan)
{
    static const char *const words[] = {"null", "true", "false"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i]);
        if ((size_t)(scan->end - scan->at) >= len && !memcmp(scan->at, words[i], len)) {
            scan->at += len;
            return NULL;
        }
    }
    accept(scan, "-");
    bool good = accept(scan, "0") || read_digits(scan);
    if (good && accept(scan, "."))
        good = read_digits(scan);
    if (good && accept(scan, "eE")) {
        accept(scan, "+-");
        good = read_digits(scan);
    }
    return good ? NULL : ends_early(scan) ? "the file ends too early" : "not JSON";
}

/* Whether the level at hand is an element of the top object's "findings". */
static bool in_finding(const struct scan *scan)
{
    return scan->depth == 3 && scan->role[1] == FINDINGS_KEY && scan->closes[2] == ']' &&
           scan->closes[3] == '}';
}

/* Checks that the places that matter hold what a report holds there. */
static const char *meet_value(struct scan *scan, char first)
{
    bool top = scan->depth == 1;
    if (top && scan->role[1] == FINDINGS_KEY) {
        if (first != '[' || scan->saw_findings)
            return "\"findings\" is not one array";
        scan->saw_findings = true;
    }
    if (top && scan->role[1] == SCHEMA_KEY && first != '"')
        return "\"schema\" is not a text";
    if (scan->depth == 2 && scan->role[1] == FINDINGS_KEY && first != '{')
        return "a finding is not an object";
    if (in_finding(scan) && scan->role[3] == ID_KEY && first != '"')
        return "a finding's id is not a text";
    return NULL;
}

static const char *meet_string(struct scan *scan, char *text)
{
    if (scan->depth == 1 && scan->role[1] == SCHEMA_KEY) {
        scan->saw_schema = true;
        return strcmp(text, SCHEMA) ? "its schema is not " SCHEMA : NULL;
    }
    if (in_finding(scan) && scan->role[3] == ID_KEY) {
        if (scan->finding_has_id || !*text)
            return "a finding has not exactly one id";
        scan->finding_has_id = true;
        if (!uf_texts_add(scan->ids, text))
            return "out of memory";
    }
    return NULL;
}

static const char *read_key(struct scan *scan)
{
    char *key;
    skip_space(scan);
    if (ends_early(scan) || *scan->at != '"')
        return ends_early(scan) ? "the file ends too early" : "not JSON: a key is missing";
    const char *wrong = read_string(scan, &key);
    if (wrong)
        return wrong;
    enum role role = OTHER;
    if (scan->depth == 1)
        role = !strcmp(key, "schema")     ? SCHEMA_KEY
               : !strcmp(key, "findings") ? FINDINGS_KEY
                                          : OTHER;
    else if (in_finding(scan) && !strcmp(key, "id"))
        role = ID_KEY;
    scan->role[scan->depth] = (uint8_t)role;
    skip_space(scan);
    if (!accept(scan, ":"))
        return ends_early(scan) ? "the file ends too early" : "not JSON: a ':' is missing";
    return NULL;
}

/* Enters an object or array. `*empty` when it ends at once. */
static const char *open_level(struct scan *scan, char first, bool *empty)
{
    if (scan->depth == MAX_DEPTH)
        return "nested too deep";
    scan->at++;
    scan->depth++;
    scan->closes[scan->depth] = first == '{' ? '}' : ']';
    scan->role[scan->depth] = OTHER;
    if (in_finding(scan))
        scan->finding_has_id = false;
    skip_space(scan);
    *empty = !ends_early(scan) && *scan->at == scan->closes[scan->depth];
    return !*empty && first == '{' ? read_key(scan) : NULL;
}

/* Behind a value: leaves the levels that end here and goes to the next value. `*done` at the end. */
static const char *next_value(struct scan *scan, bool *done)
{
    for (;;) {
        skip_space(scan);
        if (!scan->depth) {
            *done = true;
            return ends_early(scan) ? NULL : "something follows the report";
        }
        if (accept(scan, ","))
            return scan->closes[scan->depth] == '}' ? read_key(scan) : NULL;
        if (ends_early(scan))
            return "the file ends too early";
        if (*scan->at != scan->closes[scan->depth])
            return "not JSON: a comma or bracket is missing";
        if (in_finding(scan) && !scan->finding_has_id)
            return "a finding has no id";
        scan->at++;
        scan->depth--;
    }
}

static const char *read_report(struct scan *scan)
{
    for (bool done = false; !done;) {
        skip_space(scan);
        if (ends_early(scan))
            return "the file ends too early";
        char first = *scan->at, *text;
        bool empty = true;
        const char *wrong = meet_value(scan, first);
        if (wrong)
            return wrong;
        if (first == '{' || first == '[') {
            if ((wrong = open_level(scan, first, &empty)) || !empty) {
                if (wrong)
                    return wrong;
                continue;
            }
        } else if (first == '"') {
            if ((wrong = read_string(scan, &text)) || (wrong = meet_string(scan, text)))
                return wrong;
        } else if ((wrong = read_number_or_word(scan))) {
            return wrong;
        }
        if ((wrong = next_value(scan, &done)))
            return wrong;
    }
    if (!scan->saw_schema || !scan->saw_findings)
        return "not a report of unfreed check";
    return NULL;
}

static const char *read_lines(struct scan *scan)
{
    while (scan->at < scan->end) {
        char *start = scan->at, *stop = memchr(start, '\n', (size_t)(scan->end - start));
        if (!stop)
            stop = scan->end;
        char *last = stop;
        while (last > start && (last[-1] == '\r' || last[-1] == ' ' || last[-1] == '\t'))
            last--;
        for (char *c = start; c < last; c++)
            if ((unsigned char)*c < ' ')
                return "neither a report nor a text file";
        *last = '\0';
        if (*start && *start != '#' && !uf_texts_add(scan->ids, start))
            return "out of memory";
        scan->at = stop < scan->end ? stop + 1 : stop;
        scan->line++;
    }
    return NULL;
}

const char *uf_baseline_parse(char *bytes, size_t len, struct uf_texts *ids, size_t *line)
{
    struct scan scan = {.at = bytes, .end = bytes + len, .ids = ids, .line = 1};
    size_t ids_before = ids->len;
    skip_space(&scan);
    bool is_report = !ends_early(&scan) && *scan.at == '{';
    if (!is_report) {
        scan.at = bytes;
        scan.line = 1;
    }
    const char *wrong = is_report ? read_report(&scan) : read_lines(&scan);
    *line = scan.line;
    if (wrong)
        ids->len = ids_before;
    return wrong;
}

static char *read_file(const char *path, size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t room = (size_t)1 << 16;
    char *bytes = fd < 0 ? NULL : malloc(room + 1);
    *len = 0;
    while (bytes) {
        ssize_t got = read(fd, bytes + *len, room - *len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            if (!got)
                break;
            int why = errno;
            free(bytes);
            bytes = NULL;
            errno = why;
            break;
        }
        *len += (size_t)got;
        if (*len == room) {
            room *= 2;
            char *larger = room <= MAX_BYTES ? realloc(bytes, room + 1) : NULL;
            if (!larger) {
                free(bytes);
                errno = EFBIG;
            }
            bytes = larger;
        }
    }
    if (fd >= 0) {
        int why = errno;
        close(fd);
        errno = why;
    }
    return bytes;
}

bool uf_baseline_read(struct uf_baseline *baseline, const char *path)
{
    size_t len, line;
    char *bytes = read_file(path, &len);
    if (!bytes) {
        uf_complain(UF_EXIT_INPUT,
                    "--baseline %s: %s (give a report of unfreed check --json, or ids, one a line)",
                    path, strerror(errno));
        return false;
    }
    if (!uf_texts_add(&baseline->files, bytes)) {
        free(bytes);
        return false;
    }
    const char *wrong = uf_baseline_parse(bytes, len, &baseline->ids, &line);
    if (!wrong)
        return true;
    uf_complain(UF_EXIT_INPUT,
                "--baseline %s: damaged, line %zu: %s (make it anew: unfreed check "
                "--json ... > FILE)",
                path, line, wrong);
    baseline->files.len--;
    free(bytes);
    return false;
}

void uf_baseline_release(struct uf_baseline *baseline)
{
    for (size_t i = 0; i < baseline->files.len; i++)
        free((char *)(uintptr_t)baseline->files.at[i]);
    uf_texts_release(&baseline->files);
    uf_texts_release(&baseline->ids);
}
