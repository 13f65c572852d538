/* Strings, types, roots. */
#include "base/mem.h"
#include "snapshot/read_private.h"
#include "snapshot/varint.h"

#include <string.h>

enum uf_code uf_load_strings(struct uf_snapshot *snapshot, uint32_t chunk, struct uf_strings *ret,
                             struct uf_error *err)
{
    const void *at;
    uint32_t len;
    enum uf_code code = uf_container_all(&snapshot->container, chunk, 1, &len, &at, err);
    if (code)
        return code;
    const char *bytes = at;
    if (len > 0 && bytes[len - 1] != 0)
        return uf_damaged(err, "its last name has no end");
    uint32_t number = 0;
    for (size_t offset = 0; offset < len; number++) {
        size_t text = strlen(bytes + offset);
        uint32_t got = uf_strings_add(ret, bytes + offset, text);
        if (got == UF_STRING_NONE)
            return uf_error_nomem(err);
        if (got != number) /* the first is the empty one, and each stands once */
            return uf_damaged(err, "name %u stands twice, or the first is not empty", number);
        offset += text + 1;
    }
    return UF_OK;
}

static bool is_string(const struct uf_strings *strings, uint32_t number)
{
    return number == 0 || number < strings->count;
}

static enum uf_code load_types(struct uf_snapshot *snapshot, struct uf_error *err)
{
    struct uf_graph *graph = &snapshot->graph;
    const void *at;
    enum uf_code code = uf_container_items(&snapshot->container, UF_CHUNK_TYPES,
                                           sizeof(struct uf_format_type), snapshot->counts.types,
                                           &at, err);
    if (code)
        return code;
    const struct uf_format_type *item = at;
    graph->types = uf_mem_alloc(((size_t)snapshot->counts.types + 1) * sizeof *graph->types);
    if (!graph->types)
        return uf_error_nomem(err);
    for (uint32_t i = 0; i < snapshot->counts.types; i++, item++) {
        if (!is_string(&graph->strings, item->name) ||
            (item->node != UF_NODE_NONE && item->node >= graph->node_count))
            return uf_damaged(err, "name or object of type %u is out of range", i);
        graph->types[i] = (struct uf_graph_type){item->address, item->name, item->node};
    }
    graph->type_count = snapshot->counts.types;
    return UF_OK;
}

/* Reads the root at `at`; NULL: it is out of range. Else where the next one begins. */
static const uint8_t *read_root(const struct uf_graph *graph, const uint8_t *at, const uint8_t *end,
                                struct uf_graph_root *ret)
{
    uint64_t node, name, label = 0, surplus = 0;
    if (at == end)
        return NULL;
    uint8_t head = *at++;
    at = uf_varint_get(at, end, &node);
    at = uf_varint_get(at, end, &name);
    if (head & UF_ROOT_HAS_LABEL)
        at = uf_varint_get(at, end, &label);
    if (head & UF_ROOT_HAS_SURPLUS)
        at = uf_varint_get(at, end, &surplus);
    uint8_t kind = (uint8_t)(head & ~(UF_ROOT_HAS_LABEL | UF_ROOT_HAS_SURPLUS));
    if (!at || node >= graph->node_count || name > UINT32_MAX || label > UINT32_MAX ||
        surplus > UINT32_MAX || !is_string(&graph->strings, (uint32_t)name) ||
        !is_string(&graph->strings, (uint32_t)label) || kind > UF_ROOT_NATIVE)
        return NULL;
    *ret = (struct uf_graph_root){.node = (uf_node)node,
                                  .name = (uint32_t)name,
                                  .label = (uint32_t)label,
                                  .kind = kind,
                                  .surplus = (uint32_t)surplus};
    return at;
}

static enum uf_code load_roots(struct uf_snapshot *snapshot, struct uf_error *err)
{
    struct uf_graph *graph = &snapshot->graph;
    uint64_t len;
    const void *bytes;
    enum uf_code code = uf_container_bytes(&snapshot->container, UF_CHUNK_ROOTS, &len, &bytes, err);
    if (code)
        return code;
    const uint8_t *at = bytes, *end = at + len;
    if (len / 3 < snapshot->counts.roots) /* the least bytes that a root has */
        return uf_damaged(err, "it has fewer than %u roots", snapshot->counts.roots);
    graph->roots = uf_mem_zalloc(((size_t)snapshot->counts.roots + 1) * sizeof *graph->roots);
    if (!graph->roots)
        return uf_error_nomem(err);
    for (uint32_t i = 0; i < snapshot->counts.roots; i++) {
        at = read_root(graph, at, end, &graph->roots[i]);
        if (!at)
            return uf_damaged(err, "object, name or kind of root %u is out of range", i);
    }
    if (at != end)
        return uf_damaged(err, "it has more than %u roots", snapshot->counts.roots);
    graph->root_count = snapshot->counts.roots;
    return UF_OK;
}

enum uf_code uf_load_tables(struct uf_snapshot *snapshot, struct uf_error *err)
{
    enum uf_code code = uf_load_strings(snapshot, UF_CHUNK_STRINGS, &snapshot->graph.strings, err);
    if (!code)
        code = load_types(snapshot, err);
    if (!code)
        code = load_roots(snapshot, err);
    return code;
}
