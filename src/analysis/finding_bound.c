#include "analysis/finding_bound.h"

#include <stdio.h>
#include <string.h>

bool uf_bound_is_part_of_cache(const struct uf_graph *graph, const struct uf_path *path, size_t at)
{
    const char *type = uf_graph_type_name(graph, path->nodes.at[at]);
    if (strstr(type, "lru_list_elem"))
        return true;
    if (at == 0)
        return false;
    const char *above = uf_graph_type_name(graph, path->nodes.at[at - 1]);
    if (strcmp(type, "tuple") == 0)
        return strstr(above, "lru_list_elem") != NULL ||
               (at > 1 && strcmp(above, "dict") == 0 &&
                strstr(uf_graph_type_name(graph, path->nodes.at[at - 2]), "lru_cache"));
    return strcmp(type, "dict") == 0 && strstr(above, "lru_cache") != NULL;
}

/* What the owner is called: a module by its name, another object by its type. */
static void name_owner(const struct uf_view *view, const struct uf_path *path, size_t at,
                       const char *attribute, struct uf_bound *ret)
{
    struct uf_text text = {0};
    const char *type = uf_graph_type_name(view->graph, path->nodes.at[at]);
    bool module = strcmp(type, "module") == 0;
    if (module)
        uf_path_expression(view, path, at + 1, &text);
    (void)snprintf(ret->by, sizeof ret->by, "%.60s.%s", module && text.len > 0 ? text.at : type,
                   attribute);
    uf_text_release(&text);
}

static bool ask(const struct uf_view *view, const struct uf_path *path, size_t owner,
                const char *held, int64_t present, struct uf_bound *ret)
{
    const struct uf_names *names = view->names;
    char attribute[64];
    int64_t limit = names->declared(names->context, path->nodes.at[owner], held, present, attribute,
                                    sizeof attribute);
    if (limit < 0)
        return false;
    ret->limit = (double)limit;
    name_owner(view, path, owner, attribute, ret);
    return true;
}

/* By the container itself (a class derived from dict), or by what holds it as an attribute. */
static bool is_declared(const struct uf_view *view, const struct uf_path *path, size_t at,
                        int64_t present, struct uf_bound *ret)
{
    struct uf_ref_name name;
    if (!view->names->declared || present < 0)
        return false;
    if (ask(view, path, at, "", present, ret))
        return true;
    if (at == 0)
        return false;
    bool in_dict = at > 1 && uf_path_is_dict_hop(view, path, at - 1);
    uf_step_name(view, path->nodes.at[at - 1], view->reach->parent_edge[path->nodes.at[at]],
                 in_dict, &name);
    if (name.kind != UF_REF_ATTR)
        return false; /* an entry of another container: its attributes say nothing of this one */
    return ask(view, path, in_dict ? at - 2 : at - 1, name.generic, present, ret);
}

bool uf_bound_find(const struct uf_view *view, const struct uf_path *path, size_t holder,
                   struct uf_bound *ret)
{
    const struct uf_names *names = view->names;
    size_t at = holder;
    *ret = (struct uf_bound){.limit = UF_UNKNOWN, .fill = UF_UNKNOWN};
    while (at > 0 && uf_bound_is_part_of_cache(view->graph, path, at))
        at--;
    int64_t bound = names->bound(names->context, path->nodes.at[at]);
    int64_t length = names->length(names->context, path->nodes.at[at]);
    if (length >= 0)
        ret->fill = (double)length;
    if (bound >= 0)
        ret->limit = (double)bound;
    return bound >= 0 || is_declared(view, path, at, length, ret);
}
