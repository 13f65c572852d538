#include "cpython/roots.h"

#include "cpython/decode.h"
#include "cpython/frames.h"
#include "cpython/read.h"
#include "cpython/sound.h"
#include "cpython/str.h"
#include "cpython/threads.h"

#include <stdio.h>

#define INTERPRETERS_MAX ((uint32_t)1 << 16)
#define THREADS_MAX ((size_t)1 << 16)
#define FRAMES_MAX ((size_t)1 << 16)
#define ROOTS_MAX ((size_t)1 << 24)
#define ATEXIT_MAX ((uint32_t)1 << 20)
#define STEPS_OF_ROOT 4 /* for they are kept */
#define NAME_BYTES 256

struct collector {
    struct uf_roots *roots;
    struct uf_heap *heap;
    struct uf_strings *strings;
    int64_t id; /* of the interpreter whose roots are being collected: heap->config.interpreter */
    uint64_t state; /* the structure whose fields are being read */
    uint32_t name;  /* of the thread */
};

static uint64_t word(const struct collector *c, uint64_t address)
{
    return uf_source_word(c->heap->source, address);
}

static bool is_none(const struct collector *c, uint64_t object)
{
    return word(c, object + c->heap->objects->object.type) ==
           c->heap->config.known->type[UF_KNOWN_NONE_TYPE];
}

/* 0, or -1 when memory is out. What cannot be an object is left out, and None, of which every empty
 * field would be a root. */
static int add(struct collector *c, enum uf_root_source source, uint64_t object, uint32_t name,
               uint32_t label, bool counted)
{
    if (object == 0 || object % 8 != 0 || c->roots->list.len >= ROOTS_MAX || is_none(c, object) ||
        !uf_spend(c->heap, STEPS_OF_ROOT))
        return 0;
    struct uf_root root = {.object = object,
                           .name = name,
                           .label = label,
                           .source = (uint8_t)source,
                           .counted = counted};
    return uf_vec_push(&c->roots->list, root);
}

static int enter(struct collector *c, const char *text, uint32_t *number)
{
    bool kept = text && text[0] && uf_spend(c->heap, 1 + strlen(text) / STEPS_OF_ROOT);
    *number = kept ? uf_strings_add_z(c->strings, text) : 0;
    return *number == UF_STRING_NONE ? -1 : 0;
}

/* The same for the name of a root: of another interpreter than the first, it says which. */
static int enter_name(struct collector *c, const char *text, uint32_t *number)
{
    char with_id[NAME_BYTES], name[201];
    if (c->id == 0)
        return enter(c, text, number);
    uf_utf8_cut(name, sizeof name, text ? text : "");
    snprintf(with_id, sizeof with_id, "%s (interpreter %lld)", name, (long long)c->id);
    return enter(c, with_id, number);
}

/* sys.modules owns what it lists, so these roots count no reference of their own. */
static int add_modules(struct collector *c)
{
    const struct uf_heap_config *config = &c->heap->config;
    uint64_t modules = word(c, config->interpreter + config->layout->runtime.interpreter.modules);
    struct uf_dict_table table;

    if (!modules || !uf_dict_table(c->heap, modules, &table))
        return 0;
    for (uint64_t i = 0; i < table.count && uf_spend(c->heap, 1); i++) {
        uint64_t entry = table.entries + i * table.entry_bytes;
        uint64_t key = word(c, entry + table.key);
        uint64_t value = table.values ? word(c, table.values + i * 8)
                                      : word(c, entry + table.value);
        char text[NAME_BYTES];
        uint32_t name;

        if (!key || !value)
            continue;
        uf_str_copy(c->heap, key, text, sizeof text);
        if (enter_name(c, text[0] ? text : "?", &name) ||
            add(c, UF_FROM_MODULE, value, name, 0, false))
            return -1;
    }
    return 0;
}

static int add_field_objects(struct collector *c, uint64_t at, uint64_t count, uint64_t stride,
                             uint32_t name, uint32_t label, enum uf_root_source source)
{
    for (uint64_t i = 0; i < count && uf_spend(c->heap, 1); i++)
        if (add(c, source, word(c, at + i * stride), name, label, true))
            return -1;
    return 0;
}

static int add_fields(struct collector *c, const struct uf_root_field *fields,
                      enum uf_root_source source)
{
    const uint32_t interned = c->heap->config.layout->runtime.interpreter.interned;

    for (const struct uf_root_field *f = fields; f->name != NULL; f++) {
        uint64_t at = c->state + f->offset, count = f->count, stride = 8;
        uint32_t name = c->name, label;
        bool cache = f->form == UF_FIELD_CACHED_NAMES ||
                     (source == UF_FROM_INTERPRETER && f->offset == interned);

        if ((source == UF_FROM_INTERPRETER && enter_name(c, f->name, &name)) ||
            enter(c, f->label, &label))
            return -1;
        if (f->form == UF_FIELD_POINTERS) {
            at = word(c, at);
            count = at ? word(c, c->state + f->length) : 0;
            if (count > ROOTS_MAX)
                continue;
        } else if (f->form == UF_FIELD_CACHED_NAMES) {
            stride = f->stride;
        }
        if (add_field_objects(c, at, count, stride, name, label, cache ? UF_FROM_CACHE : source))
            return -1;
    }
    return 0;
}

