#include "analysis/lookup.h"

#include "base/nearest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MOST 60 /* bytes of a name in a message */

static enum uf_code find_address(struct uf_lookup *lookup, const struct uf_graph *graph,
                                 const char *wanted, struct uf_error *err)
{
    bool hexadecimal = wanted[0] == '0' && (wanted[1] | 32) == 'x';
    char *end;
    errno = 0;
    uint64_t address = strtoull(wanted, &end, hexadecimal ? 16 : 10);
    if (*end || errno || (hexadecimal && end == wanted + 1) || wanted[hexadecimal ? 2 : 0] == '\0')
        return uf_error_set(err, UF_EINVAL, "'%.*s' is no address (as in 0x7f5a3c0b1d40)",
                            SHOWN_MOST, wanted);
    for (uf_node n = 0; n < graph->node_count; n++)
        if (graph->address[n] == address && !(graph->flags[n] & UF_NODE_OWN))
            return uf_vec_push(&lookup->members, n) ? uf_error_nomem(err) : UF_OK;
    return uf_error_set(err, UF_EINVAL,
                        "no object at %.*s (tree, summary and why FILE TYPE show addresses)",
                        SHOWN_MOST, wanted);
}

static const char *name_of(const struct uf_graph *graph, uint32_t type)
{
    return uf_strings_get(&graph->strings, graph->types[type].name);
}

/* "Session" of "shop.orders.Session". */
static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

/* How `name` is meant by `wanted`: 2 whole, 1 without its module, 0 not. */
static int fit_of(const char *name, const char *wanted)
{
    size_t len = strlen(name), wanted_len = strlen(wanted);
    if (strcmp(name, wanted) == 0)
        return 2;
    return len > wanted_len && name[len - wanted_len - 1] == '.' &&
           strcmp(name + len - wanted_len, wanted) == 0;
}

/* The types that are meant, with objects or without. */
struct match {
    int fit;
    uint32_t first, other; /* types of distinct names; UINT32_MAX: none */
};

/* Looks among the types of which used[] is not 0; NULL: among all. */
static struct match match_types(const struct uf_graph *graph, const char *wanted,
                                const uint8_t *used)
{
    struct match match = {.first = UINT32_MAX, .other = UINT32_MAX};
    for (uint32_t t = 0; t < graph->type_count; t++) {
        int fit = used && !used[t] ? 0 : fit_of(name_of(graph, t), wanted);
        if (fit == 0 || fit < match.fit)
            continue;
        if (fit > match.fit)
            match = (struct match){.fit = fit, .first = t, .other = UINT32_MAX};
        else if (graph->types[t].name != graph->types[match.first].name)
            match.other = t;
    }
    return match;
}

static enum uf_code suggest(const struct uf_graph *graph, const char *wanted, const uint8_t *used,
                            struct uf_error *err)
{
    const char **names = uf_mem_alloc(((size_t)graph->type_count + 1) * sizeof *names);
    const char *nearest = NULL, *full = NULL;
    size_t count = 0;
    if (!names)
        return uf_error_nomem(err);
    for (uint32_t t = 0; t < graph->type_count; t++)
        if (used[t])
            names[count++] = name_of(graph, t);
    names[count] = NULL;
    full = nearest = uf_nearest(wanted, names);
    for (size_t i = 0; i < count && !full; i++)
        names[i] = last_part(names[i]);
    if (!full && (nearest = uf_nearest(last_part(wanted), names)) != NULL)
        for (uint32_t t = 0; t < graph->type_count && !full; t++)
            if (used[t] && strcmp(last_part(name_of(graph, t)), nearest) == 0)
                full = name_of(graph, t);
    uf_mem_free(names);
    if (full)
        return uf_error_set(err, UF_EINVAL, "no object of type %.*s (did you mean %.*s?)",
                            SHOWN_MOST, wanted, 2 * SHOWN_MOST, full);
    return uf_error_set(err, UF_EINVAL,
                        "no object of type %.*s (name one as summary does, as in shop.Session)",
                        SHOWN_MOST, wanted);
}

static enum uf_code find_type(struct uf_lookup *lookup, const struct uf_graph *graph,
                              const char *wanted, const uint8_t *used, struct uf_error *err)
{
    struct match match = match_types(graph, wanted, used);
    if (match.first == UINT32_MAX && match_types(graph, wanted, NULL).first != UINT32_MAX)
        return uf_error_set(err, UF_EINVAL,
                            "%.*s has no objects in this heap (take the snapshot when it has)",
                            SHOWN_MOST, wanted);
    if (match.first == UINT32_MAX)
        return suggest(graph, wanted, used, err);
    if (match.other != UINT32_MAX)
        return uf_error_set(err, UF_EINVAL, "%.*s is not clear (is it %.*s or %.*s?)", SHOWN_MOST,
                            wanted, SHOWN_MOST, name_of(graph, match.first), SHOWN_MOST,
                            name_of(graph, match.other));
    lookup->by_type = true;
    lookup->type_name = graph->types[match.first].name;
    for (uf_node n = 0; n < graph->node_count; n++)
        if (graph->types[graph->type[n]].name == lookup->type_name &&
            !(graph->flags[n] & UF_NODE_OWN) && uf_vec_push(&lookup->members, n))
            return uf_error_nomem(err);
    return UF_OK;
}

enum uf_code uf_lookup_find(struct uf_lookup *lookup, const struct uf_graph *graph,
                            const char *wanted, struct uf_error *err)
{
    enum uf_code code;
    *lookup = (struct uf_lookup){0};
    if (wanted[0] >= '0' && wanted[0] <= '9') { /* no name of Python begins with a digit */
        code = find_address(lookup, graph, wanted, err);
    } else {
        uint8_t *used = uf_mem_zalloc((size_t)graph->type_count + 1);
        if (!used)
            return uf_error_nomem(err);
        for (uf_node n = 0; n < graph->node_count; n++)
            if (!(graph->flags[n] & UF_NODE_OWN))
                used[graph->type[n]] = 1;
        code = find_type(lookup, graph, wanted, used, err);
        uf_mem_free(used);
    }
    if (code)
        uf_lookup_release(lookup);
    return code;
}

void uf_lookup_release(struct uf_lookup *lookup)
{
    uf_vec_release(&lookup->members);
    *lookup = (struct uf_lookup){0};
}
