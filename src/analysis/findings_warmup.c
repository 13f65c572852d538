/* findings_warmup.c - what the first calls left, by the first new object of each path and who
 * holds that. */
#include "analysis/findings.h"
#include "analysis/steps.h"

#include "analysis/edges.h"

#include <string.h>

#define ROWS_MAX 20
#define RADIX_BITS 16
#define RADIX ((size_t)1 << RADIX_BITS)

typedef UF_VEC(struct uf_type_total) totals;

struct warmup {
    struct uf_view view;
    const uint64_t *before; /* ascending */
    size_t before_count;
    uf_node *top;  /* by node: the first new object on its path; UF_NODE_NONE: the node is old */
    uint32_t *row; /* by node that is a top: its row */
    totals rows;
    struct uf_strings keys; /* holder and type -> row, by number */
    UF_VEC(uint32_t) row_of_key;
};

/* Radix sort, least digit first: no malloc as in qsort. NULL when memory is out. */
static uint64_t *sorted_copy(const uint64_t *items, size_t count)
{
    uint64_t *from = uf_mem_alloc((count + 1) * sizeof *from),
             *to = uf_mem_alloc((count + 1) * sizeof *to);
    size_t *starts = uf_mem_alloc((RADIX + 1) * sizeof *starts);
    if (from && to && starts) {
        if (count)
            memcpy(from, items, count * sizeof *from);
        for (unsigned shift = 0; shift < 64; shift += RADIX_BITS) {
            memset(starts, 0, (RADIX + 1) * sizeof *starts);
            for (size_t i = 0; i < count; i++)
                starts[((from[i] >> shift) & (RADIX - 1)) + 1]++;
            for (size_t d = 1; d <= RADIX; d++)
                starts[d] += starts[d - 1];
            for (size_t i = 0; i < count; i++)
                to[starts[(from[i] >> shift) & (RADIX - 1)]++] = from[i];
            uint64_t *swap = from;
            from = to;
            to = swap;
        }
    } else {
        uf_mem_free(from);
        from = NULL;
    }
    uf_mem_free(to);
    uf_mem_free(starts);
    return from;
}

