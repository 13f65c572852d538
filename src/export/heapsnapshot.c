#include "export/heapsnapshot.h"

#include "analysis/edges.h"
#include "base/utf8.h"
#include "export/heapsnapshot_ids.h"
#include "export/heapsnapshot_names.h"
#include "export/heapsnapshot_roots.h"

#include <inttypes.h>
#include <stdio.h>

#define NODE_FIELDS 7
#define PART_BYTES_MAX UINT32_MAX   /* the most that one node can say it has */
#define SIZE_BYTES_MAX (1ull << 47) /* user addresses of x86-64 and arm64 */
#define FIRST_GROUP 2               /* behind the root and "(GC roots)" */
#define LOOK_EVERY 4096             /* objects between two looks at whether to go on */
#define LINE_BYTES_MAX 128          /* of a node or a reference */

static const char meta[] =
    "{\"snapshot\":{\"meta\":{"
    "\"node_fields\":[\"type\",\"name\",\"id\",\"self_size\",\"edge_count\",\"trace_node_id\","
    "\"detachedness\"],\n"
    "\"node_types\":[[\"hidden\",\"array\",\"string\",\"object\",\"code\",\"closure\",\"regexp\","
    "\"number\",\"native\",\"synthetic\",\"concatenated string\",\"sliced string\",\"symbol\","
    "\"bigint\",\"object shape\"],"
    "\"string\",\"number\",\"number\",\"number\",\"number\",\"number\"],\n"
    "\"edge_fields\":[\"type\",\"name_or_index\",\"to_node\"],\n"
    "\"edge_types\":[[\"context\",\"element\",\"property\",\"internal\",\"hidden\",\"shortcut\","
    "\"weak\"],\"string_or_number\",\"node\"],\n"
    "\"trace_function_info_fields\":[\"function_id\",\"name\",\"script_name\",\"script_id\","
    "\"line\",\"column\"],\n"
    "\"trace_node_fields\":[\"id\",\"function_info_index\",\"count\",\"size\",\"children\"],\n"
    "\"sample_fields\":[\"timestamp_us\",\"last_assigned_id\"],\n"
    "\"location_fields\":[\"object_index\",\"script_id\",\"line\",\"column\"]},\n";

/* An object that does not fit into one node. */
struct rest {
    uf_node node;
    uint32_t nodes; /* that hold what is left */
    uint64_t bytes; /* of them */
};

struct writer {
    const struct uf_export_input *input;
    const struct uf_graph *graph;
    struct uf_sink *sink;
    struct uf_hs_names names;
    struct uf_hs_roots roots;
    struct uf_hs_ids ids;
    UF_VEC(struct rest) rests; /* ascending */
    uint32_t rest_nodes;
    uint64_t first_object, nodes, edges;
    size_t next_rest; /* of a pass over the objects */
    bool later;       /* something was written in this array */
};

/* --- what there will be ------------------------------------------------------------------------- */

static enum uf_code list_rests(struct writer *w, struct uf_error *err)
{
    const struct uf_graph *graph = w->graph;
    for (uf_node n = 0; n < graph->node_count; n++) {
        if (graph->size[n] != UF_SIZE_BIG || graph->flags[n] & UF_NODE_OWN)
            continue;
        uint64_t bytes = uf_graph_size(graph, n);
        if (bytes <= PART_BYTES_MAX)
            continue;
        if (bytes > SIZE_BYTES_MAX)
            return uf_error_at(err, UF_ECORRUPT, graph->address[n],
                               "an object of %" PRIu64 " bytes", bytes);
        struct rest rest = {.node = n, .bytes = bytes - PART_BYTES_MAX};
        rest.nodes = (uint32_t)((rest.bytes + PART_BYTES_MAX - 1) / PART_BYTES_MAX);
        if (uf_vec_push(&w->rests, rest))
            return uf_error_nomem(err);
        w->rest_nodes += rest.nodes;
        if (w->rest_nodes > UF_HS_IDS_OBJECTS / 4)
            return uf_error_set(err, UF_ECORRUPT, "objects larger than the address space");
    }
    return UF_OK;
}

static enum uf_code count_all(struct writer *w, struct uf_error *err)
{
    w->first_object = FIRST_GROUP + w->roots.groups.len;
    w->nodes = w->first_object + w->graph->node_count + w->rest_nodes;
    /* "(GC roots)", each group and each of their items are referred to once. */
    w->edges = 1 + w->roots.groups.len + w->roots.items.len + w->graph->edge_count + w->rest_nodes;
    if (w->nodes > UINT32_MAX / NODE_FIELDS) /* a reference leads to node x fields, in 32 bits */
        return uf_error_set(err, UF_ELIMIT, "more objects than a heapsnapshot can hold");
    return UF_OK;
}

