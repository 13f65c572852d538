/* declared.c - bounds that Python code declares for its containers: an attribute `maxsize` beside them. */
#include "cpython/attribute_of.h"
#include "cpython/decode.h"
#include "cpython/names.h"
#include "cpython/read.h"
#include "cpython/sound.h"
#include "cpython/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES 80
#define LIMIT_MAX 1000000 /* what is meant as "no limit" is no bound */

/* Names that mean "so many entries at most", without underscores and in lower case. */
static const char *const instance_names[] = {
    "maxsize",    "maxlen",       "maxlength",    "maxentries", "maxitems", "maxkeys",
    "maxcount",   "maxcachesize", "cachemaxsize", "cachesize",  "capacity", "limit",
    "cachelimit", "sizelimit",    "poolsize",     "bound",
};

/* The same of a module's globals, which mean other things more often: re, _strptime, and their kin. */
static const char *const module_names[] = {"maxcache", "cachemaxsize", "maxcachesize",
                                           "cachelimit"};

/* "_LRUCache__maxsize" and "MAX_SIZE" become "maxsize". */
static void plain_name(const char *name, char *ret, size_t size)
{
    const char *mangled = name[0] == '_' ? strstr(name + 1, "__") : NULL;
    size_t len = 0;
    for (const char *at = mangled && mangled[2] ? mangled + 2 : name; *at && len + 1 < size; at++)
        if (*at != '_')
            ret[len++] = (char)tolower((unsigned char)*at);
    ret[len] = '\0';
}

struct search {
    struct uf_heap *heap;
    bool module;
    char digits[8]; /* at the end of the container's own name: "2" of re._cache2 */
    int64_t present, best;
    char *attribute;
    size_t size;
};

static bool is_bound_name(struct search *s, char *plain)
{
    size_t len = strlen(plain), digits = strlen(s->digits);
    const char *const *names = s->module ? module_names : instance_names;
    size_t count = s->module ? sizeof module_names / sizeof *module_names
                             : sizeof instance_names / sizeof *instance_names;
    if (s->module) { /* _MAXCACHE2 is for _cache2, and _MAXCACHE is not */
        if (len < digits || strcmp(plain + len - digits, s->digits) != 0)
            return false;
        plain[len - digits] = '\0';
    }
    for (size_t i = 0; i < count; i++)
        if (strcmp(plain, names[i]) == 0)
            return true;
    return false;
}

static void consider(struct search *s, const char *name, uint64_t value)
{
    char plain[NAME_BYTES];
    int64_t limit;
    plain_name(name, plain, sizeof plain);
    if (!is_bound_name(s, plain) || !uf_int_of(s->heap, value, &limit) || limit <= 0 ||
        limit > LIMIT_MAX || limit < s->present || (s->best >= 0 && limit >= s->best))
        return;
    s->best = limit;
    uf_utf8_cut(s->attribute, s->size, name);
}

static void look_in_dict(struct search *s, uint64_t dict)
{
    struct uf_dict_table table;
    char name[NAME_BYTES];
    if (!dict || !uf_dict_table(s->heap, dict, &table) || table.count > UINT16_MAX)
        return;
    for (uint64_t i = 0; i < table.count && uf_spend(s->heap, 1); i++) {
        uint64_t entry = table.entries + i * table.entry_bytes;
        uint64_t key = uf_source_word(s->heap->source, entry + table.key);
        uint64_t value = table.values ? uf_source_word(s->heap->source, table.values + i * 8)
                                      : uf_source_word(s->heap->source, entry + table.value);
        if (key && value && uf_str_copy(s->heap, key, name, sizeof name))
            consider(s, name, value);
    }
}

static void look_in_values(struct search *s, const struct uf_plan *plan,
                           const struct uf_attribute_words *words)
{
    struct uf_dict_table keys;
    char name[NAME_BYTES];
    if (!words->values || !plan->cached_keys || !uf_keys_table(s->heap, plan->cached_keys, &keys))
        return;
    for (uint64_t i = 0; i < keys.count && i < words->value_count && uf_spend(s->heap, 1); i++) {
        uint64_t key =
            uf_source_word(s->heap->source, keys.entries + i * keys.entry_bytes + keys.key);
        uint64_t value = uf_source_word(s->heap->source, words->values + i * 8);
        if (key && value && uf_str_copy(s->heap, key, name, sizeof name))
            consider(s, name, value);
    }
}

static void look_in_slots(struct search *s, const struct uf_plan *plan, uint64_t object)
{
    char name[NAME_BYTES];
    for (uint32_t i = 0; i < plan->slot_count && uf_spend(s->heap, 1); i++) {
        const struct uf_slot *slot = &s->heap->slots.at[plan->first_slot + i];
        uint64_t value = uf_source_word(s->heap->source, object + slot->offset);
        if (value && uf_cstr_copy(s->heap, slot->name, name, sizeof name))
            consider(s, name, value);
    }
}

int64_t uf_heap_declared_bound(struct uf_heap *heap, uint64_t owner, const char *held,
                               int64_t present, char *attribute, size_t size)
{
    const struct uf_plan *plan = uf_plan_of(heap, owner);
    struct uf_attribute_words words;
    struct search s = {
        .heap = heap, .present = present, .best = -1, .attribute = attribute, .size = size};
    attribute[0] = '\0';
    if (!plan)
        return -1;
    if (plan->record && plan->record->known == UF_KNOWN_MODULE) {
        size_t len = strlen(held), digits = 0;
        while (digits < len && digits + 1 < sizeof s.digits &&
               isdigit((unsigned char)held[len - digits - 1]))
            digits++;
        (void)snprintf(s.digits, sizeof s.digits, "%s", held + len - digits);
        s.module = true;
        look_in_dict(&s, uf_source_word(heap->source, owner + heap->objects->module.dict));
        return s.best;
    }
    struct uf_plan own = *plan; /* types looked at below may move it */
    if (uf_plan_attributes(heap, &own, owner, &words)) {
        look_in_dict(&s, words.dict);
        look_in_values(&s, &own, &words);
    }
    look_in_slots(&s, &own, owner);
    /* class Cache: MAX_SIZE = 100 */
    uint64_t type = own.address, dict, subclasses;
    for (int depth = 0; s.best < 0 && type && depth < 8; depth++) {
        uf_type_parts(heap, type, &dict, &subclasses);
        look_in_dict(&s, dict);
        type = uf_source_word(heap->source, type + heap->objects->type.base);
    }
    return s.best;
}
