/* decode.h - the references of one object, in canonical order (private to cpython).
 *
 * The order of an object's references is a promise: a name is recovered from
 * the object and the ordinal. Missing (NULL) references take no ordinal.
 *
 *   1. slots and declared members, from the class down to its bases
 *   2. the attribute dict; then attribute values kept without a dict, in the
 *      order of the type's shared keys
 *   3. what the object holds as a container:
 *        dict          key, value, key, value, ... in insertion order;
 *                      with shared keys (an instance's dict): the values only
 *                      (the keys belong to the type), and on 3.13 none at all where
 *                      the values lie in the instance (it reports them)
 *        OrderedDict   the same, then the key of each node of its list
 *        list, tuple, structseq, deque     elements in order
 *        set           members in the order of the table
 *        lru_cache     its entries, oldest first (not where it is unbounded)
 *        type          tp_dict, tp_bases, tp_mro, tp_base, tp_cache,
 *                      tp_subclasses, name, qualified name, __slots__, module,
 *                      then the strings of the instances' shared keys
 *        code          what 3.12+ caches (co_code, cellvars, freevars, varnames)
 *        module        what its state holds, as its m_traverse reports it
 *        opaque        what tp_traverse reports, in its order; from outside nothing but what is guessed
 *   4. the fields of its record, in the order of the table (layout_records.c)
 *   5. its type, where it owns a reference to it (heap types)
 *
 * Behind these come the references that capture/guess.h adds; they have no ordinal here.
 *
 * Every object's references are what it owns, so that a count above the
 * references found means "held from elsewhere". That is more than tp_traverse
 * reports (strings, code objects and other things that cannot be in cycles).
 */
#ifndef UF_CPYTHON_DECODE_H
#define UF_CPYTHON_DECODE_H

#include "cpython/plan.h"

/* Appends the references; `plan` is the plan of the object's type. A part that cannot be read has none, and
 * sets *cut. UF_ENOMEM. */
enum uf_code uf_decode_refs(struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                            uf_refs *refs, bool *cut, struct uf_error *err);

/* Parts, by container; 0, -1 when memory is out, -2 when the target cannot be read. */
enum uf_part { UF_PART_OK = 0, UF_PART_NOMEM = -1, UF_PART_UNREADABLE = -2 };
enum uf_part uf_decode_dict(struct uf_heap *heap, uint64_t object, uf_refs *refs);
enum uf_part uf_decode_ordered_dict(struct uf_heap *heap, uint64_t object, uf_refs *refs);
enum uf_part uf_decode_set(struct uf_heap *heap, uint64_t object, uf_refs *refs);
enum uf_part uf_decode_deque(struct uf_heap *heap, uint64_t object, uf_refs *refs);
enum uf_part uf_decode_lru_cache(struct uf_heap *heap, uint64_t object, uf_refs *refs);
enum uf_part uf_decode_words(struct uf_heap *heap, uint64_t first, uint64_t count, uf_refs *refs);
enum uf_part uf_decode_type(struct uf_heap *heap, uint64_t object, uf_refs *refs);
enum uf_part uf_decode_element(struct uf_heap *heap, uint64_t object, uf_refs *refs);
enum uf_part uf_decode_code(struct uf_heap *heap, uint64_t object, uf_refs *refs);
enum uf_part uf_decode_module(struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                              size_t first, uf_refs *refs);
/* What tp_traverse reports beyond the references from `first` on that were found already. */
enum uf_part uf_decode_more(struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                            size_t first, uf_refs *refs);

/* Reads the table of a dict, the keys block at `keys`. False: unreadable; else all entries can be viewed, and
 * all values. */
bool uf_dict_table(const struct uf_heap *heap, uint64_t dict, struct uf_dict_table *ret);
bool uf_keys_table(const struct uf_heap *heap, uint64_t keys, struct uf_dict_table *ret);
/* Size and references of a small dict in one go; 0: it is no small one, nothing was appended. */
uint64_t uf_dict_quick(struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                       uf_refs *refs);
/* The value of a string key in a dict, by scanning it; 0 = not there. */
uint64_t uf_dict_find(const struct uf_heap *heap, uint64_t dict, const char *key);

/* Where a static builtin type keeps its dict and its subclasses (3.12+: in the interpreter). */
void uf_type_parts(const struct uf_heap *heap, uint64_t type, uint64_t *dict, uint64_t *subclasses);

/* An int object's value; -1 when it is none or too large. */
int64_t uf_int_value(const struct uf_heap *heap, uint64_t object);

/* Reserves room for `more` references besides what the fixed parts of any object need. */
static inline int uf_refs_room(uf_refs *refs, size_t more)
{
    return uf_vec_reserve(refs, refs->len + more);
}

static inline void uf_refs_put(uf_refs *refs, uint64_t address)
{
    if (address)
        refs->at[refs->len++] = address;
}

#endif
