#include "analysis/tree_names.h"

#include "analysis/edges.h"
#include "analysis/generalise.h"

#include <string.h>

void uf_tree_names_release(struct uf_tree_names *names)
{
    uf_map_release(&names->root_of);
    uf_map_release(&names->of_number);
    uf_strings_release(&names->texts);
}

void uf_tree_names_roots(struct uf_tree_names *names)
{
    const struct uf_graph *graph = names->view->graph;
    for (uint32_t r = 0; r < graph->root_count && !names->failed; r++) {
        uint64_t key = graph->roots[r].node + 1ull;
        if (uf_map_get(&names->root_of, key) == UF_MAP_NONE)
            names->failed |= uf_map_set(&names->root_of, key, r) != 0;
    }
}

bool uf_tree_is_root(const struct uf_tree_names *names, uf_node node)
{
    return uf_map_get(&names->root_of, node + 1ull) != UF_MAP_NONE;
}

static uint32_t number_of(struct uf_tree_names *names, const char *text)
{
    uint32_t number = uf_strings_add_z(&names->texts, text);
    names->failed |= number == UF_STRING_NONE;
    return names->failed ? 0 : number;
}

uint32_t uf_tree_name_of_edge(struct uf_tree_names *names, uf_node holder, uint32_t edge,
                              bool in_dict)
{
    const struct uf_view *view = names->view;
    const struct uf_names *of = view->names;
    uint32_t ordinal = edge - view->graph->edge_start[holder];
    struct uf_ref_name name;
    if (uf_generalise_is_sequence(uf_graph_type_name(view->graph, holder)))
        return number_of(names, UF_ANY_ITEM);
    if (of->generic && of->generic_text) {
        uint32_t number = of->generic(of->context, holder, ordinal);
        uint32_t known = number == UINT32_MAX ? UF_MAP_NONE
                                              : uf_map_get(&names->of_number, number + 1ull);
        if (number != UINT32_MAX && known == UF_MAP_NONE) {
            known = number_of(names, of->generic_text(of->context, number));
            names->failed |= uf_map_set(&names->of_number, number + 1ull, known) != 0;
        }
        /* the entries of an attribute dictionary have names of their own */
        if (known != UF_MAP_NONE &&
            !(in_dict && strcmp(uf_strings_get(&names->texts, known), UF_ANY_ITEM) == 0))
            return known;
    }
    uf_step_name(view, holder, edge, in_dict, &name);
    return number_of(
        names,
        uf_generalise_reference(&name, in_dict, uf_graph_type_name(view->graph, holder)).text);
}

/* A root in words: "module shop", "thread MainThread local 'y' of f()". */
static void root_words(const struct uf_tree_names *names, uf_node node, bool generic,
                       struct uf_text *ret)
{
    const struct uf_graph *graph = names->view->graph;
    const struct uf_graph_root *root = &graph->roots[uf_map_get(&names->root_of, node + 1ull)];
    const char *label = uf_strings_get(&graph->strings, root->label);
    struct uf_text place = {0};
    if (root->kind == UF_ROOT_NATIVE && root->surplus == 0) {
        uf_text_add_z(ret, "nobody, never freed"); /* immortal, or static */
        return;
    }
    uf_generalise_root(graph, root, generic, ret);
    uf_text_add(&place, label, uf_generalise_label(label));
    if (place.len > 0)
        uf_step_append(ret, place.at);
    ret->failed |= place.failed;
    uf_text_release(&place);
}

uint32_t uf_tree_name_of_root(struct uf_tree_names *names, uf_node node)
{
    struct uf_text text = {0};
    root_words(names, node, true, &text);
    names->failed |= text.failed;
    uint32_t number = names->failed ? 0 : number_of(names, text.at ? text.at : "");
    uf_text_release(&text);
    return number;
}

static void best_path(struct uf_tree_names *names, uf_node node, struct uf_text *ret)
{
    struct uf_path path = {0};
    names->failed |= uf_path_to(&path, names->view->reach, node, NULL) != UF_OK;
    if (!names->failed)
        uf_path_expression(names->view, &path, path.nodes.len, ret);
    uf_path_release(&path);
}

char *uf_tree_final_name(struct uf_tree_names *names, const struct uf_tree_row *row,
                         const struct uf_tree_place *place)
{
    const struct uf_view *view = names->view;
    bool single = row->objects == 1;
    struct uf_text text = {0};
    struct uf_ref_name name;
    if (row->held == UF_TREE_START || (row->held == UF_TREE_SEVERAL && row->objects > 1))
        return NULL;
    /* a module's namespace is a thread's root as well: its best path says more */
    bool by_path =
        row->held == UF_TREE_SEVERAL ||
        (row->held == UF_TREE_ROOT && single && view->reach->parent[row->example] != UF_NODE_NONE);
    if (by_path) {
        best_path(names, row->example, &text);
    } else if (row->objects > 1) {
        uf_text_add_z(&text, uf_strings_get(&names->texts, place->name));
        uf_text_add_z(&text, row->folded ? "..." : "");
    } else if (row->held == UF_TREE_ROOT) {
        root_words(names, row->example, false, &text);
    } else {
        uf_step_name(view, uf_edges_source(view->graph, place->edge), place->edge, place->in_dict,
                     &name);
        uf_text_add_z(&text, name.kind == UF_REF_DICT ? ".__dict__" : name.text);
    }
    if (text.len == 0)
        uf_text_add_z(&text, "(unnamed)");
    char *ret = text.failed ? NULL : uf_mem_strdup(text.at);
    names->failed |= !ret;
    uf_text_release(&text);
    return ret;
}
