/* make_graph.h - graphs for tests, written as text, with names for their references.
 *
 *     struct made_graph made;
 *     make_graph(&made, "root module app -> store\n"
 *                       "store: app.Store size=64 refs=3 tracked\n"
 *                       "store -> sessions ._sessions\n"
 *                       "sessions: dict len=5 bound=10\n"
 *                       "sessions -> s1 ['9f3c']\n");
 *     made_node(&made, "s1"); made_edge(&made, "store", "sessions");
 *     made_graph_release(&made);
 *
 * A node exists from its first mention, and is numbered by it. A line is one of
 *     NAME: TYPE [size=N] [refs=N] [immortal] [len=N] [bound=N] [preview=WORD] [FLAG...]
 *           FLAG: tracked frozen own type static opaque young
 *     NAME -> NAME [REFERENCE]          a second line of the same is a second reference
 *     root KIND NAME -> NODE [LABEL]    NAME is one word
 *           KIND: module thread interpreter static cache native (LABEL: its surplus)
 * Without a declaration: type "object", size 1, count = references and roots in the text.
 * References of a node keep the order of their lines. A reference's kind follows from its text:
 *     .x  attr   ['k']  item   [3]  index   key...  {'k'}  key   closure 'x'   local 'y' of f() at file:12
 *     __dict__  dict   type  type   (nothing)  unknown   anything else  field
 * A mistake in the text ends the test program: only tests use this.
 */
#ifndef UF_TESTS_UNIT_MAKE_GRAPH_H
#define UF_TESTS_UNIT_MAKE_GRAPH_H

#include "base/mem.h"
#include "graph/graph.h"
#include "graph/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MADE_NODES 512
#define MADE_EDGES 2048
#define MADE_ROOTS 128
#define MADE_NAME 96

struct made_node {
    char name[MADE_NAME];
    char type[MADE_NAME];
    char preview[MADE_NAME];
    uint64_t size;
    uint32_t refs, counted;
    int64_t length, bound;
    uint8_t flags;
};

struct made_edge {
    uf_node source, target;
    char text[MADE_NAME];
};

struct made_graph {
    struct uf_graph graph;
    struct uf_names names;
    struct made_node *nodes;
    struct made_edge *edges; /* in the order of the text; graph.edge_target in CSR order */
    uint32_t node_count, edge_count;
    uint32_t names_asked; /* how often `name` was called */
};

static inline void made_fault(const char *what, const char *line)
{
    fprintf(stderr, "make_graph: %s: %s\n", what, line);
    exit(99);
}

static inline uf_node made_find(const struct made_graph *made, const char *name)
{
    for (uf_node n = 0; n < made->node_count; n++) {
        if (strcmp(made->nodes[n].name, name) == 0)
            return n;
    }
    return UF_NODE_NONE;
}

/* The node called `name`; it must be in the text. */
static inline uf_node made_node(const struct made_graph *made, const char *name)
{
    uf_node n = made_find(made, name);
    if (n == UF_NODE_NONE)
        made_fault("no such node", name);
    return n;
}

/* The global index of the first reference source -> target; UINT32_MAX: none. */
static inline uint32_t made_edge(const struct made_graph *made, const char *source,
                                 const char *target)
{
    uf_node s = made_node(made, source), t = made_node(made, target);
    for (uint32_t e = made->graph.edge_start[s]; e < made->graph.edge_start[s + 1]; e++) {
        if (made->graph.edge_target[e] == t)
            return e;
    }
    return UINT32_MAX;
}

static inline uf_node made_enter(struct made_graph *made, const char *name)
{
    uf_node n = made_find(made, name);
    if (n != UF_NODE_NONE)
        return n;
    if (made->node_count == MADE_NODES || strlen(name) >= MADE_NAME)
        made_fault("too many nodes, or a name too long", name);
    n = made->node_count++;
    made->nodes[n] =
        (struct made_node){.size = 1, .refs = UINT32_MAX - 1, .length = -1, .bound = -1};
    snprintf(made->nodes[n].name, MADE_NAME, "%s", name);
    snprintf(made->nodes[n].type, MADE_NAME, "object");
    return n;
}

static inline void made_declare(struct made_node *node, char *words, const char *line)
{
    static const struct {
        const char *word;
        uint8_t flag;
    } flags[] = {{"tracked", UF_NODE_TRACKED}, {"frozen", UF_NODE_FROZEN},
                 {"own", UF_NODE_OWN},         {"type", UF_NODE_TYPE},
                 {"static", UF_NODE_STATIC},   {"opaque", UF_NODE_OPAQUE},
                 {"young", UF_NODE_YOUNG}};
    bool typed = false;
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
        size_t f = 0;
        while (f < sizeof flags / sizeof *flags && strcmp(flags[f].word, word) != 0)
            f++;
        if (typed && f < sizeof flags / sizeof *flags)
            node->flags |= flags[f].flag;
        else if (strncmp(word, "size=", 5) == 0)
            node->size = strtoull(word + 5, NULL, 10);
        else if (strncmp(word, "refs=", 5) == 0)
            node->refs = (uint32_t)strtoul(word + 5, NULL, 10);
        else if (strcmp(word, "immortal") == 0)
            node->refs = UF_COUNT_IMMORTAL;
        else if (strncmp(word, "len=", 4) == 0)
            node->length = strtoll(word + 4, NULL, 10);
        else if (strncmp(word, "bound=", 6) == 0)
            node->bound = strtoll(word + 6, NULL, 10);
        else if (strncmp(word, "preview=", 8) == 0)
            snprintf(node->preview, MADE_NAME, "%s", word + 8);
        else if (!typed)
            snprintf(node->type, MADE_NAME, "%s", word), typed = true;
        else
            made_fault("unknown word", line);
    }
}