static bool goes_on(const struct writer *w, uf_node node)
{
    return node % LOOK_EVERY != 0 || !uf_export_stopped(w->input, w->sink);
}

/* The rest of `node`, if it has one; nodes have to be asked for in ascending order. */
static const struct rest *rest_of(struct writer *w, uf_node node)
{
    if (w->next_rest < w->rests.len && w->rests.at[w->next_rest].node == node)
        return &w->rests.at[w->next_rest++];
    return NULL;
}

/* --- lines -------------------------------------------------------------------------------------- */

static char *put_number(char *at, uint64_t number)
{
    char digits[20];
    size_t len = 0;
    do {
        digits[len++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (len > 0)
        *at++ = digits[--len];
    return at;
}

/* The numbers of one node or reference on a line of their own. */
static void put_line(struct writer *w, const uint64_t *numbers, size_t count)
{
    char *line = uf_sink_room(w->sink, LINE_BYTES_MAX), *at = line;
    if (w->later)
        *at++ = ',';
    *at++ = '\n';
    for (size_t i = 0; i < count; i++) {
        if (i)
            *at++ = ',';
        at = put_number(at, numbers[i]);
    }
    uf_sink_took(w->sink, (size_t)(at - line));
    w->later = true;
}

static void put_node(struct writer *w, struct uf_hs_node_name name, uint64_t id, uint64_t bytes,
                     uint64_t edges)
{
    /* The last two: no allocation stack, and not known to be detached. */
    const uint64_t numbers[NODE_FIELDS] = {(uint64_t)name.type, name.name, id, bytes, edges, 0, 0};
    put_line(w, numbers, NODE_FIELDS);
}

static void put_edge(struct writer *w, struct uf_hs_edge_name name, uint64_t ordinal)
{
    const uint64_t numbers[3] = {(uint64_t)name.type, name.name, ordinal * NODE_FIELDS};
    put_line(w, numbers, 3);
}

/* --- nodes -------------------------------------------------------------------------------------- */

static void write_top_nodes(struct writer *w)
{
    uint64_t system = 0;
    for (size_t g = 0; g < w->roots.groups.len; g++)
        system += w->roots.groups.at[g].system;
    struct uf_hs_node_name root = {UF_HS_SYNTHETIC, uf_hs_text(&w->names, "")};
    struct uf_hs_node_name gc_roots = {UF_HS_SYNTHETIC, uf_hs_text(&w->names, "(GC roots)")};
    put_node(w, root, 1, 0, 1 + w->roots.groups.len - system);
    put_node(w, gc_roots, 3, 0, system);
    for (size_t g = 0; g < w->roots.groups.len; g++) {
        const struct uf_hs_group *group = &w->roots.groups.at[g];
        struct uf_hs_node_name name = {group->system ? UF_HS_SYNTHETIC : UF_HS_NATIVE, group->name};
        put_node(w, name, group->id, 0, group->end - group->first);
    }
}

static void write_objects(struct writer *w)
{
    const struct uf_graph *graph = w->graph;
    w->next_rest = 0;
    for (uf_node n = 0; n < graph->node_count && goes_on(w, n); n++) {
        const struct rest *rest = rest_of(w, n);
        uint64_t bytes = graph->flags[n] & UF_NODE_OWN ? 0 : uf_edges_size(graph, n);
        uint64_t edges = graph->edge_start[n + 1] - graph->edge_start[n];
        if (rest) {
            bytes -= rest->bytes;
            edges += rest->nodes;
        }
        put_node(w, uf_hs_name_node(&w->names, n), uf_hs_id(&w->ids, graph, n), bytes, edges);
    }
}

static void write_rests(struct writer *w)
{
    uint64_t id = 3;
    for (size_t r = 0; r < w->rests.len; r++) {
        const char *type = uf_graph_type_name(w->graph, w->rests.at[r].node);
        char text[256], shown[201];
        uf_utf8_cut(shown, sizeof shown, type);
        snprintf(text, sizeof text, "%s (rest)", shown);
        struct uf_hs_node_name name = {UF_HS_OBJECT, uf_hs_text(&w->names, text)};
        uint64_t left = w->rests.at[r].bytes;
        for (uint32_t i = 0; i < w->rests.at[r].nodes; i++) {
            uint64_t bytes = left < PART_BYTES_MAX ? left : PART_BYTES_MAX;
            put_node(w, name, id += 2, bytes, 0);
            left -= bytes;
        }
    }
}

/* --- references --------------------------------------------------------------------------------- */

/* The root's to the groups, or those of "(GC roots)" to theirs. */
static uint64_t write_edges_to_groups(struct writer *w, bool system, uint64_t index)
{
    for (size_t g = 0; g < w->roots.groups.len; g++)
        if (w->roots.groups.at[g].system == system)
            put_edge(w, (struct uf_hs_edge_name){UF_HS_ELEMENT, (uint32_t)index++},
                     FIRST_GROUP + g);
    return index;
}

static void write_edges_of_groups(struct writer *w)
{
    for (size_t g = 0; g < w->roots.groups.len; g++) {
        const struct uf_hs_group *group = &w->roots.groups.at[g];
        for (uint32_t i = group->first; i < group->end; i++)
            put_edge(w, uf_hs_group_edge(&w->roots, w->graph, &w->names, group, i),
                     w->first_object + uf_hs_group_target(&w->roots, w->graph, group, i));
    }
}

static void write_edges_of_objects(struct writer *w)
{
    const struct uf_graph *graph = w->graph;
    uint64_t rest_node = w->first_object + graph->node_count;
    struct uf_hs_edge_name to_rest = {UF_HS_INTERNAL, 0};
    if (w->rests.len)
        to_rest.name = uf_hs_text(&w->names, "(rest)");
    w->next_rest = 0;
    for (uf_node n = 0; n < graph->node_count && goes_on(w, n); n++) {
        uint32_t from = graph->edge_start[n], end = graph->edge_start[n + 1];
        for (uint32_t e = from; e < end; e++) {
            uf_node target = graph->edge_target[e];
            bool weak = !uf_hs_holds(&w->roots, n, target);
            put_edge(w, uf_hs_name_edge(&w->names, n, e - from, weak), w->first_object + target);
        }
        const struct rest *rest = rest_of(w, n);
        for (uint32_t i = 0; rest && i < rest->nodes; i++)
            put_edge(w, to_rest, rest_node++);
    }
}

/* --- the file ----------------------------------------------------------------------------------- */

static void begin_array(struct writer *w, const char *key)
{
    uf_sink_printf(w->sink, "\"%s\":[", key);
    w->later = false;
}

static enum uf_code write_all(struct writer *w, struct uf_error *err)
{
    uf_sink_add_z(w->sink, meta);
    uf_sink_printf(w->sink,
                   "\"node_count\":%" PRIu64 ",\"edge_count\":%" PRIu64
                   ",\"trace_function_count\":0},\n",
                   w->nodes, w->edges);
    begin_array(w, "nodes");
    write_top_nodes(w);
    write_objects(w);
    write_rests(w);
    uf_sink_add_z(w->sink, "],\n");

    begin_array(w, "edges");
    uint64_t index = write_edges_to_groups(w, false, 1);
    put_edge(w, (struct uf_hs_edge_name){UF_HS_ELEMENT, (uint32_t)index}, 1);
    write_edges_to_groups(w, true, 1);
    write_edges_of_groups(w);
    write_edges_of_objects(w);
    uf_sink_add_z(w->sink, "],\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n"
                           "\"locations\":[],\n\"strings\":");
    enum uf_code code = uf_hs_write_strings(&w->names, w->sink, err);
    uf_sink_add_z(w->sink, "}\n");
    return code;
}

enum uf_code uf_export_heapsnapshot(const struct uf_export_input *input, struct uf_sink *sink,
                                    struct uf_error *err)
{
    struct writer w = {.input = input, .graph = input->graph, .sink = sink};
    if (!input->reach)
        return uf_error_set(err, UF_EINVAL, "a heapsnapshot needs to know what is reached");
    enum uf_code code =
        uf_hs_names_init(&w.names, input->graph, input->names, UF_HS_CONTENT_UNITS, err);
    if (code == UF_OK)
        code = uf_hs_roots_init(&w.roots, input->graph, input->reach, &w.names, err);
    if (code == UF_OK)
        code = uf_hs_ids_init(&w.ids, input->graph, err);
    if (code == UF_OK)
        code = list_rests(&w, err);
    if (code == UF_OK)
        code = count_all(&w, err);
    if (code == UF_OK)
        code = write_all(&w, err);
    uf_vec_release(&w.rests);
    uf_hs_ids_release(&w.ids);
    uf_hs_roots_release(&w.roots);
    uf_hs_names_release(&w.names);
    return code;
}
