#include "pyext/python_stack.h"

#include "cpython/code.h"
#include "cpython/read.h"
#include "cpython/str.h"
#include "pyext/python.h"

#define TEXT_BYTES 1024

static uint64_t word_at(uint64_t address)
{
    return uf_u64((const void *)(uintptr_t)address, 0); // NOLINT
}

uint64_t uf_python_stack_top(const struct uf_layout_runtime *layout)
{
    uint64_t thread = (uint64_t)(uintptr_t)PyGILState_GetThisThreadState();
    if (!thread)
        return 0;
    if (layout->thread.cframe == UF_NO_OFFSET)
        return word_at(thread + layout->thread.frame);
    uint64_t frames = word_at(thread + layout->thread.cframe);
    return frames ? word_at(frames + layout->thread.frame) : 0;
}

uint32_t uf_python_stack_read(const struct uf_layout_runtime *layout, uint64_t base, uint64_t *ret,
                              uint32_t most)
{
    const uint64_t untagged = ~(uint64_t)layout->frame.tag_mask;
    uint32_t count = 0;
    uint64_t frame = uf_python_stack_top(layout);
    bool is_object = layout->frame_object.frame == UF_NO_OFFSET; /* 3.10: f_lasti, an int */
    while (frame && frame != base && count < most) {
        const void *view = (const void *)(uintptr_t)frame; // NOLINT
        frame = uf_u64(view, layout->frame.previous);
        /* one where C code calls Python (3.12+) runs none itself */
        if (!is_object && (int8_t)uf_u8(view, layout->frame.owner) >= layout->owned_by_interpreter)
            continue;
        ret[(size_t)count * 2] = uf_u64(view, layout->frame.code) & untagged;
        ret[(size_t)count * 2 + 1] = is_object ? uf_u32(view, layout->frame.instruction)
                                               : uf_u64(view, layout->frame.instruction);
        count++;
    }
    return count;
}

static char *text_of(const struct uf_heap *heap, uint64_t string)
{
    char text[TEXT_BYTES];
    return uf_str_copy(heap, string, text, sizeof text) ? uf_mem_strdup(text) : NULL;
}

int uf_python_stack_name(const struct uf_heap *heap, const uint64_t *pairs, uint32_t count,
                         uf_stack_frames *ret)
{
    const struct uf_layout_runtime *layout = &heap->config.layout->runtime;
    for (uint32_t i = 0; i < count; i++) {
        struct uf_code_info code;
        uint64_t instruction = pairs[(size_t)i * 2 + 1];
        if (!uf_code_read(heap, pairs[(size_t)i * 2], &code))
            continue;
        int64_t offset = code.first_instruction == 0
                             ? (int64_t)(int32_t)instruction * layout->code.instruction_unit
                             : (int64_t)(instruction - code.first_instruction);
        struct uf_stack_frame frame = {.file = text_of(heap, code.filename),
                                       .function = text_of(heap, code.qualname)};
        int line = uf_code_line(heap, &code, offset);
        frame.line = line > 0 ? (uint32_t)line : 0;
        if (uf_vec_push(ret, frame)) {
            uf_mem_free(frame.file);
            uf_mem_free(frame.function);
            return -1;
        }
    }
    return 0;
}
