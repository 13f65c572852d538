#include "cpython/frames.h"

#include "cpython/plan.h"
#include "cpython/read.h"
#include "cpython/sound.h"
#include "cpython/str.h"

#include <stdio.h>

/* A word of a frame without its tag (3.14+: 0 counted, 1 not counted, others no object,
 * Include/internal/pycore_stackref.h). */
static uint64_t untag(const struct uf_layout_runtime *r, uint64_t word, bool *counted)
{
    uint64_t tag = word & r->frame.tag_mask;

    *counted = tag == 0;
    return tag == 0 || tag == r->frame.borrowed_tag ? word & ~(uint64_t)r->frame.tag_mask : 0;
}

/* How many values lie above the locals; -1: that is in a register of the interpreter's loop. 3.8 and
 * 3.9 forget the pointer when a frame has come to its end, too (Python/ceval.c). */
static int64_t stack_depth(const struct uf_layout_runtime *r, const char *view,
                           uint64_t value_stack)
{
    if (r->frame_object.stack_pointer == UF_NO_OFFSET)
        return (int32_t)uf_u32(view, r->frame_object.stack_depth);
    uint64_t pointer = uf_u64(view, r->frame_object.stack_pointer);
    if (uf_u8(view, r->frame_object.executing))
        return -1;
    return pointer >= value_stack ? (int64_t)((pointer - value_stack) / 8) : 0;
}

/* Before 3.11 the frame object is the frame. */
static bool read_object_frame(const struct uf_layout_runtime *r, const char *view,
                              struct uf_frame *ret)
{
    uint64_t value_stack = uf_u64(view, r->frame_object.value_stack);
    int64_t depth = stack_depth(r, view, value_stack);

    ret->owner = uf_u64(view, r->frame_object.generator) ? UF_FRAME_OF_GENERATOR
                                                         : UF_FRAME_OF_OBJECT;
    ret->globals = uf_u64(view, r->frame.globals);
    ret->builtins = uf_u64(view, r->frame.builtins);
    ret->locals = uf_u64(view, r->frame.locals);
    ret->code = uf_u64(view, r->frame.code);
    ret->code_counted = true;
    ret->executing = depth < 0;
    ret->slot_count = ret->info.local_count;
    if (depth > 0 && value_stack == ret->slots + (uint64_t)ret->slot_count * 8 &&
        depth <= (int64_t)ret->info.stack_size)
        ret->slot_count += (uint32_t)depth;
    return true;
}

static bool read_interpreter_frame(const struct uf_layout_runtime *r, const char *view,
                                   struct uf_frame *ret)
{
    int8_t owner = (int8_t)uf_u8(view, r->frame.owner);
    int64_t top = -1;

    ret->owner = owner == r->owned_by_thread         ? UF_FRAME_OF_THREAD
                 : owner == r->owned_by_generator    ? UF_FRAME_OF_GENERATOR
                 : owner == r->owned_by_frame_object ? UF_FRAME_OF_OBJECT
                                                     : UF_FRAME_OF_NONE;
    if (ret->owner == UF_FRAME_OF_NONE) {
        if (owner < r->owned_by_interpreter)
            return false;
        ret->code = 0;
        return true;
    }
    ret->function = untag(r, uf_u64(view, r->frame.function), &ret->function_counted);
    ret->globals = uf_u64(view, r->frame.globals);
    ret->builtins = uf_u64(view, r->frame.builtins);
    ret->locals = uf_u64(view, r->frame.locals);
    ret->object = uf_u64(view, r->frame.object);
    ret->slot_count = ret->info.local_count;
    if (r->frame.stack_pointer != UF_NO_OFFSET) {
        uint64_t pointer = uf_u64(view, r->frame.stack_pointer);
        if (pointer >= ret->slots)
            top = (int64_t)((pointer - ret->slots) / 8);
    } else {
        top = (int32_t)uf_u32(view, r->frame.stack_top);
    }
    ret->executing = top < 0;
    if (top >= 0 && (uint64_t)top <= (uint64_t)ret->info.local_count + ret->info.stack_size)
        ret->slot_count = (uint32_t)top;
    return true;
}