/* Modules/atexitmodule.c, 3.10 to 3.13; a removed callback leaves NULL. */
static int add_atexit(struct collector *c)
{
    static const char *const labels[] = {"callback", "arguments of callback",
                                         "keyword arguments of callback"};
    const struct uf_layout_runtime *r = &c->heap->config.layout->runtime;
    uint32_t name, label[3];

    if (r->interpreter.atexit_callbacks == UF_NO_OFFSET)
        return 0;
    uint64_t array = word(c, c->state + r->interpreter.atexit_callbacks);
    uint32_t count = (uint32_t)word(c, c->state + r->interpreter.atexit_count);
    if (!array || count > ATEXIT_MAX)
        return 0;
    if (enter_name(c, "atexit", &name))
        return -1;
    for (int part = 0; part < 3; part++)
        if (enter(c, labels[part], &label[part]))
            return -1;
    for (uint32_t i = 0; i < count && uf_spend(c->heap, 1); i++) {
        uint64_t callback = word(c, array + (uint64_t)i * 8);
        for (uint64_t part = 0; callback && part < 3; part++)
            if (add(c, UF_FROM_INTERPRETER, word(c, callback + part * 8), name, label[part], true))
                return -1;
    }
    return 0;
}

static int add_part(struct collector *c, const struct uf_frame *frame, uint64_t object,
                    const char *what, bool counted)
{
    char place[200], text[260];
    uint32_t label;

    if (!object)
        return 0;
    uf_frame_place(c->heap, frame, false, place, sizeof place);
    snprintf(text, sizeof text, "%s of %s", what, place);
    return enter(c, text, &label) || add(c, UF_FROM_THREAD, object, c->name, label, counted);
}

static int add_slots(struct collector *c, const struct uf_frame *frame, bool counted_here)
{
    for (uint32_t i = 0; i < frame->slot_count && uf_spend(c->heap, 1); i++) {
        char text[260];
        uint32_t label;
        bool counted;
        uint64_t value = uf_frame_slot(c->heap, frame, i, &counted);

        if (!value)
            continue;
        uf_frame_slot_name(c->heap, frame, i, false, text, sizeof text);
        if (enter(c, text, &label) ||
            add(c, UF_FROM_THREAD, value, c->name, label, counted && counted_here))
            return -1;
    }
    return 0;
}

static int add_frame(struct collector *c, uint64_t address)
{
    bool objects = c->heap->config.layout->runtime.frame_object.frame == UF_NO_OFFSET;
    struct uf_frame frame;

    if (!uf_frame_read(c->heap, address, &frame) || !frame.code)
        return 0;
    /* A generator reports what its frame holds, except for the locals while it runs. */
    bool generator = frame.owner == UF_FRAME_OF_GENERATOR;
    if (add_slots(c, &frame, !objects && (!generator || frame.executing)))
        return -1;
    if (objects) /* 3.10: the frame object owns all; the C stack owns it, unless a generator does */
        return add_part(c, &frame, address, "frame", !generator);
    return add_part(c, &frame, frame.locals, "namespace", !generator) ||
           add_part(c, &frame, frame.object, "frame", !generator) ||
           add_part(c, &frame, frame.function, "function", !generator && frame.function_counted) ||
           add_part(c, &frame, frame.code, "code", !generator && frame.code_counted);
}

/* Outermost first: an object that a caller hands down is shown where it comes from. */
static int add_frames(struct collector *c)
{
    const struct uf_layout_runtime *r = &c->heap->config.layout->runtime;
    uint64_t holder = c->state;
    UF_VEC(uint64_t) frames = {0};
    struct uf_circle circle = {0};
    int status = 0;

    if (r->thread.cframe != UF_NO_OFFSET)
        holder = word(c, c->state + r->thread.cframe);
    for (uint64_t at = holder ? word(c, holder + r->thread.frame) : 0;
         at && frames.len < FRAMES_MAX && !uf_runs_in_circle(&circle, at);
         at = word(c, at + r->frame.previous))
        if ((status = uf_vec_push(&frames, at)) != 0)
            break;
    while (frames.len > 0 && status == 0)
        status = add_frame(c, frames.at[--frames.len]);
    uf_vec_release(&frames);
    return status;
}

