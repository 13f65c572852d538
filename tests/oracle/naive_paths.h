/* naive_paths.h - the generalised path of each node, made by hand and counted in a dumb table: the rival
 * of analysis/signatures.c and of analysis/diff.c. The rules are those told in analysis/groups.h. */
#ifndef UF_TESTS_ORACLE_NAIVE_PATHS_H
#define UF_TESTS_ORACLE_NAIVE_PATHS_H

#include "analysis/reach.h"
#include "analysis/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAIVE_TEXT 16384
#define NAIVE_DEEP 1000000 /* longest way from a root */

/* A path is a text of steps, one on a line: "R<root> <label>|<type>", then "<edge>|<type>". A step over an
 * attribute dictionary is marked by a leading '*'. */
struct naive_path {
    char text[NAIVE_TEXT];
};

/* All of these texts have room for NAIVE_TEXT bytes. */
static inline void naive_copy(char *ret, const char *text)
{
    memcpy(ret, text, strlen(text) + 1);
}

static inline void naive_root(const struct uf_view *view, uf_node node, char *ret)
{
    static const char *const kinds[] = {
        "module ", "thread ", "interpreter: ", "static type ", "interpreter: ", "native code"};
    const struct uf_graph *graph = view->graph;
    uint32_t r = view->reach->reached[node] ? view->reach->root[node] : UINT32_MAX;
    if (r == UINT32_MAX) {
        snprintf(ret, 600, "Rnothing");
        return;
    }
    const struct uf_graph_root *root = &graph->roots[r];
    char name[200] = "";
    const char *from = uf_strings_get(&graph->strings, root->name);
    size_t len = 0;
    for (; *from && root->kind != UF_ROOT_NATIVE; from++) {
        bool digit = *from >= '0' && *from <= '9';
        if (root->kind != UF_ROOT_THREAD || !digit)
            name[len++] = *from;
        else if (len == 0 || name[len - 1] != '*')
            name[len++] = '*';
    }
    char label[300];
    snprintf(label, sizeof label, "%s", uf_strings_get(&graph->strings, root->label));
    if (strstr(label, " at "))
        *strstr(label, " at ") = '\0';
    snprintf(ret, 600, "R%s%s%s%s", kinds[root->kind], name, label[0] ? " " : "", label);
}

/* Text after the step over `ref`; '*' first: an attribute dictionary. */
static inline void naive_edge(const struct uf_view *view, uf_node parent, uf_node node,
                              bool in_dict, char *ret)
{
    const char *type = uf_graph_type_name(view->graph, parent);
    struct uf_ref_name name;
    view->names->name(view->names->context, parent,
                      view->reach->parent_edge[node] - view->graph->edge_start[parent], &name);
    snprintf(ret, 256, "[*]");
    if (strcmp(type, "list") == 0 || strcmp(type, "tuple") == 0)
        return;
    switch (name.kind) {
    case UF_REF_DICT:
        snprintf(ret, 256, "*.__dict__");
        return;
    case UF_REF_ITEM:
        if (in_dict) { /* ['x'] is .x; ['y z'] is an item */
            size_t len = strlen(name.text);
            bool word = len > 4 && name.text[1] == '\'' && !strchr("0123456789", name.text[2]);
            for (size_t i = 2; i + 2 < len; i++)
                word = word && (strchr("_0123456789", name.text[i]) ||
                                (unsigned)((name.text[i] | 32) - 'a') < 26 || name.text[i] & 0x80);
            if (word)
                snprintf(ret, 256, ".%.*s", (int)(len - 4), name.text + 2);
        }
        return;
    case UF_REF_INDEX:
        return;
    case UF_REF_KEY:
        if (!strstr(type, "set"))
            snprintf(ret, 256, "key");
        return;
    default:
        snprintf(ret, 256, "%s",
                 name.generic[0] ? name.generic
                 : name.text[0]  ? name.text
                                 : "(unnamed)");
    }
}

