/* Schema unfreed.tree/1; docs/tree-json.md says what each key means. Every key is always there. */
#include "report/tree.h"

#include <stdio.h>

static void write_more(struct uf_json *json, uint64_t rows, uint64_t objects, uint64_t bytes)
{
    uf_json_open_object(json, "more", UF_JSON_INLINE);
    uf_json_number(json, "rows", (double)rows);
    uf_json_number(json, "retained_objects", (double)objects);
    uf_json_number(json, "retained_bytes", (double)bytes);
    uf_json_close(json);
}

static void write_row(struct uf_json *json, const struct uf_tree_report *report, uint32_t index)
{
    static const char *const held[] = {[UF_TREE_ROOT] = "root",
                                       [UF_TREE_DIRECT] = "direct",
                                       [UF_TREE_SEVERAL] = "several",
                                       [UF_TREE_START] = "start"};
    const struct uf_tree_row *row = &report->tree->rows.at[index];
    const struct uf_graph *graph = report->view->graph;
    struct uf_text object = {0};
    char address[24];
    snprintf(address, sizeof address, "0x%llx", (unsigned long long)graph->address[row->example]);
    uf_json_open_object(json, NULL, UF_JSON_INLINE);
    uf_json_number(json, "row", index);
    uf_json_number(json, "parent",
                   row->parent == UINT32_MAX ? (double)UF_UNKNOWN : (double)row->parent);
    uf_json_number(json, "depth", row->depth);
    uf_json_text(json, "held", held[row->held]);
    uf_json_text(json, "name", row->name);
    uf_json_text(json, "type", uf_strings_get(&graph->strings, row->type));
    uf_json_bool(json, "folded", row->folded);
    uf_json_number(json, "objects", (double)row->objects);
    uf_json_number(json, "bytes", (double)row->bytes);
    uf_json_number(json, "retained_objects", (double)row->retained_objects);
    uf_json_number(json, "retained_bytes", (double)row->retained_bytes);
    uf_step_object_text(report->view, row->example, &object);
    uf_json_text(json, "example", object.at);
    uf_json_text(json, "address", address);
    write_more(json, row->more_rows, row->more_objects, row->more_bytes);
    uf_json_close(json);
    json->out->failed |= object.failed;
    uf_text_release(&object);
}

void uf_tree_json(struct uf_text *ret, const struct uf_tree_report *report)
{
    const struct uf_tree *tree = report->tree;
    struct uf_json json;
    uf_json_begin(&json, ret);
    uf_json_open_object(&json, NULL, UF_JSON_LINES);
    uf_json_text(&json, "schema", "unfreed.tree/1");
    uf_report_heap_json(&json, "heap", &report->heap);
    uf_json_number(&json, "retained_objects", (double)tree->retained_objects);
    uf_json_number(&json, "retained_bytes", (double)tree->retained_bytes);
    uf_json_open_array(&json, "rows", UF_JSON_LINES);
    for (uint32_t r = 0; r < tree->rows.len; r++)
        write_row(&json, report, r);
    uf_json_close(&json);
    write_more(&json, tree->more_rows, tree->more_objects, tree->more_bytes);
    uf_json_end(&json);
}
