/* Forms of nodes become sizes, flags, types, and where each node's references begin. */
#include "base/mem.h"
#include "snapshot/read_private.h"

static enum uf_code check_forms(const struct uf_snapshot *snapshot, struct uf_error *err)
{
    const struct uf_file_forms *forms = &snapshot->forms;
    const struct uf_format_counts *counts = &snapshot->counts;
    if (forms->count > UF_FORM_OWN)
        return uf_damaged(err, "it has more forms of objects than there can be");
    for (uint32_t i = 0; i < forms->count; i++)
        if (forms->at[i].type >= counts->types || forms->at[i].shape >= counts->shapes ||
            forms->at[i].size == UF_SIZE_BIG)
            return uf_damaged(err, "type, shape or size of form %u is out of range", i);
    for (uint32_t i = 0; i < forms->own_count; i++) {
        const struct uf_format_form_own *own = &forms->own[i];
        if (own->node >= counts->nodes || own->type >= counts->types ||
            own->shape >= counts->shapes || forms->of[own->node] != UF_FORM_OWN ||
            (i > 0 && own->node <= own[-1].node))
            return uf_damaged(err, "the form of object %u is out of range or order", own->node);
    }
    return UF_OK;
}

/* Of the nodes that have no form of their own, the number is that of a form; the others are all listed. */
static enum uf_code check_numbers(const struct uf_snapshot *snapshot, struct uf_error *err)
{
    const struct uf_file_forms *forms = &snapshot->forms;
    uint32_t own = 0, wrong = 0;
    for (uf_node node = 0; node < snapshot->counts.nodes; node++) {
        own += forms->of[node] == UF_FORM_OWN;
        wrong += forms->of[node] >= forms->count;
    }
    if (own != forms->own_count || wrong != own)
        return uf_damaged(err, "%u objects have forms that are not there", wrong);
    return UF_OK;
}

static enum uf_code alloc_columns(struct uf_snapshot *snapshot, struct uf_error *err)
{
    struct uf_graph *graph = &snapshot->graph;
    size_t nodes = snapshot->counts.nodes;
    uint32_t huge = 0;
    for (uint32_t i = 0; i < snapshot->forms.own_count; i++)
        huge += snapshot->forms.own[i].size >= UF_SIZE_BIG;
    graph->edge_start = uf_mem_alloc((nodes + 1) * sizeof *graph->edge_start);
    graph->size = uf_mem_alloc((nodes + 1) * sizeof *graph->size);
    graph->flags = uf_mem_alloc(nodes + 1);
    graph->big_size_bytes = uf_mem_alloc(((size_t)huge + 1) * sizeof *graph->big_size_bytes);
    return graph->edge_start && graph->size && graph->flags && graph->big_size_bytes
               ? UF_OK
               : uf_error_nomem(err);
}

static enum uf_code fill_columns(struct uf_snapshot *snapshot, struct uf_error *err)
{
    const struct uf_file_forms *forms = &snapshot->forms;
    const struct uf_format_form_own *own = forms->own;
    struct uf_graph *graph = &snapshot->graph;
    uint64_t edges = 0;
    uint32_t huge = 0;
    for (uf_node node = 0; node < snapshot->counts.nodes; node++) {
        graph->edge_start[node] = (uint32_t)edges;
        if (forms->of[node] != UF_FORM_OWN) {
            const struct uf_format_form *form = &forms->at[forms->of[node]];
            graph->size[node] = form->size;
            graph->flags[node] = form->flags;
            edges += form->degree;
        } else {
            graph->size[node] = (uint32_t)own->size;
            if (own->size >= UF_SIZE_BIG) {
                graph->size[node] = UF_SIZE_BIG;
                graph->big_size_bytes[huge] = own->size;
                if (uf_map_set(&graph->big_sizes, (uint64_t)node + 1, huge++))
                    return uf_error_nomem(err);
            }
            graph->flags[node] = own->flags;
            edges += own->degree;
            own++;
        }
        if (edges > snapshot->counts.edges)
            break;
    }
    if (edges != snapshot->counts.edges)
        return uf_damaged(err, "the objects do not hold %u references in all",
                          snapshot->counts.edges);
    graph->edge_start[snapshot->counts.nodes] = snapshot->counts.edges;
    return UF_OK;
}

enum uf_code uf_load_forms(struct uf_snapshot *snapshot, struct uf_error *err)
{
    struct uf_container *container = &snapshot->container;
    struct uf_file_forms *forms = &snapshot->forms;
    const void *of, *at, *own;
    enum uf_code code = uf_container_items(container, UF_CHUNK_FORM, sizeof *forms->of,
                                           snapshot->counts.nodes, &of, err);
    if (!code)
        code =
            uf_container_all(container, UF_CHUNK_FORMS, sizeof *forms->at, &forms->count, &at, err);
    if (!code)
        code = uf_container_all(container, UF_CHUNK_FORM_OWN, sizeof *forms->own, &forms->own_count,
                                &own, err);
    if (code)
        return code;
    forms->of = of;
    forms->at = at;
    forms->own = own;
    code = check_forms(snapshot, err);
    if (!code)
        code = check_numbers(snapshot, err);
    if (!code)
        code = alloc_columns(snapshot, err);
    if (!code)
        code = fill_columns(snapshot, err);
    return code;
}

enum uf_code uf_load_type(struct uf_snapshot *snapshot, struct uf_error *err)
{
    const struct uf_file_forms *forms = &snapshot->forms;
    const struct uf_format_form_own *own = forms->own;
    uint32_t *type = uf_mem_alloc(((size_t)snapshot->counts.nodes + 1) * sizeof *type);
    if (!type)
        return uf_error_nomem(err);
    snapshot->graph.type = type;
    for (uf_node node = 0; node < snapshot->counts.nodes; node++)
        type[node] = forms->of[node] != UF_FORM_OWN ? forms->at[forms->of[node]].type
                                                    : (own++)->type;
    return UF_OK;
}

uint32_t uf_file_shape(const struct uf_snapshot *snapshot, uf_node node)
{
    const struct uf_file_forms *forms = &snapshot->forms;
    if (forms->of[node] != UF_FORM_OWN)
        return forms->at[forms->of[node]].shape;
    uint32_t low = 0, high = forms->own_count; /* own[low].node <= node < own[high].node */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (forms->own[middle].node <= node)
            low = middle;
        else
            high = middle;
    }
    return forms->own[low].shape; /* each such node is listed */
}
