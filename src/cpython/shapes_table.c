/* Equal shapes get equal numbers; and which key has led to which shape. */
#include "cpython/shapes_private.h"

#include <string.h>

#define FIRST_SLOTS 1024
#define KNOWN_MAX ((size_t)1 << 20)

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t hash_part(uint64_t hash, const struct uf_shape_part *part)
{
    return mix(hash, (uint64_t)part->text << 32 ^ (uint64_t)part->generic << 4 ^ part->kind);
}

static uint64_t hash_shape(const struct uf_shape *shape)
{
    uint64_t hash = mix(mix(shape->rule, shape->head_count), shape->tail_count);
    for (uint32_t i = 0; i < shape->head_count; i++)
        hash = hash_part(hash, &shape->head[i]);
    for (uint32_t i = 0; i < shape->tail_count; i++)
        hash = hash_part(hash, &shape->tail[i]);
    return shape->rule == UF_SHAPE_SAME ? hash_part(hash, &shape->same) : hash;
}

static bool same_part(const struct uf_shape_part *a, const struct uf_shape_part *b)
{
    return a->text == b->text && a->generic == b->generic && a->kind == b->kind;
}

static bool same_parts(const struct uf_shape_part *a, const struct uf_shape_part *b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!same_part(&a[i], &b[i]))
            return false;
    return true;
}

static bool same_shape(const struct uf_shape *a, const struct uf_shape *b)
{
    return a->rule == b->rule && a->head_count == b->head_count && a->tail_count == b->tail_count &&
           same_parts(a->head, b->head, a->head_count) &&
           same_parts(a->tail, b->tail, a->tail_count) &&
           (a->rule != UF_SHAPE_SAME || same_part(&a->same, &b->same));
}

void uf_shape_table_get(const struct uf_shape_table *table, uint32_t number, struct uf_shape *ret)
{
    const struct uf_kept_shape *kept = &table->shapes.at[number];
    const struct uf_shape_part *parts = table->parts.len ? table->parts.at + kept->first : NULL;
    *ret = (struct uf_shape){.rule = (enum uf_shape_rule)kept->rule,
                             .head_count = kept->head_count,
                             .tail_count = kept->tail_count,
                             .head = parts,
                             .tail = parts ? parts + kept->head_count : NULL,
                             .same = kept->same};
}

static int grow_slots(struct uf_shape_table *table)
{
    size_t count = table->slots.len ? table->slots.len * 2 : FIRST_SLOTS;
    uint32_t *slots = uf_mem_zalloc(count * sizeof *slots);
    if (!slots)
        return -1;
    for (uint32_t i = 0; i < table->shapes.len; i++) {
        struct uf_shape shape;
        uf_shape_table_get(table, i, &shape);
        size_t at = hash_shape(&shape) & (count - 1);
        while (slots[at])
            at = (at + 1) & (count - 1);
        slots[at] = i + 1;
    }
    uf_mem_free(table->slots.at);
    table->slots.at = slots;
    table->slots.len = table->slots.cap = count;
    return 0;
}

uint32_t uf_shape_table_add(struct uf_shape_table *table, const struct uf_shape *shape)
{
    size_t parts = (size_t)shape->head_count + shape->tail_count;
    if (table->shapes.len * 2 >= table->slots.len && grow_slots(table))
        return UF_SHAPE_NOMEM;
    size_t at = hash_shape(shape) & (table->slots.len - 1);
    for (; table->slots.at[at]; at = (at + 1) & (table->slots.len - 1)) {
        struct uf_shape other;
        uf_shape_table_get(table, table->slots.at[at] - 1, &other);
        if (same_shape(shape, &other))
            return table->slots.at[at] - 1;
    }
    struct uf_kept_shape kept = {.first = (uint32_t)table->parts.len,
                                 .head_count = shape->head_count,
                                 .tail_count = shape->tail_count,
                                 .same = shape->same,
                                 .rule = (uint8_t)shape->rule};
    if (table->parts.len + parts > UINT32_MAX ||
        uf_vec_reserve(&table->parts, table->parts.len + parts) ||
        uf_vec_push(&table->shapes, kept))
        return UF_SHAPE_NOMEM;
    if (shape->head_count)
        memcpy(table->parts.at + table->parts.len, shape->head,
               shape->head_count * sizeof *shape->head);
    if (shape->tail_count)
        memcpy(table->parts.at + table->parts.len + shape->head_count, shape->tail,
               shape->tail_count * sizeof *shape->tail);
    table->parts.len += parts;
    table->slots.at[at] = (uint32_t)table->shapes.len;
    return (uint32_t)table->shapes.len - 1;
}

