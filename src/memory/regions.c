#include "memory/regions.h"

#include <string.h>

struct cursor {
    const char *at, *end;
};

static bool take_hex(struct cursor *c, uint64_t *ret)
{
    const char *first = c->at;
    *ret = 0;
    for (; c->at < c->end && c->at - first < 16; c->at++) {
        char digit = *c->at;
        if (digit >= '0' && digit <= '9')
            *ret = *ret << 4 | (uint64_t)(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            *ret = *ret << 4 | (uint64_t)(digit - 'a' + 10);
        else
            break;
    }
    return c->at > first;
}

static bool take(struct cursor *c, char wanted)
{
    if (c->at >= c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool take_flag(struct cursor *c, char set, char clear, bool *ret)
{
    *ret = c->at < c->end && *c->at == set;
    return *ret ? take(c, set) : take(c, clear);
}

static bool take_decimal(struct cursor *c, uint64_t *ret)
{
    const char *first = c->at;
    for (*ret = 0; c->at < c->end && *c->at >= '0' && *c->at <= '9' && c->at - first < 20; c->at++)
        *ret = *ret * 10 + (uint64_t)(*c->at - '0');
    return c->at > first;
}

static bool take_device(struct cursor *c, uint32_t *ret)
{
    uint64_t major, minor;
    if (!take_hex(c, &major) || !take(c, ':') || !take_hex(c, &minor))
        return false;
    *ret = (uint32_t)(major << 16 | (minor & 0xffff));
    return true;
}

/* "7f1c00000000-7f1c00021000 rw-s 00000000 00:01 1034      /memfd:unfreed (deleted)" */
bool uf_region_parse(const char *line, size_t len, struct uf_region *ret)
{
    struct cursor c = {line, line + len};
    *ret = (struct uf_region){0};
    bool well = take_hex(&c, &ret->start) && take(&c, '-') && take_hex(&c, &ret->end) &&
                take(&c, ' ') && take_flag(&c, 'r', '-', &ret->readable) &&
                take_flag(&c, 'w', '-', &ret->writable) &&
                take_flag(&c, 'x', '-', &ret->executable) &&
                take_flag(&c, 's', 'p', &ret->shared) && take(&c, ' ') &&
                take_hex(&c, &ret->offset) && take(&c, ' ') && take_device(&c, &ret->device) &&
                take(&c, ' ') && take_decimal(&c, &ret->inode) && (c.at == c.end || *c.at == ' ');
    if (!well || ret->end <= ret->start)
        return false;
    while (c.at < c.end && *c.at == ' ')
        c.at++;
    ret->path = c.at;
    ret->path_len = (size_t)(c.end - c.at);
    return true;
}

bool uf_region_next(const char *text, size_t len, size_t *at, size_t *bad, struct uf_region *ret)
{
    while (*at < len) {
        const char *line = text + *at, *newline = memchr(line, '\n', len - *at);
        size_t line_len = newline ? (size_t)(newline - line) : len - *at;
        *at += line_len + (newline != NULL);
        if (uf_region_parse(line, line_len, ret))
            return true;
        *bad += 1;
    }
    return false;
}