static int64_t offset_of(const struct uf_layout_runtime *r, const char *view,
                         const struct uf_frame *frame)
{
    if (frame->info.first_instruction == 0) /* before 3.11: a number */
        return (int64_t)(int32_t)uf_u32(view, r->frame.instruction) * r->code.instruction_unit;
    return (int64_t)(uf_u64(view, r->frame.instruction) - frame->info.first_instruction);
}

bool uf_frame_read(const struct uf_heap *heap, uint64_t address, struct uf_frame *ret)
{
    const struct uf_layout_runtime *r = &heap->config.layout->runtime;
    const char *view = address ? uf_source_view(heap->source, address, r->frame.locals_start)
                               : NULL;

    memset(ret, 0, sizeof *ret);
    if (view == NULL)
        return false;
    ret->address = address;
    ret->previous = uf_u64(view, r->frame.previous);
    ret->slots = address + r->frame.locals_start;
    ret->code = untag(r, uf_u64(view, r->frame.code), &ret->code_counted);
    if (!uf_code_read(heap, ret->code, &ret->info))
        ret->info = (struct uf_code_info){0};
    if (r->frame_object.frame == UF_NO_OFFSET ? !read_object_frame(r, view, ret)
                                              : !read_interpreter_frame(r, view, ret))
        return false;
    if (ret->info.address)
        ret->offset_bytes = offset_of(r, view, ret);
    return true;
}

int uf_frame_line(const struct uf_heap *heap, const struct uf_frame *frame)
{
    return frame->info.address ? uf_code_line(heap, &frame->info, frame->offset_bytes) : 0;
}

uint64_t uf_frame_slot(const struct uf_heap *heap, const struct uf_frame *frame, uint32_t index,
                       bool *counted)
{
    return untag(&heap->config.layout->runtime,
                 uf_source_word(heap->source, frame->slots + (uint64_t)index * 8), counted);
}

/* The last part of a path; of "a/b/__init__.py" the last two. */
static const char *short_path(const char *path)
{
    const char *last = strrchr(path, '/');

    if (last == NULL || last == path)
        return path;
    if (strncmp(last, "/__init__.", 10) == 0 || strcmp(last, "/__main__.py") == 0)
        while (last > path && last[-1] != '/')
            last--;
    return *last == '/' ? last + 1 : last;
}

size_t uf_frame_place(const struct uf_heap *heap, const struct uf_frame *frame, bool generic,
                      char *ret, size_t size)
{
    char name[80], file[1024], text[1200];

    uf_str_copy(heap, frame->info.qualname, name, sizeof name);
    uf_str_copy(heap, frame->info.filename, file, sizeof file);
    const char *call = name[0] == '<' ? "" : "()";
    if (generic)
        snprintf(text, sizeof text, "%s%s", name[0] ? name : "?", call);
    else
        snprintf(text, sizeof text, "%s%s at %s:%d", name[0] ? name : "?", call, short_path(file),
                 uf_frame_line(heap, frame));
    return uf_utf8_cut(ret, size, text);
}

size_t uf_frame_slot_name(const struct uf_heap *heap, const struct uf_frame *frame, uint32_t index,
                          bool generic, char *ret, size_t size)
{
    char place[200], name[64] = "", text[300];
    enum uf_local_kind kind = UF_LOCAL_PLAIN;

    if (index < frame->info.local_count)
        uf_str_copy(heap, uf_code_local_name(heap, &frame->info, index, &kind), name, sizeof name);
    uf_frame_place(heap, frame, generic, place, sizeof place);
    if (name[0])
        snprintf(text, sizeof text, "local '%s' of %s", name, place);
    else
        snprintf(text, sizeof text, "temporary value of %s", place);
    return uf_utf8_cut(ret, size, text);
}

/* Takes references one by one: to append them, to note which are there, or to name the one asked for. */
struct sink {
    const struct uf_heap *heap;
    uf_refs *refs;            /* NULL: not appending */
    struct uf_frame_key *key; /* NULL: not noting */
    uint32_t left;
    struct uf_frame_ref_name *name;
};

enum { GO_ON, FOUND, OUT_OF_MEMORY = -1 };

