/* Forms: type, shape, size, number of references and flags of a node, as one 16-bit number.
 *
 * Forms are numbered as they come, in a hash table of fixed size. What is rare by its size gets no number,
 * so that the numbers are left for what is frequent; nor does what comes when none is left. */
#include "base/mem.h"
#include "base/vec.h"
#include "snapshot/write_private.h"

#include <string.h>

#define SLOTS ((uint32_t)1 << 17) /* twice as many as there are forms */
#define SIZE_MAX_NUMBERED 8192
#define DEGREE_MAX_NUMBERED 1024

struct forms {
    uint16_t *slots; /* number + 1 */
    struct uf_format_form *at;
    uint32_t count;
    uint16_t *last; /* by type: the form of its last node + 1 */
    UF_VEC(struct uf_format_form_own) own;
};

static void forms_release(struct forms *forms)
{
    uf_mem_free(forms->slots);
    uf_mem_free(forms->at);
    uf_mem_free(forms->last);
    uf_vec_release(&forms->own);
}

static int forms_init(struct forms *forms, uint32_t types)
{
    *forms = (struct forms){0};
    forms->slots = uf_mem_zalloc(SLOTS * sizeof *forms->slots);
    forms->at = uf_mem_alloc(UF_FORM_OWN * sizeof *forms->at);
    forms->last = uf_mem_zalloc(((size_t)types + 1) * sizeof *forms->last);
    return forms->slots && forms->at && forms->last ? 0 : -1;
}

static uint64_t hash_of(const struct uf_format_form *form)
{
    uint64_t hash = ((uint64_t)form->type << 32 | form->size) * UINT64_C(0x9E3779B97F4A7C15);
    hash ^= hash >> 29;
    hash += (uint64_t)form->shape << 40 ^ (uint64_t)form->degree << 8 ^ form->flags;
    hash *= UINT64_C(0xBF58476D1CE4E5B9); /* the constants of splitmix64 (Vigna 2015) */
    return hash ^ hash >> 32;
}

static bool same(const struct uf_format_form *a, const struct uf_format_form *b)
{
    return a->size == b->size && a->shape == b->shape && a->degree == b->degree &&
           a->flags == b->flags && a->type == b->type;
}

/* The number of the form, UF_FORM_OWN if it gets none. */
static uint16_t number_of(struct forms *forms, const struct uf_format_form *form)
{
    uint16_t *last = &forms->last[form->type];
    if (*last && same(&forms->at[*last - 1], form))
        return (uint16_t)(*last - 1);
    if (form->size > SIZE_MAX_NUMBERED || form->degree > DEGREE_MAX_NUMBERED)
        return UF_FORM_OWN;
    uint32_t slot = (uint32_t)hash_of(form) & (SLOTS - 1);
    while (forms->slots[slot] && !same(&forms->at[forms->slots[slot] - 1], form))
        slot = (slot + 1) & (SLOTS - 1);
    if (!forms->slots[slot]) {
        if (forms->count == UF_FORM_OWN)
            return UF_FORM_OWN;
        forms->at[forms->count] = *form;
        forms->slots[slot] = (uint16_t)++forms->count;
    }
    *last = forms->slots[slot];
    return (uint16_t)(*last - 1);
}

static int push_own(struct forms *forms, uf_node node, const struct uf_format_form *form,
                    uint64_t size)
{
    struct uf_format_form_own own = {.size = size,
                                     .node = node,
                                     .type = form->type,
                                     .shape = form->shape,
                                     .degree = form->degree,
                                     .flags = form->flags};
    return uf_vec_push(&forms->own, own);
}

static enum uf_code write_numbers(struct uf_writing *writing, struct forms *forms,
                                  struct uf_error *err)
{
    const struct uf_graph *graph = writing->content->graph;
    const struct uf_shapes *shapes = writing->content->shapes;
    uf_emit_begin(writing->emit, UF_CHUNK_FORM);
    for (uf_node node = 0; node < graph->node_count; node++) {
        struct uf_format_form form = {
            .type = graph->type[node],
            .shape = shapes->of(shapes->context, node),
            .size = graph->size[node],
            .degree = graph->edge_start[node + 1] - graph->edge_start[node],
            .flags = graph->flags[node],
        };
        if (form.shape == UF_SHAPE_NOMEM)
            return uf_error_nomem(err);
        uint16_t number = number_of(forms, &form);
        if (number == UF_FORM_OWN && push_own(forms, node, &form, uf_graph_size(graph, node)))
            return uf_error_nomem(err);
        memcpy(uf_emit_room(writing->emit, sizeof number), &number, sizeof number);
    }
    return UF_OK;
}

enum uf_code uf_write_forms(struct uf_writing *writing, struct uf_error *err)
{
    struct forms forms;
    enum uf_code code = UF_OK;
    if (forms_init(&forms, writing->content->graph->type_count))
        code = uf_error_nomem(err);
    if (!code)
        code = write_numbers(writing, &forms, err);
    if (!code) {
        uf_emit_begin(writing->emit, UF_CHUNK_FORMS);
        uf_emit_bytes(writing->emit, forms.at, forms.count * sizeof *forms.at);
        uf_emit_begin(writing->emit, UF_CHUNK_FORM_OWN);
        uf_emit_bytes(writing->emit, forms.own.at, forms.own.len * sizeof *forms.own.at);
    }
    forms_release(&forms);
    return code;
}