static inline uint32_t made_text(struct made_graph *made, const char *text)
{
    uint32_t number = uf_strings_add_z(&made->graph.strings, text);
    if (number == UF_STRING_NONE)
        made_fault("out of memory", text);
    return number;
}

static inline void made_root(struct made_graph *made, char *words, const char *line)
{
    static const char *const kinds[] = {"module", "thread", "interpreter",
                                        "static", "cache",  "native"};
    char *arrow = strstr(words, " -> ");
    if (!arrow || made->graph.root_count == MADE_ROOTS)
        made_fault("a root without an arrow, or too many roots", line);
    *arrow = '\0';
    char *name = strchr(words, ' ');
    if (name)
        *name++ = '\0';
    size_t kind = 0;
    while (kind < 6 && strcmp(kinds[kind], words) != 0)
        kind++;
    if (kind == 6)
        made_fault("unknown kind of root", line);
    char *target = arrow + 4, *label = strchr(target, ' ');
    if (label)
        *label++ = '\0';
    uf_node node = made_enter(made, target);
    made->nodes[node].counted++;
    struct uf_graph_root *root = &made->graph.roots[made->graph.root_count++];
    root->node = node;
    root->name = made_text(made, name ? name : "");
    root->label = made_text(made, label ? label : "");
    root->kind = (uint8_t)kind;
    if (kind == UF_ROOT_NATIVE && label)
        root->surplus = (uint32_t)strtoul(label, NULL, 10);
}

static inline void made_line(struct made_graph *made, char *line)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s", line);
    char *arrow = strstr(line, " -> "), *colon = strstr(line, ": ");
    if (strncmp(line, "root ", 5) == 0) {
        made_root(made, line + 5, whole);
    } else if (arrow && (!colon || arrow < colon)) {
        if (made->edge_count == MADE_EDGES)
            made_fault("too many references", whole);
        *arrow = '\0';
        char *target = arrow + 4, *text = strchr(target, ' ');
        if (text)
            *text++ = '\0';
        struct made_edge *edge = &made->edges[made->edge_count++];
        edge->source = made_enter(made, line);
        edge->target = made_enter(made, target);
        snprintf(edge->text, MADE_NAME, "%s", text ? text : "");
        made->nodes[edge->target].counted++;
    } else if (colon) {
        *colon = '\0';
        uf_node node = made_enter(made, line);
        made_declare(&made->nodes[node], colon + 2, whole);
    } else {
        made_fault("neither a node, a reference nor a root", whole);
    }
}

static inline void made_name(void *context, uf_node source, uint32_t ordinal,
                             struct uf_ref_name *ret)
{
    struct made_graph *made = context;
    made->names_asked++;
    memset(ret, 0, sizeof *ret);
    ret->kind = UF_REF_UNKNOWN;
    for (uint32_t e = 0; e < made->edge_count; e++) {
        if (made->edges[e].source != source || ordinal-- > 0)
            continue;
        const char *text = made->edges[e].text;
        snprintf(ret->text, sizeof ret->text, "%s", text);
        snprintf(ret->generic, sizeof ret->generic, "%s", text);
        if (text[0] == '.') {
            ret->kind = UF_REF_ATTR;
        } else if (text[0] == '[') {
            ret->kind = text[1] == '\'' ? UF_REF_ITEM : UF_REF_INDEX;
            snprintf(ret->generic, sizeof ret->generic, "[*]");
        } else if (text[0] == '{') {
            ret->kind = UF_REF_KEY;
            snprintf(ret->generic, sizeof ret->generic, "{*}");
        } else if (strncmp(text, "key", 3) == 0) {
            ret->kind = UF_REF_KEY;
            snprintf(ret->generic, sizeof ret->generic, "key");
        } else if (strncmp(text, "closure ", 8) == 0) {
            ret->kind = UF_REF_CLOSURE;
        } else if (strncmp(text, "local ", 6) == 0) {
            char *at = strstr(ret->generic, " at ");
            if (at)
                *at = '\0';
            ret->kind = UF_REF_LOCAL;
        } else if (strcmp(text, "__dict__") == 0) {
            ret->kind = UF_REF_DICT;
        } else if (strcmp(text, "type") == 0) {
            ret->kind = UF_REF_TYPE;
        } else if (text[0] != '\0') {
            ret->kind = UF_REF_FIELD;
        }
        return;
    }
}