static int add_threads(struct collector *c)
{
    const struct uf_heap_config *config = &c->heap->config;
    const struct uf_layout_runtime *r = &config->layout->runtime;
    UF_VEC(uint64_t) threads = {0};
    struct uf_circle circle = {0};
    int status = 0;

    for (uint64_t at = word(c, config->interpreter + r->interpreter.threads_head);
         at && threads.len < THREADS_MAX && !uf_runs_in_circle(&circle, at);
         at = word(c, at + r->thread.next))
        if ((status = uf_vec_push(&threads, at)) != 0)
            break;
    while (threads.len > 0 && status == 0) { /* the list is newest first */
        char name[128];
        c->state = threads.at[--threads.len];
        uf_thread_name(c->heap, word(c, c->state + r->thread.thread_id), name, sizeof name);
        status = enter_name(c, name, &c->name) || add_frames(c) ||
                         add_fields(c, r->thread.fields, UF_FROM_THREAD)
                     ? -1
                     : 0;
    }
    uf_vec_release(&threads);
    return status;
}

/* What another interpreter than the first keeps for a builtin type: no type object shows it. */
static int add_type_state(struct collector *c, uint64_t type, uint64_t dict, uint64_t subclasses)
{
    uint32_t number = uf_heap_type(c->heap, type), name, label;

    if (number == UINT32_MAX || enter_name(c, "builtin types", &name) ||
        enter(c, uf_heap_type_name(c->heap, number), &label))
        return -1;
    return add(c, UF_FROM_INTERPRETER, dict, name, label, true) ||
           add(c, UF_FROM_INTERPRETER, subclasses, name, label, true);
}

static int add_static_types(struct collector *c)
{
    const struct uf_heap_config *config = &c->heap->config;
    const struct uf_layout_runtime *r = &config->layout->runtime;

    for (int set = 0; set < 2; set++) {
        if (r->interpreter.static_types[set].at == UF_NO_OFFSET)
            continue;
        for (uint64_t i = 0; i < r->interpreter.static_types[set].max; i++) {
            uint64_t state = config->interpreter + r->interpreter.static_types[set].at +
                             i * r->interpreter.static_types[set].stride;
            uint64_t type = word(c, state + r->interpreter.static_types[set].type);
            if (add(c, UF_FROM_STATIC_TYPE, type, 0, 0, false))
                return -1;
            if (type && c->id != 0 &&
                add_type_state(c, type, word(c, state + r->interpreter.static_types[set].dict),
                               word(c, state + r->interpreter.static_types[set].subclasses)))
                return -1;
        }
    }
    return 0;
}

static int add_interpreter(struct collector *c)
{
    const struct uf_layout_runtime *r = &c->heap->config.layout->runtime;

    c->state = c->heap->config.interpreter;
    if (r->interpreter.interned != UF_NO_OFFSET) {
        uint64_t interned = word(c, c->state + r->interpreter.interned);
        bool known = !interned;
        for (size_t i = 0; i < c->roots->interned.len; i++) /* interpreters may share one */
            known |= c->roots->interned.at[i] == interned;
        if (!known && uf_vec_push(&c->roots->interned, interned))
            return -1;
    }
    return add_fields(c, r->interpreter.fields, UF_FROM_INTERPRETER) || add_atexit(c) ||
           add_static_types(c);
}

/* One kind of root of all interpreters. */
static int add_of_each(struct collector *c, const struct uf_heap_config *config,
                       int (*of_one)(struct collector *))
{
    int status = 0;

    for (uint32_t i = 0; i < uf_heap_interpreters(config) && status == 0; i++) {
        c->heap->config.interpreter = uf_heap_config_of(config, i).interpreter;
        c->id = i == 0 ? 0
                       : (int64_t)word(c, c->heap->config.interpreter +
                                              config->layout->runtime.interpreter.id);
        status = of_one(c);
    }
    c->heap->config.interpreter = config->interpreter;
    return status;
}

enum uf_code uf_roots_collect(struct uf_roots *roots, struct uf_heap *heap,
                              struct uf_strings *strings, struct uf_error *err)
{
    const struct uf_heap_config config = heap->config;
    struct collector c = {.roots = roots, .heap = heap, .strings = strings};

    if (add_of_each(&c, &config, add_modules) || add_of_each(&c, &config, add_threads) ||
        add_of_each(&c, &config, add_interpreter))
        return uf_error_nomem(err);
    c.state = config.runtime;
    c.id = 0;
    if (add_fields(&c, config.layout->runtime.runtime.fields, UF_FROM_INTERPRETER))
        return uf_error_nomem(err);
    return UF_OK;
}

uint32_t uf_roots_other_interpreters(const struct uf_heap_config *config)
{
    const struct uf_layout_runtime *r = &config->layout->runtime;
    uint64_t at = uf_source_word(config->source, config->runtime + r->runtime.interpreters_head);
    uint32_t others = 0;

    for (uint32_t i = 0; at && i < INTERPRETERS_MAX; i++) {
        others += at != config->interpreter;
        at = uf_source_word(config->source, at + r->interpreter.next);
    }
    return others;
}

void uf_roots_release(struct uf_roots *roots)
{
    uf_vec_release(&roots->list);
    uf_vec_release(&roots->interned);
}