static bool is_new(const struct warmup *warmup, uf_node node)
{
    uint64_t address = warmup->view.graph->address[node];
    size_t low = 0, high = warmup->before_count;
    if (warmup->view.graph->flags[node] & (UF_NODE_OWN | UF_NODE_STATIC))
        return false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (warmup->before[middle] < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low == warmup->before_count || warmup->before[low] != address;
}

/* Who holds a new object: a module that is new itself, the expression of what held it before, or
 * a root. */
static enum uf_code holder_text(struct warmup *warmup, uf_node top, struct uf_text *ret,
                                struct uf_error *err)
{
    uf_node holder = warmup->view.reach->parent[top];
    if (holder == UF_NODE_NONE) {
        uf_path_root_text(&warmup->view, top, ret);
        return UF_OK;
    }
    struct uf_path path = {0};
    enum uf_code code = uf_path_to(&path, warmup->view.reach, holder, err);
    if (!code)
        uf_path_expression(&warmup->view, &path, path.nodes.len, ret);
    uf_path_release(&path);
    return code;
}

static enum uf_code new_row(struct warmup *warmup, const char *holder, const char *type,
                            struct uf_error *err)
{
    struct uf_type_total total = {.type = uf_mem_strdup(type), .holder = uf_mem_strdup(holder)};
    if (total.type && total.holder && uf_vec_push(&warmup->rows, total) == 0)
        return UF_OK;
    uf_mem_free(total.type);
    uf_mem_free(total.holder);
    return uf_error_nomem(err);
}

static enum uf_code row_of(struct warmup *warmup, uf_node top, uint32_t *ret, struct uf_error *err)
{
    const char *type = uf_graph_type_name(warmup->view.graph, top);
    struct uf_text key = {0};
    enum uf_code code = holder_text(warmup, top, &key, err);
    size_t holder_len = key.len;
    uf_text_add(&key, "\n", 1);
    uf_text_add_z(&key, type);
    uint32_t number = UF_STRING_NONE;
    if (!code && !key.failed)
        number = uf_strings_add(&warmup->keys, key.at, key.len);
    if (!code && number == UF_STRING_NONE)
        code = uf_error_nomem(err);
    while (!code && warmup->row_of_key.len <= number) /* number 0 is the empty text: of no row */
        if (uf_vec_push(&warmup->row_of_key, UINT32_MAX))
            code = uf_error_nomem(err);
    if (!code && warmup->row_of_key.at[number] == UINT32_MAX) {
        key.at[holder_len] = '\0';
        warmup->row_of_key.at[number] = (uint32_t)warmup->rows.len;
        code = new_row(warmup, key.at, type, err);
    }
    if (!code)
        *ret = warmup->row_of_key.at[number];
    uf_text_release(&key);
    return code;
}

/* Parents come before children in reach->order. */
static enum uf_code sum_up(struct warmup *warmup, double *objects, double *bytes,
                           struct uf_error *err)
{
    const struct uf_graph *graph = warmup->view.graph;
    const struct uf_reach *reach = warmup->view.reach;
    uf_node last_top = UF_NODE_NONE;
    for (uf_node i = 0; i < reach->order_count; i++) {
        uf_node n = reach->order[i], parent = reach->parent[n];
        if (!is_new(warmup, n))
            continue;
        if (parent != UF_NODE_NONE && warmup->top[parent] != UF_NODE_NONE) {
            warmup->top[n] = warmup->top[parent];
        } else {
            warmup->top[n] = n;
            /* Entries of one holder follow one another. */
            if (last_top != UF_NODE_NONE && parent != UF_NODE_NONE &&
                reach->parent[last_top] == parent && graph->type[last_top] == graph->type[n]) {
                warmup->row[n] = warmup->row[last_top];
            } else {
                enum uf_code code = row_of(warmup, n, &warmup->row[n], err);
                if (code)
                    return code;
            }
            last_top = n;
        }
        struct uf_type_total *row = &warmup->rows.at[warmup->row[warmup->top[n]]];
        double tracked = graph->flags[n] & UF_NODE_TRACKED ? 1 : 0,
               size = (double)uf_edges_size(graph, n);
        row->objects += tracked;
        row->bytes += size;
        *objects += tracked;
        *bytes += size;
    }
    return UF_OK;
}

static bool is_more(const struct uf_type_total *a, const struct uf_type_total *b)
{
    return a->objects != b->objects ? a->objects > b->objects : a->bytes > b->bytes;
}

static void release_total(struct uf_type_total *total)
{
    uf_mem_free(total->type);
    uf_mem_free(total->holder);
}

/* The largest rows go to the result, in order; the rest is released. */
static enum uf_code hand_over(struct warmup *warmup, struct uf_check_result *result,
                              struct uf_error *err)
{
    enum uf_code code = UF_OK;
    for (size_t taken = 0; taken < ROWS_MAX && taken < warmup->rows.len && !code; taken++) {
        size_t best = taken;
        for (size_t i = taken + 1; i < warmup->rows.len; i++)
            if (is_more(&warmup->rows.at[i], &warmup->rows.at[best]))
                best = i;
        struct uf_type_total row = warmup->rows.at[best];
        warmup->rows.at[best] = warmup->rows.at[taken];
        warmup->rows.at[taken] = (struct uf_type_total){0};
        if (uf_vec_push(&result->warmup.top, row)) {
            release_total(&row);
            code = uf_error_nomem(err);
        }
    }
    return code;
}

enum uf_code uf_findings_warmup(struct uf_check_result *result, const struct uf_graph *graph,
                                const struct uf_reach *reach, const struct uf_names *names,
                                const uint64_t *before, size_t count, struct uf_error *err)
{
    struct warmup warmup = {.view = {graph, reach, names, NULL}, .before_count = count};
    double objects = 0, bytes = 0;
    uint64_t *sorted = sorted_copy(before, count);
    warmup.before = sorted;
    warmup.top = uf_mem_alloc(((size_t)graph->node_count + 1) * sizeof *warmup.top);
    warmup.row = uf_mem_alloc(((size_t)graph->node_count + 1) * sizeof *warmup.row);
    enum uf_code code = sorted && warmup.top && warmup.row ? UF_OK : uf_error_nomem(err);
    if (!code) {
        memset(warmup.top, 0xff, (size_t)graph->node_count * sizeof *warmup.top); /* UF_NODE_NONE */
        code = sum_up(&warmup, &objects, &bytes, err);
    }
    if (!code)
        code = hand_over(&warmup, result, err);
    if (!code) {
        result->warmup.objects = objects;
        result->warmup.bytes = bytes;
    }
    for (size_t i = 0; i < warmup.rows.len; i++)
        release_total(&warmup.rows.at[i]);
    uf_vec_release(&warmup.rows);
    uf_vec_release(&warmup.row_of_key);
    uf_strings_release(&warmup.keys);
    uf_mem_free(warmup.top);
    uf_mem_free(warmup.row);
    uf_mem_free(sorted);
    return code;
}