bool uf_shape_table_part(struct uf_shape_table *table, const struct uf_ref_name *name,
                         struct uf_shape_part *ret)
{
    ret->kind = (uint8_t)name->kind;
    ret->text = uf_strings_add_z(&table->strings, name->text);
    ret->generic = uf_strings_add_z(&table->strings, name->generic);
    return ret->text != UF_STRING_NONE && ret->generic != UF_STRING_NONE;
}

void uf_shape_table_release(struct uf_shape_table *table)
{
    uf_vec_release(&table->shapes);
    uf_vec_release(&table->parts);
    uf_vec_release(&table->slots);
    uf_strings_release(&table->strings);
}

/* --- the memo ---------------------------------------------------------------------------------- */

static uint64_t hash_key(uint32_t type, const struct uf_shape_key *key)
{
    uint64_t hash = mix(type, key->len);
    for (uint32_t i = 0; i < key->len; i++)
        hash = mix(hash, key->word[i]);
    return hash;
}

uint32_t uf_shape_memo_get(const struct uf_shape_memo *memo, uint32_t type,
                           const struct uf_shape_key *key)
{
    uint64_t hash = hash_key(type, key);
    if (!memo->slots.len)
        return UF_SHAPE_NOMEM;
    for (size_t at = hash & (memo->slots.len - 1); memo->slots.at[at];
         at = (at + 1) & (memo->slots.len - 1)) {
        const struct uf_shape_known *known = &memo->known.at[memo->slots.at[at] - 1];
        if (known->hash == hash && known->type == type && known->len == key->len &&
            memcmp(memo->words.at + known->first, key->word, key->len * sizeof *key->word) == 0)
            return known->shape;
    }
    return UF_SHAPE_NOMEM;
}

static int grow_memo(struct uf_shape_memo *memo)
{
    size_t count = memo->slots.len ? memo->slots.len * 2 : FIRST_SLOTS;
    uint32_t *slots = uf_mem_zalloc(count * sizeof *slots);
    if (!slots)
        return -1;
    for (uint32_t i = 0; i < memo->known.len; i++) {
        size_t at = memo->known.at[i].hash & (count - 1);
        while (slots[at])
            at = (at + 1) & (count - 1);
        slots[at] = i + 1;
    }
    uf_mem_free(memo->slots.at);
    memo->slots.at = slots;
    memo->slots.len = memo->slots.cap = count;
    return 0;
}

void uf_shape_memo_set(struct uf_shape_memo *memo, uint32_t type, const struct uf_shape_key *key,
                       uint32_t shape)
{
    struct uf_shape_known known = {.hash = hash_key(type, key),
                                   .type = type,
                                   .first = (uint32_t)memo->words.len,
                                   .len = key->len,
                                   .shape = shape};
    if (memo->known.len >= KNOWN_MAX ||
        (memo->known.len * 2 >= memo->slots.len && grow_memo(memo)) ||
        uf_vec_reserve(&memo->words, memo->words.len + key->len) ||
        uf_vec_push(&memo->known, known))
        return;
    memcpy(memo->words.at + memo->words.len, key->word, key->len * sizeof *key->word);
    memo->words.len += key->len;
    size_t at = known.hash & (memo->slots.len - 1);
    while (memo->slots.at[at])
        at = (at + 1) & (memo->slots.len - 1);
    memo->slots.at[at] = (uint32_t)memo->known.len;
}

void uf_shape_memo_release(struct uf_shape_memo *memo)
{
    uf_vec_release(&memo->known);
    uf_vec_release(&memo->words);
    uf_vec_release(&memo->slots);
}