/* One line taken off the end. False: none is left. */
static inline bool naive_cut(char *path, char *line)
{
    size_t len = strlen(path);
    if (len == 0)
        return false;
    path[--len] = '\0';
    char *from = strrchr(path, '\n');
    from = from ? from + 1 : path;
    naive_copy(line, from);
    *from = '\0';
    return true;
}

/* The path on which this step was met before, or false. */
static inline bool naive_fold(const char *path, const char *step, const char *type, char *ret)
{
    char rest[NAIVE_TEXT], line[NAIVE_TEXT], same[NAIVE_TEXT] = "", alike[NAIVE_TEXT] = "";
    int repeats = 0, depth = 0;
    naive_copy(rest, path);
    for (;;) {
        char here[NAIVE_TEXT];
        naive_copy(here, rest);
        if (!naive_cut(rest, line))
            break;
        depth++;
        if (rest[0] == '\0') /* the root itself */
            continue;
        if (strcmp(strrchr(line, '|') + 1, type) == 0 && !alike[0])
            naive_copy(alike, here);
        if (strcmp(line, step) != 0)
            continue;
        if (!same[0])
            naive_copy(same, here);
        repeats++;
    }
    const char *found = depth > 8 ? (strchr(type, '.') ? alike : same) : repeats >= 3 ? same : "";
    if (found[0])
        naive_copy(ret, found);
    return found[0] != '\0';
}

/* From the root down to `node`. */
static inline void naive_path_of(const struct uf_view *view, uf_node node, struct naive_path *ret)
{
    static uf_node chain[NAIVE_DEEP];
    size_t len = 0;
    for (uf_node at = node; at != UF_NODE_NONE && len < NAIVE_DEEP; at = view->reach->parent[at])
        chain[len++] = at;
    naive_root(view, chain[len - 1], ret->text);
    snprintf(ret->text + strlen(ret->text), 200, "|%s\n",
             uf_graph_type_name(view->graph, chain[len - 1]));
    bool in_dict = false;
    for (size_t i = len - 1; i-- > 0;) {
        char edge[256], step[600], above[NAIVE_TEXT], line[NAIVE_TEXT];
        const char *type = uf_graph_type_name(view->graph, chain[i]);
        naive_edge(view, chain[i + 1], chain[i], in_dict, edge);
        naive_copy(above, ret->text);
        if (in_dict) /* its holder is the instance */
            naive_cut(above, line);
        snprintf(step, sizeof step, "%s|%s", edge, type);
        if (!naive_fold(above, step, type, ret->text))
            snprintf(ret->text, sizeof ret->text, "%.15000s%s\n", above, step);
        char copy[NAIVE_TEXT];
        naive_copy(copy, ret->text);
        in_dict = naive_cut(copy, line) && line[0] == '*';
    }
}

/* The dumb table. */
struct naive_row {
    struct naive_path path;
    uint64_t objects, bytes;
};
struct naive_table {
    struct naive_row *rows;
    size_t count, room;
};

static inline struct naive_row *naive_row(struct naive_table *table, const char *path)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].path.text, path) == 0)
            return &table->rows[i];
    if (table->count == table->room) {
        table->room = table->room ? 2 * table->room : 16;
        struct naive_row *rows = realloc(table->rows, table->room * sizeof *rows);
        if (!rows)
            abort();
        table->rows = rows;
    }
    struct naive_row *row = &table->rows[table->count++];
    naive_copy(row->path.text, path);
    row->objects = row->bytes = 0;
    return row;
}

/* Own objects are not counted. */
static inline void naive_count(struct naive_table *table, const struct uf_view *view)
{
    static struct naive_path path;
    for (uf_node n = 0; n < view->graph->node_count; n++) {
        if (view->graph->flags[n] & UF_NODE_OWN)
            continue;
        naive_path_of(view, n, &path);
        struct naive_row *row = naive_row(table, path.text);
        row->objects++;
        row->bytes += uf_graph_size(view->graph, n);
    }
}

static inline void naive_release(struct naive_table *table)
{
    free(table->rows);
    *table = (struct naive_table){0};
}

#endif