static void note(struct uf_frame_key *key, bool held)
{
    uint32_t place = key->places++;
    if (place < UF_FRAME_KEY_WORDS * 64)
        key->held[place / 64] |= (uint64_t)held << place % 64;
    key->count += held;
}

static int put(struct sink *sink, uint64_t value, const char *field)
{
    if (sink->key != NULL) {
        note(sink->key, value != 0);
        return GO_ON;
    }
    if (value == 0)
        return GO_ON;
    if (sink->refs != NULL)
        return uf_vec_push(sink->refs, value) ? OUT_OF_MEMORY : GO_ON;
    if (sink->left-- > 0)
        return GO_ON;
    sink->name->is_local = false;
    snprintf(sink->name->text, sizeof sink->name->text, "%s", field);
    snprintf(sink->name->generic, sizeof sink->name->generic, "%s", field);
    return FOUND;
}

static int put_slots(struct sink *sink, const struct uf_frame *frame)
{
    if (sink->key != NULL) {
        sink->key->code = frame->info.address;
        sink->key->offset_bytes = frame->offset_bytes;
    }
    for (uint32_t i = 0; i < frame->slot_count && uf_spend(sink->heap, 1); i++) {
        bool counted;
        uint64_t value = uf_frame_slot(sink->heap, frame, i, &counted);
        int status = put(sink, value, "local");
        if (status == FOUND) {
            struct uf_frame_ref_name *name = sink->name;
            name->is_local = true;
            uf_frame_slot_name(sink->heap, frame, i, false, name->text, sizeof name->text);
            uf_frame_slot_name(sink->heap, frame, i, true, name->generic, sizeof name->generic);
        }
        if (status != GO_ON)
            return status;
    }
    return GO_ON;
}

#define PUT(value, field)                                                                          \
    do {                                                                                           \
        int status_ = put(sink, (value), (field));                                                 \
        if (status_ != GO_ON)                                                                      \
            return status_;                                                                        \
    } while (0)

/* What the owner of an interpreter's frame holds through it (_PyFrame_Traverse, Python/frame.c). Of one
 * that is executing, the locals belong to the thread that runs it. */
static int put_frame(struct sink *sink, const struct uf_frame *frame)
{
    PUT(frame->object, "frame object");
    PUT(frame->locals, ".f_locals");
    PUT(frame->function, "function");
    PUT(frame->code, "code");
    return frame->executing ? GO_ON : put_slots(sink, frame);
}

static int put_frame_object(struct sink *sink, uint64_t object)
{
    const struct uf_source *source = sink->heap->source;
    const struct uf_layout_runtime *r = &sink->heap->config.layout->runtime;
    struct uf_frame frame;

    PUT(uf_source_word(source, object + r->frame_object.back), ".f_back");
    PUT(uf_source_word(source, object + r->frame_object.trace), ".f_trace");
    if (r->frame_object.frame == UF_NO_OFFSET) {
        if (!uf_frame_read(sink->heap, object, &frame))
            return GO_ON;
        PUT(frame.code, ".f_code");
        PUT(frame.builtins, ".f_builtins");
        PUT(frame.globals, ".f_globals");
        PUT(frame.locals, ".f_locals");
        return put_slots(sink, &frame);
    }
    if (r->frame_object.extra_locals != UF_NO_OFFSET) {
        PUT(uf_source_word(source, object + r->frame_object.extra_locals), "extra locals");
        PUT(uf_source_word(source, object + r->frame_object.locals_cache), "cached locals");
    }
    if (r->frame_object.overwritten_fast_locals != UF_NO_OFFSET)
        PUT(uf_source_word(source, object + r->frame_object.overwritten_fast_locals),
            "overwritten locals");
    if (!uf_frame_read(sink->heap, uf_source_word(source, object + r->frame_object.frame),
                       &frame) ||
        frame.owner != UF_FRAME_OF_OBJECT)
        return GO_ON;
    return put_frame(sink, &frame);
}

static int put_exception(struct sink *sink, uint64_t item)
{
    const struct uf_source *source = sink->heap->source;
    const struct uf_layout_runtime *r = &sink->heap->config.layout->runtime;

    if (r->exc_item.type != UF_NO_OFFSET) {
        PUT(uf_source_word(source, item + r->exc_item.type), "type of the exception being handled");
        PUT(uf_source_word(source, item + r->exc_item.traceback),
            "traceback of the exception being handled");
    }
    PUT(uf_source_word(source, item + r->exc_item.value), "exception being handled");
    return GO_ON;
}

