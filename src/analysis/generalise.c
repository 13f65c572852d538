#include "analysis/generalise.h"

#include "analysis/steps.h"

#include <ctype.h>
#include <string.h>

/* A step repeated so often on one path leads back to its last occurrence; on a deep path any
 * that leads to a type met before: a tree with many kinds of references would else have as many
 * paths as nodes. */
#define REPEATS_BEFORE_FOLD 3
#define DEEP_PATH 8

static const char *const root_kinds[] = {
    [UF_ROOT_MODULE] = "module ",
    [UF_ROOT_THREAD] = "thread ",
    [UF_ROOT_INTERPRETER] = "interpreter: ",
    [UF_ROOT_STATIC_TYPE] = "static type ",
    [UF_ROOT_CACHE] = "interpreter: ",
    [UF_ROOT_NATIVE] = "native code",
};

void uf_generalise_root(const struct uf_graph *graph, const struct uf_graph_root *root,
                        bool generic, struct uf_text *ret)
{
    if (root->kind >= sizeof root_kinds / sizeof *root_kinds) {
        uf_text_add_z(ret, "unknown root");
        return;
    }
    uf_text_add_z(ret, root_kinds[root->kind]);
    if (root->kind == UF_ROOT_NATIVE)
        return;
    const char *name = uf_strings_get(&graph->strings, root->name);
    if (!generic || root->kind != UF_ROOT_THREAD) {
        uf_text_add_z(ret, name);
        return;
    }
    /* "Thread-12 (work)" is one of many: numbers in threads' names count them. */
    for (size_t i = 0; name[i] != '\0'; i++) {
        if (!isdigit((unsigned char)name[i]))
            uf_text_add(ret, name + i, 1);
        else if (i == 0 || !isdigit((unsigned char)name[i - 1]))
            uf_text_add_z(ret, "*");
    }
}

size_t uf_generalise_label(const char *label)
{
    const char *place = strstr(label, " at ");
    return place ? (size_t)(place - label) : strlen(label);
}

bool uf_generalise_is_sequence(const char *holder_type)
{
    return strcmp(holder_type, "list") == 0 || strcmp(holder_type, "tuple") == 0;
}

bool uf_generalise_is_set(const char *holder_type)
{
    return strstr(holder_type, "set") != NULL;
}

struct uf_generalised uf_generalise_reference(struct uf_ref_name *name, bool in_dict,
                                              const char *holder_type)
{
    struct uf_generalised ret = {.text = UF_ANY_ITEM};
    if (name->kind == UF_REF_DICT) {
        ret.attribute_dict = true;
        ret.text = ".__dict__";
        return ret;
    }
    if (name->kind == UF_REF_ITEM && in_dict && !uf_step_as_attribute(name))
        return ret;
    if (name->kind == UF_REF_ITEM || name->kind == UF_REF_INDEX)
        return ret;
    if (name->kind == UF_REF_KEY) {
        if (uf_generalise_is_set(holder_type))
            return ret;
        ret.key = true;
        ret.text = "key";
        return ret;
    }
    ret.attribute = name->kind == UF_REF_ATTR;
    ret.text = name->generic[0] ? name->generic : name->text[0] ? name->text : "(unnamed)";
    return ret;
}

uint32_t uf_fold_end(const struct uf_fold *fold, const char *type)
{
    /* Builtins (list, set, function) are everywhere: that the type was met before says nothing. */
    bool builtin = strchr(type, '.') == NULL;
    if (fold->depth > DEEP_PATH)
        return builtin ? fold->last : fold->last_of_type;
    return fold->repeats >= REPEATS_BEFORE_FOLD ? fold->last : UF_GENERALISE_NONE;
}
