/* What objects with a name of their own, or with a place in the code, are called. */
#include "cpython/attribute_of.h"
#include "cpython/decode.h"
#include "cpython/frames.h"
#include "cpython/naming.h"
#include "cpython/read.h"
#include "cpython/str.h"

#include <stdio.h>

#define NAME_BYTES 100

static enum uf_known known_of(const struct uf_plan *plan)
{
    return plan->record ? (enum uf_known)plan->record->known : UF_KNOWN_NONE;
}

static uint64_t field(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                      const char *name)
{
    for (uint8_t i = 0; i < plan->record->field_count; i++)
        if (strcmp(plan->record->fields[i].name, name) == 0)
            return uf_source_word(heap->source, object + plan->record->fields[i].offset);
    return 0;
}

size_t uf_named_repr(struct uf_heap *heap, uint64_t object, char *ret, size_t size)
{
    char name[NAME_BYTES], text[NAME_BYTES + 32];
    const struct uf_plan *plan = uf_plan_of(heap, object);
    const char *form = NULL;
    size_t len = 0;
    if (!plan)
        return 0;
    if (plan->holds == UF_HOLDS_MODULE) {
        uint64_t dict = uf_plan_dict(heap, plan, object);
        form = "<module '%s'>";
        len = uf_str_copy(heap, uf_dict_find(heap, dict, "__name__"), name, sizeof name);
    } else if (plan->holds == UF_HOLDS_TYPE) {
        uint32_t type = uf_heap_type(heap, object); /* may enter it: the plan has moved */
        form = "<class '%s'>";
        len = type == UINT32_MAX ? 0
                                 : uf_utf8_cut(name, sizeof name, uf_heap_type_name(heap, type));
    } else if (known_of(plan) == UF_KNOWN_FUNCTION) {
        form = "<function %s>";
        len = uf_str_copy(heap, field(heap, plan, object, ".__qualname__"), name, sizeof name);
    }
    if (!form || !len)
        return 0;
    snprintf(text, sizeof text, form, name); // NOLINT: the forms are above
    return uf_utf8_cut(ret, size, text);
}

static size_t code_repr(const struct uf_heap *heap, uint64_t object, char *ret, size_t size)
{
    struct uf_frame frame = {0}; /* one that is at its beginning */
    char place[NAME_BYTES * 2], text[NAME_BYTES * 2 + 16];
    if (!uf_code_read(heap, object, &frame.info) ||
        !uf_frame_place(heap, &frame, false, place, sizeof place))
        return 0;
    snprintf(text, sizeof text, "<code %s>", place);
    return uf_utf8_cut(ret, size, text);
}

/* The frame that a frame object or a generator stands for. */
static bool frame_of(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                     struct uf_frame *ret)
{
    const struct uf_layout_runtime *r = &heap->config.layout->runtime;
    if (plan->holds == UF_HOLDS_FRAME)
        return uf_frame_read(heap,
                             r->frame_object.frame == UF_NO_OFFSET
                                 ? object
                                 : uf_source_word(heap->source, object + r->frame_object.frame),
                             ret);
    if (r->generator.state == UF_NO_OFFSET) /* 3.10: a pointer, NULL when it is done */
        return uf_frame_read(heap, uf_source_word(heap->source, object + r->generator.frame), ret);
    const int8_t *state = uf_source_view(heap->source, object + r->generator.state, 1);
    return state && *state != r->generator.state_cleared &&
           uf_frame_read(heap, object + r->generator.frame, ret);
}

static size_t frame_repr(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                         char *ret, size_t size)
{
    struct uf_frame frame;
    char place[NAME_BYTES * 2], text[NAME_BYTES * 2 + 32];
    const char *what = plan->holds == UF_HOLDS_GENERATOR   ? "generator"
                       : plan->holds == UF_HOLDS_COROUTINE ? "coroutine"
                                                           : "asynchronous generator";
    if (!frame_of(heap, plan, object, &frame) || !frame.info.address ||
        !uf_frame_place(heap, &frame, false, place, sizeof place))
        return 0;
    if (plan->holds == UF_HOLDS_FRAME)
        return uf_utf8_cut(ret, size, place);
    snprintf(text, sizeof text, "<%s %s>", what, place);
    return uf_utf8_cut(ret, size, text);
}

static size_t callable_repr(struct uf_heap *heap, const char *what, uint64_t object, char *ret,
                            size_t size)
{
    char name[NAME_BYTES * 3], text[NAME_BYTES * 3 + 16];
    if (!uf_callable_name(heap, object, name, sizeof name))
        return 0;
    snprintf(text, sizeof text, "<%s %s>", what, name);
    return uf_utf8_cut(ret, size, text);
}

size_t uf_place_repr(struct uf_heap *heap, uint64_t object, char *ret, size_t size)
{
    const struct uf_plan *plan = uf_plan_of(heap, object);
    if (!plan)
        return 0;
    switch (known_of(plan)) {
    case UF_KNOWN_METHOD:
        return callable_repr(heap, "method", object, ret, size);
    case UF_KNOWN_BUILTIN:
    case UF_KNOWN_BUILTIN_METHOD:
        return callable_repr(heap, "built-in", object, ret, size);
    case UF_KNOWN_CODE:
        return code_repr(heap, object, ret, size);
    default:
        break;
    }
    switch ((enum uf_container)plan->holds) {
    case UF_HOLDS_FRAME:
    case UF_HOLDS_GENERATOR:
    case UF_HOLDS_COROUTINE:
    case UF_HOLDS_ASYNC_GENERATOR:
        return frame_repr(heap, plan, object, ret, size);
    default:
        return uf_named_repr(heap, object, ret, size);
    }
}
