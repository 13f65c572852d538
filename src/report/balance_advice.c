#include "report/balance.h"
#include "report/columns.h"
#include "report/units.h"

#include <stdio.h>
#include <string.h>

#define WORTH_BYTES (1u << 20) /* below it, and below the share, nothing is advised */
#define WORTH_SHARE 0.03
#define ARENAS_MANY 3 /* of threads */
#define REMAINDER_SHARE 0.03

struct advise {
    const struct uf_balance *balance;
    struct uf_balance_advice *ret;
    size_t count;
};

static bool is_worth(const struct uf_balance *balance, uint64_t bytes)
{
    return bytes >= WORTH_BYTES && (double)bytes >= WORTH_SHARE * (double)balance->resident_bytes;
}

/* Ends one piece of advice, cut at its size. */
static void advise(struct advise *a, const char *name, struct uf_text *text)
{
    if (a->count < UF_BALANCE_ADVICE_MOST && !text->failed) {
        struct uf_balance_advice *advice = &a->ret[a->count++];
        advice->name = name;
        snprintf(advice->text, sizeof advice->text, "%s", uf_page_z(text));
    }
    uf_text_release(text);
}

static void advise_trim(struct advise *a)
{
    struct uf_text text = {0};
    if (!is_worth(a->balance, a->balance->trim))
        return;
    uf_text_add_z(&text, "malloc_trim(0) gives back ");
    uf_units_bytes(&text, (double)a->balance->trim);
    uf_text_add_z(&text, ": ctypes.CDLL(None).malloc_trim(0) when the work is done, or "
                         "MALLOC_TRIM_THRESHOLD_=131072 in the environment");
    advise(a, "malloc_trim", &text);
}

static void advise_arenas(struct advise *a)
{
    struct uf_text text = {0};
    uint64_t free = 0, used = 0;
    size_t count = 0;
    for (size_t i = 0; i < a->balance->arenas.len; i++) {
        const struct uf_balance_arena *arena = &a->balance->arenas.at[i];
        if (arena->main)
            continue;
        count++;
        free += arena->free;
        used += arena->used + arena->objects;
    }
    if (count < ARENAS_MANY || free < used || !is_worth(a->balance, free))
        return;
    uf_text_add_z(&text, "MALLOC_ARENA_MAX=2 in the environment: ");
    uf_units_bytes(&text, (double)free);
    uf_text_printf(&text, " are free in %zu arenas that malloc keeps for threads, ", count);
    uf_units_bytes(&text, (double)used);
    uf_text_add_z(&text, " in use");
    advise(a, "malloc_arena_max", &text);
}

static void advise_sparse(struct advise *a)
{
    const struct uf_balance *balance = a->balance;
    struct uf_text text = {0};
    if (!is_worth(balance, balance->sparse_free))
        return;
    uf_units_bytes(&text, (double)balance->sparse_free);
    uf_text_printf(&text,
                   " are free in %u of %u arenas of Python's allocator, which go back as a "
                   "whole or not at all",
                   balance->sparse_arenas, balance->python_arenas);
    for (int i = 0; i < UF_BALANCE_PINS && balance->pins[i].objects > 0; i++) {
        const struct uf_graph *graph = balance->graph;
        uf_text_add_z(&text, i ? ", " : "; kept by ");
        uf_units_count(&text, (double)balance->pins[i].objects);
        uf_text_add_z(&text, " ");
        uf_columns_clean(&text,
                         uf_strings_get(&graph->strings, graph->types[balance->pins[i].type].name));
    }
    uf_text_add_z(&text,
                  ": work that needs much memory for a while is best done in a child process");
    advise(a, "python_arenas", &text);
}

static enum uf_balance_part largest(const struct uf_balance *balance)
{
    enum uf_balance_part part = 0;
    for (int i = 1; i < UF_PARTS; i++)
        if (balance->parts[i] > balance->parts[part])
            part = (enum uf_balance_part)i;
    return part;
}

static void advise_largest(struct advise *a)
{
    static const struct {
        const char *name, *text;
    } by_part[UF_PARTS] = {
        [UF_PART_OBJECTS] = {"objects",
                             "these are live objects: unfreed summary names their types, "
                             "unfreed diff PID --after 60s what grows and who holds it"},
        [UF_PART_PYTHON_OTHER] = {"native",
                                  "C code has the most, through Python's allocator: unfreed "
                                  "check says what a call leaves there, and who allocates it"},
        [UF_PART_NATIVE_USED] = {"native",
                                 "C code has the most: unfreed check says what native memory "
                                 "a call leaves, and who allocates it"},
        [UF_PART_ALLOCATOR] = {"allocator",
                               "what the allocator keeps free only it can say: ask it for "
                               "its own statistics (jemalloc: MALLOC_CONF=stats_print:true)"},
    };
    enum uf_balance_part part = largest(a->balance);
    struct uf_text text = {0};
    if (!by_part[part].name)
        return;
    uf_text_add_z(&text, by_part[part].text);
    advise(a, by_part[part].name, &text);
}

static void advise_remainder(struct advise *a)
{
    const struct uf_balance *balance = a->balance;
    struct uf_text text = {0};
    uint64_t bytes = balance->parts[UF_PART_REMAINDER];
    if (!is_worth(balance, bytes) ||
        (double)bytes < REMAINDER_SHARE * (double)balance->resident_bytes)
        return;
    uf_units_bytes(&text, (double)bytes);
    uf_text_add_z(&text,
                  " are of nobody that is known here: memory that C code maps itself (mmap), or of "
                  "an allocator of its own; the largest pieces begin at ");
    for (int i = 0; i < UF_BALANCE_UNKNOWN && balance->unknown[i].bytes; i++) {
        uf_text_printf(&text, "%s0x%llx (", i ? ", " : "",
                       (unsigned long long)balance->unknown[i].start);
        uf_units_bytes(&text, (double)balance->unknown[i].bytes);
        uf_text_add_z(&text, ")");
    }
    advise(a, "remainder", &text);
}

size_t uf_balance_advise(struct uf_balance_advice *ret, const struct uf_balance *balance)
{
    struct advise a = {balance, ret, 0};
    advise_trim(&a);
    advise_arenas(&a);
    advise_sparse(&a);
    advise_largest(&a);
    advise_remainder(&a);
    return a.count;
}
