/* retainers_names.c - what objects are called in a profile: after the attribute that holds them. */
#include "analysis/generalise.h"
#include "analysis/retainers.h"

#include <string.h>

#define NAME_BYTES 160 /* items of items of ... are then called after the type of their container */

static const char *skip(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(text, prefix, len) == 0 ? text + len : text;
}

/* Classes, functions and modules are known by their own names, other objects by their type. */
static bool has_own_name(const struct uf_graph *graph, const struct uf_signature *group,
                         const char *type)
{
    return strcmp(type, "module") == 0 || strcmp(type, "function") == 0 ||
           (group->first != UF_NODE_NONE && graph->flags[group->first] & UF_NODE_TYPE);
}

struct naming {
    const struct uf_signatures *signatures;
    const struct uf_graph *graph;
    struct uf_strings *strings;
    const uint32_t *name; /* by group, of those that were named before */
};

static const char *text_of(const struct naming *naming, uint32_t text)
{
    return uf_signatures_text(naming->signatures, text);
}

/* What stands before ".attribute". */
static void add_owner(const struct naming *naming, uint32_t group, struct uf_text *ret)
{
    const struct uf_signature *owner = &naming->signatures->at[group];
    const char *type = text_of(naming, owner->type);
    if (!has_own_name(naming->graph, owner, type)) {
        uf_text_add_z(ret, type);
        return;
    }
    const char *name = uf_strings_get(naming->strings, naming->name[group]);
    uf_text_add_z(ret, skip(skip(name, "module "), "static type "));
}

static void add_container(const struct naming *naming, uint32_t group, struct uf_text *ret)
{
    const char *name = uf_strings_get(naming->strings, naming->name[group]);
    if (strlen(name) > NAME_BYTES)
        name = text_of(naming, naming->signatures->at[group].type);
    uf_text_add_z(ret, skip(name, "module "));
}

static void name_of(const struct naming *naming, const struct uf_signature *group,
                    struct uf_text *ret)
{
    const char *edge = text_of(naming, group->edge);
    if (group->garbage)
        return; /* by its type alone */
    if (group->parent == UF_SIGNATURE_NONE)
        uf_text_add_z(ret, edge[0] ? edge : text_of(naming, group->root));
    else if (group->attribute_dict || edge[0] == '.')
        add_owner(naming, group->parent, ret);
    else if (edge[0] == '[' || edge[0] == '{' || group->key)
        add_container(naming, group->parent, ret);
    else if (strncmp(edge, "local ", 6) != 0)
        add_owner(naming, group->parent, ret);
    if (group->parent != UF_SIGNATURE_NONE)
        uf_step_append(ret, edge);
}

enum uf_code uf_retainers_names(struct uf_strings *strings, const struct uf_signatures *signatures,
                                const struct uf_graph *graph, uint32_t **ret, struct uf_error *err)
{
    struct uf_text text = {0};
    uint32_t *name = uf_mem_alloc(((size_t)signatures->count + 1) * sizeof *name);
    const struct naming naming = {signatures, graph, strings, name};
    bool failed = !name;
    for (uint32_t g = 0; g < signatures->count && !failed; g++) { /* holders come first */
        text.len = 0;
        uf_text_add_z(&text, "");
        name_of(&naming, &signatures->at[g], &text);
        name[g] = text.failed ? UF_STRING_NONE : uf_strings_add(strings, text.at, text.len);
        failed = name[g] == UF_STRING_NONE;
    }
    uf_text_release(&text);
    *ret = name;
    if (!failed)
        return UF_OK;
    uf_mem_free(name);
    *ret = NULL;
    return uf_error_nomem(err);
}
