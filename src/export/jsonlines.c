#include "export/jsonlines.h"

#include "report/heap.h"
#include "report/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LINE_KEEPS_BYTES ((size_t)1 << 16) /* the room of a line is kept up to here */
#define STOP_EVERY 8192                    /* objects between two looks at whether to go on */

struct lines {
    const struct uf_export_input *input;
    struct uf_sink *sink;
    struct uf_text text;
    struct uf_json json;
    bool failed;
};

static void begin_line(struct lines *lines, const char *kind)
{
    uf_json_begin(&lines->json, &lines->text);
    uf_json_open_object(&lines->json, NULL, UF_JSON_INLINE);
    uf_json_text(&lines->json, "line", kind);
}

static void end_line(struct lines *lines)
{
    uf_json_end(&lines->json);
    if (lines->text.failed)
        lines->failed = true;
    else
        uf_sink_add(lines->sink, lines->text.at, lines->text.len);
    if (lines->text.cap > LINE_KEEPS_BYTES || lines->text.failed)
        uf_text_release(&lines->text);
    lines->text.len = 0;
}

/* Unfreed's own objects are in no file: neither they nor references to them. */
static bool is_own(const struct lines *lines, uf_node node)
{
    return (lines->input->graph->flags[node] & UF_NODE_OWN) != 0;
}

static const char *text_of(const struct lines *lines, uint32_t text)
{
    return uf_strings_get(&lines->input->graph->strings, text);
}

/* An object's number, or null. */
static void put_object(struct lines *lines, const char *key, uf_node node)
{
    if (node == UF_NODE_NONE || is_own(lines, node))
        uf_json_null(&lines->json, key);
    else
        uf_json_number(&lines->json, key, node);
}

static void put_address(struct lines *lines, uint64_t address)
{
    char text[24];
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)address);
    uf_json_text(&lines->json, "address", text);
}

static void write_heap(struct lines *lines)
{
    const struct uf_export_input *input = lines->input;
    const struct uf_graph *graph = input->graph;
    struct uf_report_heap heap = {.file = input->outside && !input->outside->core ? NULL
                                                                                  : input->file,
                                  .file_bytes = input->file_bytes,
                                  .meta = input->meta,
                                  .outside = input->outside};
    for (uf_node n = 0; n < graph->node_count; n++) {
        if (is_own(lines, n))
            continue;
        heap.objects++;
        heap.bytes += uf_graph_size(graph, n);
        for (uint32_t e = graph->edge_start[n]; e < graph->edge_start[n + 1]; e++)
            heap.references += !is_own(lines, graph->edge_target[e]);
    }
    begin_line(lines, "heap");
    uf_json_text(&lines->json, "schema", "unfreed.heap/1");
    uf_report_heap_json(&lines->json, "heap", &heap);
    end_line(lines);
}

static void write_types(struct lines *lines)
{
    const struct uf_graph *graph = lines->input->graph;
    for (uint32_t t = 0; t < graph->type_count && !lines->failed; t++) {
        begin_line(lines, "type");
        uf_json_number(&lines->json, "id", t);
        uf_json_text(&lines->json, "name", text_of(lines, graph->types[t].name));
        put_address(lines, graph->types[t].address);
        put_object(lines, "object", graph->types[t].node);
        end_line(lines);
    }
}

static void write_roots(struct lines *lines)
{
    static const char *const kinds[] = {
        [UF_ROOT_MODULE] = "module",
        [UF_ROOT_THREAD] = "thread",
        [UF_ROOT_INTERPRETER] = "interpreter",
        [UF_ROOT_STATIC_TYPE] = "static type",
        [UF_ROOT_CACHE] = "cache",
        [UF_ROOT_NATIVE] = "native",
    };
    const struct uf_graph *graph = lines->input->graph;
    for (uint32_t r = 0; r < graph->root_count && !lines->failed; r++) {
        const struct uf_graph_root *root = &graph->roots[r];
        if (is_own(lines, root->node))
            continue;
        const char *kind = root->kind < sizeof kinds / sizeof *kinds ? kinds[root->kind]
                                                                     : "unknown";
        begin_line(lines, "root");
        uf_json_number(&lines->json, "object", root->node);
        uf_json_text(&lines->json, "kind", kind);
        uf_json_text(&lines->json, "name", root->name ? text_of(lines, root->name) : NULL);
        uf_json_text(&lines->json, "label", root->label ? text_of(lines, root->label) : NULL);
        uf_json_number(&lines->json, "surplus",
                       root->kind == UF_ROOT_NATIVE && root->surplus ? root->surplus : (double)NAN);
        end_line(lines);
    }
}

