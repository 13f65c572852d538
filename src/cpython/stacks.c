#include "cpython/stacks.h"

#include "cpython/decode.h"
#include "cpython/read.h"
#include "cpython/sound.h"
#include "cpython/str.h"

#include <string.h>

#define FRAMES_MAX ((size_t)1 << 16)

static uint64_t word(const struct uf_heap *heap, uint64_t address)
{
    return uf_source_word(heap->source, address);
}

size_t uf_threads_list(const struct uf_heap *heap, struct uf_thread_state *ret, size_t most)
{
    const struct uf_layout_runtime *r = &heap->config.layout->runtime;
    size_t count = 0;

    for (uint64_t at = word(heap, heap->config.interpreter + r->interpreter.threads_head);
         at && count < most; at = word(heap, at + r->thread.next))
        ret[count++] = (struct uf_thread_state){at, word(heap, at + r->thread.thread_id)};
    return count;
}

static void read_entry(const struct uf_heap *heap, const struct uf_frame *frame,
                       struct uf_stack_entry *ret)
{
    *ret = (struct uf_stack_entry){0};
    uf_str_copy(heap, frame->info.filename, ret->file, sizeof ret->file);
    uf_str_copy(heap, frame->info.qualname, ret->function, sizeof ret->function);
    int line = uf_frame_line(heap, frame);
    ret->line = line > 0 ? (uint32_t)line : 0;
    uint64_t name = frame->globals ? uf_dict_find(heap, frame->globals, "__name__") : 0;
    if (name)
        uf_str_copy(heap, name, ret->module, sizeof ret->module);
}

typedef UF_VEC(uint64_t) frame_list;

/* The addresses of a thread's frames that run Python code, innermost first. */
static int list_frames(const struct uf_heap *heap, const struct uf_thread_state *thread,
                       size_t most, frame_list *ret)
{
    const struct uf_layout_runtime *r = &heap->config.layout->runtime;
    uint64_t holder = thread->address;
    struct uf_frame frame;

    if (r->thread.cframe != UF_NO_OFFSET)
        holder = word(heap, thread->address + r->thread.cframe);
    uint64_t at = holder ? word(heap, holder + r->thread.frame) : 0;
    struct uf_circle circle = {0};
    for (size_t i = 0; at && i < FRAMES_MAX && ret->len < most && !uf_runs_in_circle(&circle, at);
         i++) {
        if (!uf_frame_read(heap, at, &frame))
            return 0;
        /* one without code is the interpreter's own (3.12+) */
        if (frame.code && frame.info.address && uf_vec_push(ret, at))
            return -1;
        at = frame.previous;
    }
    return 0;
}

static void show_frames(const struct uf_heap *heap, const frame_list *frames, bool from_outside,
                        uf_stack_visit visit, void *context)
{
    struct uf_stack_entry entry;
    struct uf_frame frame;

    for (size_t i = 0; i < frames->len; i++) {
        size_t at = from_outside ? frames->len - 1 - i : i;
        if (!uf_frame_read(heap, frames->at[at], &frame))
            continue;
        read_entry(heap, &frame, &entry);
        if (visit(context, &entry))
            return;
    }
}

void uf_stack_of_thread(const struct uf_heap *heap, const struct uf_thread_state *thread,
                        uf_stack_visit visit, void *context)
{
    frame_list frames = {0};
    if (list_frames(heap, thread, UF_STACK_MAX, &frames) == 0)
        show_frames(heap, &frames, false, visit, context);
    uf_vec_release(&frames);
}

void uf_stack_from_outside(const struct uf_heap *heap, const struct uf_thread_state *thread,
                           uf_stack_visit visit, void *context)
{
    frame_list frames = {0};
    if (list_frames(heap, thread, FRAMES_MAX, &frames) == 0)
        show_frames(heap, &frames, true, visit, context);
    uf_vec_release(&frames);
}

static int kind_of(struct uf_heap *heap, uint64_t object)
{
    const struct uf_plan *plan = object && object % 8 == 0 ? uf_plan_of(heap, object) : NULL;
    return plan ? plan->holds : UF_HOLDS_NOTHING;
}

bool uf_is_coroutine(struct uf_heap *heap, uint64_t object)
{
    int kind = kind_of(heap, object);
    return kind == UF_HOLDS_COROUTINE || kind == UF_HOLDS_GENERATOR ||
           kind == UF_HOLDS_ASYNC_GENERATOR;
}

/* The frame of one that can go on. */
static bool pending_frame(const struct uf_heap *heap, uint64_t object, struct uf_frame *ret)
{
    const struct uf_layout_runtime *r = &heap->config.layout->runtime;

    if (r->generator.state == UF_NO_OFFSET) /* 3.10: the frame is gone when it has ended */
        return uf_frame_read(heap, word(heap, object + r->generator.frame), ret);
    const int8_t *state = uf_source_view(heap->source, object + r->generator.state, 1);
    return state && *state < r->generator.state_cleared &&
           uf_frame_read(heap, object + r->generator.frame, ret);
}

bool uf_coroutine_is_pending(struct uf_heap *heap, uint64_t object)
{
    struct uf_frame frame;
    return uf_is_coroutine(heap, object) && pending_frame(heap, object, &frame);
}

size_t uf_coroutine_name(struct uf_heap *heap, uint64_t object, char *ret, size_t size)
{
    const struct uf_layout_runtime *r = &heap->config.layout->runtime;
    ret[0] = '\0';
    if (!uf_is_coroutine(heap, object))
        return 0;
    return uf_str_copy(heap, word(heap, object + r->generator.qualname), ret, size);
}

/* What wraps a generator or coroutine while it is awaited (coroutine_wrapper, async_generator_asend and
 * their kin, Objects/genobject.c): one that it refers to. */
static uint64_t behind_wrapper(struct uf_heap *heap, uint64_t object)
{
    uf_refs refs = {0};
    struct uf_object header;
    uint64_t found = 0;

    if (object && object % 8 == 0 && uf_heap_decode(heap, object, &header, &refs, NULL) == UF_OK &&
        refs.len <= 8)
        for (size_t i = 0; i < refs.len && !found; i++)
            if (uf_is_coroutine(heap, refs.at[i]))
                found = refs.at[i];
    uf_vec_release(&refs);
    return found;
}

/* What a suspended frame awaits lies on top of its stack (_PyGen_yf, Objects/genobject.c). */
static uint64_t awaited(struct uf_heap *heap, const struct uf_frame *frame)
{
    bool counted;
    if (frame->executing || frame->slot_count <= frame->info.local_count)
        return 0;
    uint64_t top = uf_frame_slot(heap, frame, frame->slot_count - 1, &counted);
    return uf_is_coroutine(heap, top) ? top : behind_wrapper(heap, top);
}

void uf_stack_of_coroutine(struct uf_heap *heap, uint64_t object, uf_stack_visit visit,
                           void *context)
{
    uint64_t chain[UF_STACK_MAX];
    struct uf_stack_entry entry;
    struct uf_frame frame;
    size_t count = 0;

    while (count < UF_STACK_MAX && uf_is_coroutine(heap, object) &&
           pending_frame(heap, object, &frame)) {
        chain[count++] = object;
        object = awaited(heap, &frame);
    }
    while (count > 0) {
        if (!pending_frame(heap, chain[--count], &frame) || !frame.info.address)
            continue;
        read_entry(heap, &frame, &entry);
        if (visit(context, &entry))
            return;
    }
}
