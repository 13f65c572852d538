#include "pyext/stack_walk.h"

#include "cpython/code.h"
#include "cpython/str.h"

struct uf_stack_cache uf_stack_last;
PyInterpreterState *uf_stack_main_interpreter;

/* UTF-8 of a str, cut to fit. PyUnicode_AsUTF8() would allocate for text that is not ASCII. */
static void copy_text(char *ret, size_t size, PyObject *text)
{
    size_t len = 0;
    if (text && PyUnicode_Check(text))
        for (Py_ssize_t i = 0; i < PyUnicode_GET_LENGTH(text) && len + 5 < size; i++)
            len += uf_utf8_put(ret + len, PyUnicode_READ_CHAR(text, i));
    ret[len] = 0;
}

static uint32_t line_of(uf_own_frame *frame, PyCodeObject *code)
{
    int64_t offset = uf_frame_offset_bytes(frame, code);
    int line = 0;
    if (offset >= 0)
        line = uf_code_line_in_table(
            UF_LINE_FORM, (const uint8_t *)PyBytes_AS_STRING(code->co_linetable),
            (size_t)PyBytes_GET_SIZE(code->co_linetable), code->co_firstlineno, (uint64_t)offset);
    return (uint32_t)(line ? line : code->co_firstlineno);
}

/* The site of a frame that no step was remembered for. */
static uint32_t enter(struct uf_tracing *tracing, uint32_t parent, uf_own_frame *frame)
{
    char file[1024], name[256];
    PyCodeObject *code = uf_frame_code(frame);
    uint32_t site = parent;
    if (code) {
        copy_text(file, sizeof file, code->co_filename);
        copy_text(name, sizeof name, uf_code_name(code));
        uint32_t function =
            uf_sites_function(&tracing->sites, file, name, (uint32_t)code->co_firstlineno);
        if (function == UF_SITE_FAILED)
            return UF_SITE_FAILED;
        site = uf_sites_enter(&tracing->sites, parent, function, line_of(frame, code));
        if (site == UF_SITE_FAILED)
            return UF_SITE_FAILED;
        /* A code object is no block of the collector's: it begins where its block does. */
        uf_blocks_mark(&tracing->blocks, (uint64_t)(uintptr_t)code);
    }
    uf_sites_remember(&tracing->sites, parent, uf_frame_position(frame), site);
    return site;
}

/* Nothing is known: no stack is as short as the last one, which ends with no frame at all. */
static void forget_last(void)
{
    static uf_own_frame *const nowhere = (uf_own_frame *)1; // NOLINT
    uf_stack_last.depth = 0;
    uf_stack_last.at[0].frame = nowhere;
}

/* Enters the frames from number `from` on, whose callers are known, into the last stack. */
static uint32_t enter_from(struct uf_tracing *tracing, size_t from)
{
    struct uf_stack_cache *last = &uf_stack_last;
    uint32_t site = from > 1 ? last->sites[from - 1] : UF_SITE_NONE;
    for (size_t i = from; i <= last->depth; i++) {
        uf_own_frame *frame = (uf_own_frame *)(uintptr_t)last->at[i].frame; // NOLINT
        last->at[i].position = uf_frame_position(frame);
        uint32_t next = uf_sites_step(&tracing->sites, site, last->at[i].position);
        if (next == UF_SITE_FAILED)
            next = enter(tracing, site, frame);
        if (next == UF_SITE_FAILED) {
            forget_last();
            return UF_SITE_NONE;
        }
        last->sites[i] = site = next;
    }
    return last->site = site;
}

/* The whole stack, one frame after the other. */
static uint32_t walk_all(struct uf_tracing *tracing, uf_own_frame *innermost)
{
    struct uf_stack_cache *last = &uf_stack_last;
    uf_own_frame *frames[UF_STACK_FRAMES_MAX], *frame = innermost;
    size_t depth = 0, same = 0;
    while (frame && depth < UF_STACK_FRAMES_MAX) {
        frames[depth++] = frame;
        frame = uf_frame_caller(frame);
    }
    if (last->at[0].frame == frame) /* the positions alone decide, wherever the frames are */
        while (same < depth && same < last->depth &&
               last->at[same + 1].position == uf_frame_position(frames[depth - 1 - same]))
            same++;
    last->at[0].frame = frame;
    last->depth = depth;
    for (size_t i = 1; i <= depth; i++)
        last->at[i].frame = frames[depth - i];
    return enter_from(tracing, same + 1);
}

#define NEW_MAX 6  /* frames on top of the last stack ... */
#define LEFT_MAX 4 /* ... or gone from it, for which it pays to look */

/* Where in the last stack a frame is, among its innermost; 0: not there. */
static size_t place_of(const uf_own_frame *frame)
{
    const struct uf_stack_cache *last = &uf_stack_last;
    for (size_t i = 0; i <= LEFT_MAX && i < last->depth; i++)
        if (last->at[last->depth - i].frame == frame)
            return last->depth - i;
    return 0;
}

uint32_t uf_stack_walk(struct uf_tracing *tracing, uf_own_frame *innermost)
{
    struct uf_stack_cache *last = &uf_stack_last;
    const uf_own_frame *fresh[NEW_MAX], *frame = innermost;
    size_t new_count = 0, place = 0, changed;
    while (frame && new_count < NEW_MAX && (place = place_of(frame)) == 0) {
        fresh[new_count++] = frame;
        frame = uf_frame_caller(frame);
    }
    bool is_cut = last->at[0].frame != NULL;
    if (place == 0 || place + new_count > UF_STACK_FRAMES_MAX ||
        (is_cut && place + new_count != last->depth))
        return walk_all(tracing, innermost);
    changed = place + 1; /* the outermost that stands elsewhere now */
    for (size_t i = place; i > 0; i--) {
        const uf_own_frame *kept = last->at[i].frame;
        if (frame != kept)
            return walk_all(tracing, innermost);
        __asm__("" : "+r"(kept)); /* as in uf_stack_site() */
        if (uf_frame_position(kept) != last->at[i].position)
            changed = i;
        frame = uf_frame_caller(kept);
    }
    if (frame != last->at[0].frame)
        return walk_all(tracing, innermost);
    last->depth = place + new_count;
    for (size_t i = 0; i < new_count; i++)
        last->at[last->depth - i].frame = fresh[i];
    return enter_from(tracing, changed);
}

void uf_stack_code_died(struct uf_tracing *tracing, uint64_t block)
{
    uint64_t from, to;
    uf_code_positions((PyCodeObject *)(uintptr_t)block, &from, &to); // NOLINT
    uf_sites_forget(&tracing->sites, from, to);
    forget_last();
}

void uf_stack_reset(void)
{
    uf_stack_main_interpreter = PyInterpreterState_Main();
    forget_last();
}

uint32_t uf_tracing_site_now(struct uf_tracing *tracing)
{
    PyThreadState *thread = uf_stack_thread(false);
    return thread ? uf_stack_site(tracing, thread) : UF_SITE_NONE;
}