static void put_flags(struct lines *lines, uint8_t flags)
{
    static const struct {
        uint8_t flag;
        const char *name;
    } names[] = {{UF_NODE_TRACKED, "tracked"}, {UF_NODE_FROZEN, "frozen"},
                 {UF_NODE_TYPE, "type"},       {UF_NODE_STATIC, "static"},
                 {UF_NODE_OPAQUE, "opaque"},   {UF_NODE_YOUNG, "young"}};
    uf_json_open_array(&lines->json, "flags", UF_JSON_INLINE);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (flags & names[i].flag)
            uf_json_text(&lines->json, NULL, names[i].name);
    uf_json_close(&lines->json);
}

/* Texts and numbers show themselves; of what holds others the length says more than its preview. */
static void put_content(struct lines *lines, uf_node node)
{
    const struct uf_names *names = lines->input->names;
    const char *type = uf_graph_type_name(lines->input->graph, node);
    int64_t length = names->length(names->context, node);
    bool shows = length < 0 || strcmp(type, "str") == 0 || strcmp(type, "bytes") == 0 ||
                 strcmp(type, "bytearray") == 0;
    char preview[256] = "";
    if (shows)
        names->preview(names->context, node, preview, sizeof preview);
    size_t type_len = strlen(type);
    if (preview[0] == '<' && strncmp(preview + 1, type, type_len) == 0 &&
        strcmp(preview + 1 + type_len, ">") == 0)
        preview[0] = '\0'; /* "<shop.Session>": nothing but its type */
    uf_json_text(&lines->json, "text", preview[0] ? preview : NULL);
    uf_json_number(&lines->json, "length", length < 0 ? (double)NAN : (double)length);
}

static void put_retained(struct lines *lines, uf_node node)
{
    const struct uf_dominators *dominators = lines->input->dominators;
    bool alive = dominators->retained_objects[node] > 0;
    uf_json_number(&lines->json, "retained",
                   alive ? (double)dominators->retained[node] : (double)NAN);
    uf_json_number(&lines->json, "retained_objects",
                   alive ? dominators->retained_objects[node] : (double)NAN);
    put_object(lines, "dominator", dominators->idom[node]);
}

static void put_references(struct lines *lines, uf_node node)
{
    const struct uf_graph *graph = lines->input->graph;
    const struct uf_names *names = lines->input->names;
    uint32_t start = graph->edge_start[node], guessed = uf_graph_first_guessed(graph, node);
    struct uf_ref_name name;
    uf_json_open_array(&lines->json, "refs", UF_JSON_INLINE);
    for (uint32_t e = start; e < graph->edge_start[node + 1]; e++) {
        if (is_own(lines, graph->edge_target[e]))
            continue;
        names->name(names->context, node, e - start, &name);
        uf_json_open_array(&lines->json, NULL, UF_JSON_INLINE);
        uf_json_number(&lines->json, NULL, graph->edge_target[e]);
        uf_json_text(&lines->json, NULL, name.text);
        if (e >= guessed)
            uf_json_text(&lines->json, NULL, "guessed");
        uf_json_close(&lines->json);
    }
    uf_json_close(&lines->json);
}

static void write_object(struct lines *lines, uf_node node)
{
    const struct uf_graph *graph = lines->input->graph;
    begin_line(lines, "object");
    uf_json_number(&lines->json, "id", node);
    put_address(lines, graph->address[node]);
    uf_json_text(&lines->json, "type", uf_graph_type_name(graph, node));
    uf_json_number(&lines->json, "type_id", graph->type[node]);
    uf_json_number(&lines->json, "size", (double)uf_graph_size(graph, node));
    uf_json_number(&lines->json, "refcount",
                   graph->refcount[node] == UF_COUNT_IMMORTAL ? (double)NAN
                                                              : graph->refcount[node]);
    put_flags(lines, graph->flags[node]);
    put_content(lines, node);
    put_retained(lines, node);
    put_references(lines, node);
    end_line(lines);
}

enum uf_code uf_export_jsonlines(const struct uf_export_input *input, struct uf_sink *sink,
                                 struct uf_error *err)
{
    struct lines lines = {.input = input, .sink = sink};
    write_heap(&lines);
    write_types(&lines);
    write_roots(&lines);
    for (uf_node n = 0; n < input->graph->node_count && !lines.failed; n++) {
        if (!is_own(&lines, n))
            write_object(&lines, n);
        if (n % STOP_EVERY == 0 && uf_export_stopped(input, sink))
            break;
    }
    uf_text_release(&lines.text);
    return lines.failed ? uf_error_nomem(err) : UF_OK;
}
