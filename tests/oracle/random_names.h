/* random_names.h - types, labels and names for the graphs of random_graph.h. */
#ifndef UF_TESTS_ORACLE_RANDOM_NAMES_H
#define UF_TESTS_ORACLE_RANDOM_NAMES_H

#include "graph/names.h"
#include "random_graph.h"

#define RANDOM_TYPES 6

struct random_named {
    struct random_graph random;
    struct uf_graph_type types[RANDOM_TYPES];
    uint64_t address[RANDOM_NODES];
    struct uf_strings strings;
    struct uf_names names; /* by text */
    struct uf_names numbered;
    struct uf_strings generic; /* texts behind the numbers of `numbered` */
    uint64_t seed;
};

/* A number that is the same for the same reference. */
static inline uint32_t random_choice(const struct random_named *made, uint32_t a, uint32_t b)
{
    uint64_t x = made->seed * 0x9E3779B97F4A7C15u ^ ((uint64_t)a << 20 | b);
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)(x >> 33);
}

static inline void random_name(void *context, uf_node source, uint32_t ordinal,
                               struct uf_ref_name *ret)
{
    static const struct {
        enum uf_ref_kind kind;
        const char *text, *generic;
    } choices[] = {
        {UF_REF_ATTR, ".a", ".a"},        {UF_REF_ATTR, ".b", ".b"},
        {UF_REF_ITEM, "['x']", "[*]"},    {UF_REF_ITEM, "['y z']", "[*]"},
        {UF_REF_INDEX, "[3]", "[*]"},     {UF_REF_KEY, "key 'x'", "key"},
        {UF_REF_KEY, "{'x'}", "{*}"},     {UF_REF_DICT, ".__dict__", ".__dict__"},
        {UF_REF_FIELD, "entry", "entry"}, {UF_REF_CLOSURE, "closure 'c'", "closure 'c'"},
        {UF_REF_UNKNOWN, "", ""},
    };
    const struct random_named *made = context;
    /* Some graphs have few names: only then paths repeat themselves. */
    uint32_t few = made->seed % 3 ? 2 : sizeof choices / sizeof *choices;
    uint32_t i = (random_choice(made, source, ordinal) + (uint32_t)made->seed % 7) % few;
    if (made->seed % 3 == 1)
        i += 1;
    memset(ret, 0, sizeof *ret);
    ret->kind = choices[i].kind;
    snprintf(ret->text, sizeof ret->text, "%s", choices[i].text);
    snprintf(ret->generic, sizeof ret->generic, "%s", choices[i].generic);
}

static inline uint32_t random_generic(void *context, uf_node source, uint32_t ordinal)
{
    struct random_named *made = context;
    struct uf_ref_name name;
    char text[128];
    random_name(context, source, ordinal, &name);
    bool item = name.kind == UF_REF_ITEM || name.kind == UF_REF_INDEX;
    snprintf(text, sizeof text, "%d%s", item ? UF_REF_ITEM : (int)name.kind, name.generic);
    return uf_strings_add_z(&made->generic, text);
}

static inline void random_named_release(struct random_named *made)
{
    uf_strings_release(&made->strings);
    uf_strings_release(&made->random.graph.strings);
    uf_strings_release(&made->generic);
}

/* The graph of this seed with names; released first. */
static inline void random_named(struct random_named *made, uint64_t seed)
{
    static const char *const types[RANDOM_TYPES] = {"dict",  "list",      "app.A",
                                                    "app.B", "frozenset", "object"};
    random_named_release(made);
    memset(made, 0, sizeof *made);
    random_graph(&made->random, seed);
    struct uf_graph *graph = &made->random.graph;
    made->seed = seed;
    uf_strings_add_z(&graph->strings, "");
    for (uint32_t t = 0; t < RANDOM_TYPES; t++)
        made->types[t] = (struct uf_graph_type){.address = 0x1000 + 16 * t,
                                                .name = uf_strings_add_z(&graph->strings, types[t]),
                                                .node = UF_NODE_NONE};
    uint32_t kinds = seed % 4 ? 2 : RANDOM_TYPES;
    for (uf_node n = 0; n < graph->node_count; n++) {
        made->random.type[n] = (random_choice(made, n, UINT32_MAX) + (uint32_t)seed % 5) % kinds;
        made->random.type[n] += seed % 8 < 4 ? 2 : 0;
        made->random.type[n] %= RANDOM_TYPES;
        made->address[n] = 0x100000 + 64 * (uint64_t)n;
    }
    for (uint32_t r = 0; r < graph->root_count; r++) {
        static const char *const names[] = {"app", "Thread-7 (work)", "shop"};
        static const char *const labels[] = {"", "local 'y' of f() at f.py:12",
                                             "local 'y' of f() at f.py:14"};
        graph->roots[r].name =
            uf_strings_add_z(&graph->strings, names[random_choice(made, r, 1) % 3]);
        if (graph->roots[r].kind == UF_ROOT_THREAD)
            graph->roots[r].label =
                uf_strings_add_z(&graph->strings, labels[random_choice(made, r, 2) % 3]);
    }
    graph->types = made->types;
    graph->type_count = RANDOM_TYPES;
    graph->address = made->address;
    made->names = (struct uf_names){.context = made, .name = random_name};
    made->numbered = made->names;
    made->numbered.generic = random_generic;
}

#endif
