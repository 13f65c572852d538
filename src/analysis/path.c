/* path.c - the path from a root to one object, in words. */
#include "analysis/generalise.h"
#include "analysis/steps.h"

#include <stdio.h>
#include <string.h>

/* Of a longer path the steps far from both ends and from the suspect are left out. */
#define STEPS_SHOWN 40
#define STEPS_AT_END 12

enum uf_code uf_path_to(struct uf_path *path, const struct uf_reach *reach, uf_node node,
                        struct uf_error *err)
{
    size_t len = 0;
    for (uf_node at = node; at != UF_NODE_NONE; at = reach->parent[at])
        len++;
    path->nodes.len = path->edges.len = 0;
    path->root = UINT32_MAX;
    if (uf_vec_reserve(&path->nodes, len) || uf_vec_reserve(&path->edges, len))
        return uf_error_nomem(err);
    path->nodes.len = path->edges.len = len;
    for (uf_node at = node; len > 0; at = reach->parent[at]) {
        path->nodes.at[--len] = at;
        path->edges.at[len] = reach->parent_edge[at];
        path->root = reach->reached[at] ? reach->root[at] : UINT32_MAX;
    }
    return UF_OK;
}

void uf_path_release(struct uf_path *path)
{
    uf_vec_release(&path->nodes);
    uf_vec_release(&path->edges);
    path->root = UINT32_MAX;
}

static const struct uf_graph_root *root_of(const struct uf_view *view, uint32_t root)
{
    return root == UINT32_MAX ? NULL : &view->graph->roots[root];
}

static void root_text(const struct uf_view *view, const struct uf_graph_root *root,
                      struct uf_text *ret)
{
    if (root)
        uf_generalise_root(view->graph, root, false, ret);
    else
        uf_text_add_z(ret, "nothing (lost reference)");
}

void uf_path_root_text(const struct uf_view *view, uf_node root_node, struct uf_text *ret)
{
    const struct uf_reach *reach = view->reach;
    root_text(view, root_of(view, reach->reached[root_node] ? reach->root[root_node] : UINT32_MAX),
              ret);
}

void uf_path_start_text(const struct uf_view *view, const struct uf_path *path, struct uf_text *ret)
{
    root_text(view, root_of(view, path->root), ret);
}

static const char *root_label(const struct uf_view *view, const struct uf_graph_root *root)
{
    return root ? uf_strings_get(&view->graph->strings, root->label) : "";
}

static void root_expression(const struct uf_view *view, const struct uf_path *path,
                            struct uf_text *ret)
{
    const struct uf_graph_root *root = root_of(view, path->root);
    const char *label = root_label(view, root);
    if (root && root->kind == UF_ROOT_MODULE) {
        uf_text_add_z(ret, uf_strings_get(&view->graph->strings, root->name));
    } else if (root && root->kind == UF_ROOT_STATIC_TYPE) {
        uf_text_add_z(ret, uf_strings_get(&view->graph->strings, root->name));
    } else if (root && root->kind == UF_ROOT_THREAD && label[0] != '\0') {
        uf_text_add(ret, label, uf_generalise_label(label));
    } else {
        root_text(view, root, ret);
        uf_step_append(ret, label);
    }
}

bool uf_path_is_dict_hop(const struct uf_view *view, const struct uf_path *path, size_t i)
{
    struct uf_ref_name name;
    if (i == 0 || i + 1 >= path->nodes.len)
        return false;
    uf_step_name(view, path->nodes.at[i - 1], path->edges.at[i], false, &name);
    return name.kind == UF_REF_DICT;
}

/* Name of the reference to node i of the path (i > 0). */
static void name_at(const struct uf_view *view, const struct uf_path *path, size_t i,
                    struct uf_ref_name *ret)
{
    bool in_dict = i > 1 && uf_path_is_dict_hop(view, path, i - 1);
    uf_step_name(view, path->nodes.at[i - 1], path->edges.at[i], in_dict, ret);
    if (ret->kind == UF_REF_DICT)
        memcpy(ret->text, ".__dict__", sizeof ".__dict__");
}

void uf_path_expression(const struct uf_view *view, const struct uf_path *path, size_t count,
                        struct uf_text *ret)
{
    struct uf_ref_name name;
    if (count == 0 || path->nodes.len == 0)
        return;
    root_expression(view, path, ret);
    for (size_t i = 1; i < count && i < path->nodes.len; i++) {
        bool merged = i + 1 < count && uf_path_is_dict_hop(view, path, i);
        if (merged)
            continue;
        if (i > STEPS_AT_END && i + 2 < count &&
            count > STEPS_SHOWN) { /* a list of thousands of nodes */
            uf_text_add_z(ret, "...");
            i = count - 2;
        }
        name_at(view, path, i, &name);
        uf_step_append(ret, name.text[0] ? name.text : "(unnamed)");
    }
}

static bool is_left_out(const struct uf_path *path, size_t i, size_t suspect)
{
    size_t count = path->nodes.len;
    return count > STEPS_SHOWN && i >= STEPS_AT_END && i + STEPS_AT_END < count &&
           (i + 4 < suspect || i > suspect + 4);
}

static enum uf_code push_step(struct uf_finding *finding, struct uf_path_step *step,
                              struct uf_error *err)
{
    if (uf_vec_push(&finding->path, *step) == 0)
        return UF_OK;
    uf_step_release(step);
    return uf_error_nomem(err);
}

enum uf_code uf_path_steps(const struct uf_view *view, const struct uf_path *path, size_t suspect,
                           struct uf_finding *finding, struct uf_error *err)
{
    struct uf_path_step step;
    struct uf_ref_name name;
    enum uf_code code = UF_OK;
    for (size_t i = 0; i < path->nodes.len && !code; i++) {
        uf_node node = path->nodes.at[i];
        if (is_left_out(path, i, suspect)) {
            size_t first = i;
            while (i + 1 < path->nodes.len && is_left_out(path, i + 1, suspect))
                i++;
            char more[40];
            snprintf(more, sizeof more, "(%zu more)", i - first + 1);
            step = (struct uf_path_step){.object = uf_mem_strdup(more),
                                         .type = uf_mem_strdup(""),
                                         .edge = uf_mem_strdup("..."),
                                         .generic = uf_mem_strdup("...")};
            if (!step.object || !step.type || !step.edge || !step.generic) {
                uf_step_release(&step);
                return uf_error_nomem(err);
            }
            code = push_step(finding, &step, err);
            continue;
        }
        if (uf_path_is_dict_hop(view, path, i))
            continue;
        if (i == 0) {
            const char *label = root_label(view, root_of(view, path->root));
            snprintf(name.text, sizeof name.text, "%s", label);
            snprintf(name.generic, sizeof name.generic, "%.*s", (int)uf_generalise_label(label),
                     label);
        } else {
            name_at(view, path, i, &name);
        }
        if (uf_step_make(view, node, name.text, name.generic, i == suspect, &step))
            return uf_error_nomem(err);
        step.guessed = i > 0 && uf_graph_is_guessed(view->graph, path->edges.at[i]);
        code = push_step(finding, &step, err);
    }
    return code;
}