static int put_generator(struct sink *sink, uint64_t object, enum uf_generator_kind kind)
{
    static const char *const code_names[] = {".gi_code", ".cr_code", ".ag_code"};
    static const char *const frame_names[] = {".gi_frame", ".cr_frame", ".ag_frame"};
    static const char *const hook_names[] = {"origin", ".cr_origin", "finalizer"};
    const struct uf_source *source = sink->heap->source;
    const struct uf_layout_runtime *r = &sink->heap->config.layout->runtime;
    struct uf_frame frame;
    int status = GO_ON;

    PUT(uf_source_word(source, object + r->generator.name), ".__name__");
    PUT(uf_source_word(source, object + r->generator.qualname), ".__qualname__");
    if (r->generator.code != UF_NO_OFFSET)
        PUT(uf_source_word(source, object + r->generator.code), code_names[kind]);
    if (r->generator.state == UF_NO_OFFSET) {
        PUT(uf_source_word(source, object + r->generator.frame), frame_names[kind]);
        if (kind != UF_GENERATOR)
            PUT(uf_source_word(source,
                               object + (kind == UF_COROUTINE ? r->generator.coroutine_origin
                                                              : r->generator.async_finalizer)),
                hook_names[kind]);
        return put_exception(sink, object + r->generator.exc_state);
    }
    const int8_t *state = uf_source_view(source, object + r->generator.state, 1);
    if (state != NULL && uf_frame_read(sink->heap, object + r->generator.frame, &frame)) {
        if (*state != r->generator.state_cleared)
            status = put_frame(sink, &frame);
        else if (r->generator.code == UF_NO_OFFSET) /* it keeps its code to the end (gen_dealloc) */
            status = put(sink, frame.code, code_names[kind]);
    }
    if (status != GO_ON)
        return status;
    if (kind != UF_GENERATOR) /* a plain generator leaves it as it was in memory (make_gen) */
        PUT(uf_source_word(source, object + r->generator.origin_or_finalizer), hook_names[kind]);
    return put_exception(sink, object + r->generator.exc_state);
}

int uf_frame_object_refs(const struct uf_heap *heap, uint64_t object, uf_refs *refs)
{
    struct sink sink = {.heap = heap, .refs = refs};
    return put_frame_object(&sink, object);
}

int uf_generator_refs(const struct uf_heap *heap, uint64_t object, enum uf_generator_kind kind,
                      uf_refs *refs)
{
    struct sink sink = {.heap = heap, .refs = refs};
    return put_generator(&sink, object, kind);
}

bool uf_frame_object_ref_name(const struct uf_heap *heap, uint64_t object, uint32_t ordinal,
                              struct uf_frame_ref_name *ret)
{
    struct sink sink = {.heap = heap, .left = ordinal, .name = ret};
    return put_frame_object(&sink, object) == FOUND;
}

bool uf_generator_ref_name(const struct uf_heap *heap, uint64_t object, enum uf_generator_kind kind,
                           uint32_t ordinal, struct uf_frame_ref_name *ret)
{
    struct sink sink = {.heap = heap, .left = ordinal, .name = ret};
    return put_generator(&sink, object, kind) == FOUND;
}

static bool is_key(const struct uf_frame_key *key)
{
    return key->places <= UF_FRAME_KEY_WORDS * 64;
}

bool uf_frame_object_key(const struct uf_heap *heap, uint64_t object, struct uf_frame_key *ret)
{
    struct sink sink = {.heap = heap, .key = ret};
    memset(ret, 0, sizeof *ret);
    return put_frame_object(&sink, object) == GO_ON && is_key(ret);
}

bool uf_generator_key(const struct uf_heap *heap, uint64_t object, enum uf_generator_kind kind,
                      struct uf_frame_key *ret)
{
    struct sink sink = {.heap = heap, .key = ret};
    memset(ret, 0, sizeof *ret);
    return put_generator(&sink, object, kind) == GO_ON && is_key(ret);
}
