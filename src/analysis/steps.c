#include "analysis/steps.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool is_name(const char *text, size_t len)
{
    if (len == 0 || isdigit((unsigned char)text[0]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '_' && (unsigned char)text[i] < 0x80)
            return false;
    return true;
}

bool uf_step_as_attribute(struct uf_ref_name *name)
{
    size_t len = strlen(name->text);
    if (len < 5 || strncmp(name->text, "['", 2) != 0 || strcmp(name->text + len - 2, "']") != 0 ||
        !is_name(name->text + 2, len - 4))
        return false;
    name->kind = UF_REF_ATTR;
    memmove(name->text + 1, name->text + 2, len - 4);
    name->text[0] = '.';
    name->text[len - 3] = '\0';
    len = strlen(name->text);
    if (len >= sizeof name->generic)
        len = sizeof name->generic - 1;
    memcpy(name->generic, name->text, len);
    name->generic[len] = '\0';
    return true;
}

void uf_step_name(const struct uf_view *view, uf_node source, uint32_t edge, bool in_dict,
                  struct uf_ref_name *ret)
{
    view->names->name(view->names->context, source, edge - view->graph->edge_start[source], ret);
    if (in_dict && ret->kind == UF_REF_ITEM)
        uf_step_as_attribute(ret);
}

void uf_step_number(struct uf_text *ret, uint64_t number)
{
    char digits[24], grouped[32];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number), to = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            grouped[to++] = ',';
        grouped[to++] = digits[i];
    }
    uf_text_add(ret, grouped, (size_t)to);
}

/* Texts and numbers show themselves; what holds other objects tells how many. */
static bool shows_itself(const char *type)
{
    static const char *const names[] = {"str", "bytes", "bytearray"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(type, names[i]) == 0)
            return true;
    return false;
}

static const char *unit_of(const char *type, bool one)
{
    return strstr(type, "dict") || strstr(type, "Dict") || strstr(type, "Counter")
               ? (one ? "entry" : "entries")
               : (one ? "item" : "items");
}

void uf_step_object_text(const struct uf_view *view, uf_node node, struct uf_text *ret)
{
    const char *type = uf_graph_type_name(view->graph, node);
    int64_t length = shows_itself(type) ? -1 : view->names->length(view->names->context, node);
    if (length >= 0) {
        uf_text_add_z(ret, type);
        uf_text_add_z(ret, ", ");
        uf_step_number(ret, (uint64_t)length);
        uf_text_printf(ret, " %s", unit_of(type, length == 1));
        return;
    }
    char preview[160] = "";
    view->names->preview(view->names->context, node, preview, sizeof preview);
    if (preview[0])
        uf_text_add_z(ret, preview);
    else
        uf_text_printf(ret, "<%s>", type);
}

void uf_step_append(struct uf_text *expression, const char *edge)
{
    if (edge[0] != '\0' && edge[0] != '.' && edge[0] != '[' && edge[0] != '{' &&
        expression->len > 0)
        uf_text_add_z(expression, " ");
    uf_text_add_z(expression, edge);
}

void uf_step_release(struct uf_path_step *step)
{
    uf_mem_free(step->object);
    uf_mem_free(step->type);
    uf_mem_free(step->edge);
    uf_mem_free(step->generic);
    *step = (struct uf_path_step){0};
}

int uf_step_make(const struct uf_view *view, uf_node node, const char *edge, const char *generic,
                 bool suspect, struct uf_path_step *ret)
{
    struct uf_text object = {0};
    uf_step_object_text(view, node, &object);
    *ret = (struct uf_path_step){
        .object = object.failed ? NULL : uf_mem_strdup(object.at),
        .type = uf_mem_strdup(uf_graph_type_name(view->graph, node)),
        .edge = uf_mem_strdup(edge),
        .generic = uf_mem_strdup(generic),
        .suspect = suspect,
    };
    uf_text_release(&object);
    if (ret->object && ret->type && ret->edge && ret->generic)
        return 0;
    uf_step_release(ret);
    return -1;
}
