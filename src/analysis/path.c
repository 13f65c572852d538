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
    path->nodes.len = 0;
    for (uf_node at = node; at != UF_NODE_NONE; at = reach->parent[at])
        if (uf_vec_push(&path->nodes, at))
            return uf_error_nomem(err);
    for (size_t i = 0, k = path->nodes.len - 1; i < k; i++, k--) {
        uf_node swap = path->nodes.at[i];
        path->nodes.at[i] = path->nodes.at[k];
        path->nodes.at[k] = swap;
    }
    return UF_OK;
}

void uf_path_release(struct uf_path *path)
{
    uf_vec_release(&path->nodes);
}

static const struct uf_graph_root *root_of(const struct uf_view *view, uf_node node)
{
    if (!view->reach->reached[node] || view->reach->root[node] == UINT32_MAX)
        return NULL;
    return &view->graph->roots[view->reach->root[node]];
}

void uf_path_root_text(const struct uf_view *view, uf_node root_node, struct uf_text *ret)
{
    const struct uf_graph_root *root = root_of(view, root_node);
    if (root)
        uf_generalise_root(view->graph, root, false, ret);
    else
        uf_text_add_z(ret, "nothing (lost reference)");
}

static const char *root_label(const struct uf_view *view, const struct uf_graph_root *root)
{
    return root ? uf_strings_get(&view->graph->strings, root->label) : "";
}

static void root_expression(const struct uf_view *view, uf_node node, struct uf_text *ret)
{
    const struct uf_graph_root *root = root_of(view, node);
    const char *label = root_label(view, root);
    if (root && root->kind == UF_ROOT_MODULE) {
        uf_text_add_z(ret, uf_strings_get(&view->graph->strings, root->name));
    } else if (root && root->kind == UF_ROOT_STATIC_TYPE) {
        uf_text_add_z(ret, uf_strings_get(&view->graph->strings, root->name));
    } else if (root && root->kind == UF_ROOT_THREAD && label[0] != '\0') {
        uf_text_add(ret, label, uf_generalise_label(label));
    } else {
        uf_path_root_text(view, node, ret);
        uf_step_append(ret, label);
    }
}

static uint32_t edge_to(const struct uf_view *view, uf_node node)
{
    return view->reach->parent_edge[node];
}

static bool is_dict_reference(const struct uf_view *view, uf_node parent, uf_node node)
{
    struct uf_ref_name name;
    uf_step_name(view, parent, edge_to(view, node), false, &name);
    return name.kind == UF_REF_DICT;
}

bool uf_path_is_dict_hop(const struct uf_view *view, const struct uf_path *path, size_t i)
{
    return i > 0 && i + 1 < path->nodes.len &&
           is_dict_reference(view, path->nodes.at[i - 1], path->nodes.at[i]);
}

/* Name of the reference to node i of the path (i > 0). */
static void name_at(const struct uf_view *view, const struct uf_path *path, size_t i,
                    struct uf_ref_name *ret)
{
    bool in_dict = i > 1 && uf_path_is_dict_hop(view, path, i - 1);
    uf_step_name(view, path->nodes.at[i - 1], edge_to(view, path->nodes.at[i]), in_dict, ret);
    if (ret->kind == UF_REF_DICT)
        memcpy(ret->text, ".__dict__", sizeof ".__dict__");
}

void uf_path_expression(const struct uf_view *view, const struct uf_path *path, size_t count,
                        struct uf_text *ret)
{
    struct uf_ref_name name;
    if (count == 0 || path->nodes.len == 0)
        return;
    root_expression(view, path->nodes.at[0], ret);
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
            const char *label = root_label(view, root_of(view, node));
            snprintf(name.text, sizeof name.text, "%s", label);
            snprintf(name.generic, sizeof name.generic, "%.*s", (int)uf_generalise_label(label),
                     label);
        } else {
            name_at(view, path, i, &name);
        }
        if (uf_step_make(view, node, name.text, name.generic, i == suspect, &step))
            return uf_error_nomem(err);
        code = push_step(finding, &step, err);
    }
    return code;
}
