#include "native/sites.h"

#include <stdlib.h>
#include <string.h>

/* One survivor, with what it is sorted by. */
struct entry {
    struct uf_native_stack frames;
    const struct uf_native_block *block;
};

static int compare_words(const uint64_t *a, size_t a_count, const uint64_t *b, size_t b_count)
{
    if (a_count != b_count)
        return a_count < b_count ? -1 : 1;
    return a_count ? memcmp(a, b, a_count * sizeof *a) : 0;
}

/* Same kind, same native frames, called from the same Python function. */
static int by_place(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->block->kind != y->block->kind)
        return x->block->kind < y->block->kind ? -1 : 1;
    if (x->block->stack == y->block->stack)
        return 0;
    int order = compare_words(x->frames.native, x->frames.native_count, y->frames.native,
                              y->frames.native_count);
    if (order != 0)
        return order;
    return compare_words(x->frames.python, x->frames.python_count > 0, y->frames.python,
                         y->frames.python_count > 0); /* of the first pair, the code */
}

static int by_place_and_stack(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = by_place(a, b);
    return order ? order
                 : (x->block->stack > y->block->stack) - (x->block->stack < y->block->stack);
}

static int worst_first(const void *a, const void *b)
{
    const struct uf_site *x = a, *y = b;
    if (x->grows != y->grows)
        return x->grows ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    if (x->blocks != y->blocks)
        return x->blocks > y->blocks ? -1 : 1;
    return (x->stack > y->stack) - (x->stack < y->stack);
}

static struct uf_site sum_up(const struct entry *entries, size_t count, uint32_t calls)
{
    struct uf_site site = {.kind = entries[0].block->kind};
    uint32_t seen = 0;
    size_t run = 0, longest = 0;
    for (size_t i = 0; i < count; i++) {
        const struct uf_native_block *block = entries[i].block;
        uint64_t window = (uint64_t)(block->call - 1) * UF_SITES_WINDOWS / calls;
        bool in_place = uf_site_grows_in_place(block);
        site.in_place |= in_place;
        if (block->older && !in_place)
            continue;
        seen |= UINT32_C(1) << (window < UF_SITES_WINDOWS ? window : UF_SITES_WINDOWS - 1);
        site.blocks += !block->older;
        site.bytes += block->bytes;
        run = i > 0 && block->stack == entries[i - 1].block->stack ? run + 1 : 1;
        if (run > longest) {
            longest = run;
            site.stack = block->stack;
        }
    }
    for (; seen; seen &= seen - 1)
        site.windows++;
    site.grows = site.in_place ||
                 (site.windows >= UF_SITES_LEAST_WINDOWS && site.blocks >= UF_SITES_LEAST);
    return site;
}

enum uf_code uf_sites_find(uf_sites *ret, const struct uf_native_store *store,
                           const struct uf_native_block *survivors, const bool *wanted,
                           size_t count, uint32_t calls, struct uf_error *err)
{
    UF_VEC(struct entry) entries = {0};
    enum uf_code code = UF_OK;
    ret->len = 0;
    for (size_t i = 0; i < count && !code; i++) {
        if ((wanted && !wanted[i]) || survivors[i].call == 0 || survivors[i].call > calls)
            continue;
        struct entry entry = {uf_native_store_frames(store, survivors[i].stack), &survivors[i]};
        if (uf_vec_push(&entries, entry))
            code = uf_error_nomem(err);
    }
    if (entries.len > 1)
        qsort(entries.at, entries.len, sizeof *entries.at, by_place_and_stack);
    for (size_t from = 0, to; from < entries.len && !code; from = to) {
        for (to = from + 1; to < entries.len && by_place(&entries.at[from], &entries.at[to]) == 0;)
            to++;
        if (uf_vec_push(ret, sum_up(entries.at + from, to - from, calls)))
            code = uf_error_nomem(err);
    }
    if (ret->len > 1)
        qsort(ret->at, ret->len, sizeof *ret->at, worst_first);
    uf_vec_release(&entries);
    return code;
}