static inline int64_t made_length(void *context, uf_node node)
{
    return ((struct made_graph *)context)->nodes[node].length;
}

static inline int64_t made_bound(void *context, uf_node node)
{
    return ((struct made_graph *)context)->nodes[node].bound;
}

static inline void made_preview(void *context, uf_node node, char *ret, size_t size)
{
    const struct made_node *made = &((struct made_graph *)context)->nodes[node];
    if (made->preview[0])
        snprintf(ret, size, "%s", made->preview);
    else
        snprintf(ret, size, "<%s>", made->type);
}

static inline uint32_t made_type(struct made_graph *made, const char *name)
{
    struct uf_graph *graph = &made->graph;
    for (uint32_t t = 0; t < graph->type_count; t++) {
        if (strcmp(uf_strings_get(&graph->strings, graph->types[t].name), name) == 0)
            return t;
    }
    graph->types[graph->type_count].address = 0x700000 + 16 * (uint64_t)graph->type_count;
    graph->types[graph->type_count].name = made_text(made, name);
    graph->types[graph->type_count].node = UF_NODE_NONE;
    return graph->type_count++;
}

/* Room for `count` items, in the memory that uf_graph_release frees. */
static inline void *made_room(size_t count, size_t item_bytes)
{
    void *room = uf_mem_zalloc((count + 1) * item_bytes);
    if (!room)
        made_fault("out of memory", "");
    return room;
}

static inline void made_finish_nodes(struct made_graph *made)
{
    struct uf_graph *graph = &made->graph;
    uint32_t big = 0;
    graph->node_count = made->node_count;
    graph->address = made_room(made->node_count, sizeof *graph->address);
    graph->type = made_room(made->node_count, sizeof *graph->type);
    graph->size = made_room(made->node_count, sizeof *graph->size);
    graph->refcount = made_room(made->node_count, sizeof *graph->refcount);
    graph->flags = made_room(made->node_count, sizeof *graph->flags);
    graph->types = made_room(made->node_count, sizeof *graph->types);
    graph->big_size_bytes = made_room(made->node_count, sizeof *graph->big_size_bytes);
    for (uf_node n = 0; n < made->node_count; n++) {
        const struct made_node *node = &made->nodes[n];
        graph->address[n] = 0x100000 + 64 * (uint64_t)n;
        graph->type[n] = made_type(made, node->type);
        graph->refcount[n] = node->refs == UINT32_MAX - 1 ? node->counted : node->refs;
        graph->flags[n] = node->flags;
        graph->size[n] = node->size >= UF_SIZE_BIG ? UF_SIZE_BIG : (uint32_t)node->size;
        if (node->size >= UF_SIZE_BIG) {
            graph->big_size_bytes[big] = node->size;
            if (uf_map_set(&graph->big_sizes, (uint64_t)n + 1, big++))
                made_fault("out of memory", "");
        }
    }
}

static inline void made_finish_edges(struct made_graph *made)
{
    struct uf_graph *graph = &made->graph;
    graph->edge_count = made->edge_count;
    graph->edge_start = made_room((size_t)made->node_count + 1, sizeof *graph->edge_start);
    graph->edge_target = made_room(made->edge_count, sizeof *graph->edge_target);
    uint32_t next = 0;
    for (uf_node n = 0; n < made->node_count; n++) {
        graph->edge_start[n] = next;
        for (uint32_t e = 0; e < made->edge_count; e++) {
            if (made->edges[e].source == n)
                graph->edge_target[next++] = made->edges[e].target;
        }
    }
    graph->edge_start[made->node_count] = next;
}

static inline void make_graph(struct made_graph *made, const char *text)
{
    memset(made, 0, sizeof *made);
    made->nodes = made_room(MADE_NODES, sizeof *made->nodes);
    made->edges = made_room(MADE_EDGES, sizeof *made->edges);
    made->graph.roots = made_room(MADE_ROOTS, sizeof *made->graph.roots);
    made_text(made, "");
    while (*text) {
        char line[256];
        size_t len = strcspn(text, "\n"), skip = strspn(text, " ");
        if (len >= sizeof line)
            made_fault("line too long", text);
        if (skip < len) {
            memcpy(line, text + skip, len - skip);
            line[len - skip] = '\0';
            made_line(made, line);
        }
        text += len + (text[len] == '\n');
    }
    made_finish_nodes(made);
    made_finish_edges(made);
    made->names = (struct uf_names){.context = made,
                                    .name = made_name,
                                    .length = made_length,
                                    .bound = made_bound,
                                    .preview = made_preview};
}

static inline void made_graph_release(struct made_graph *made)
{
    uf_graph_release(&made->graph);
    uf_mem_free(made->nodes);
    uf_mem_free(made->edges);
    memset(made, 0, sizeof *made);
}

#endif
