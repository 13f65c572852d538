#include "balance/mapped.h"

#include "balance/presence.h"
#include "balance/pymalloc.h"
#include "cpython/read.h"

#define PAGE UINT64_C(4096)
#define PAGE_UP(n) (((n) + PAGE - 1) & ~(PAGE - 1))

/* glibc malloc/malloc.c: the size has flags, of which only "mapped" is set. Since 2.43 it is without its head. */
#define CHUNK_FLAGS UINT64_C(7)
#define CHUNK_MAPPED UINT64_C(2)
#define CHUNK_HEAD UINT64_C(16)
#define CHUNK_LEAST (UINT64_C(32) << 10) /* of a mapping; smaller ones need a tuned threshold */

/* struct _PyStackChunk: previous, size, top, data; 16 KiB or so many times twice that */
#define FRAMES_LEAST (UINT64_C(16) << 10)
#define FRAMES_MOST (UINT64_C(1) << 30)
#define FRAMES_HEAD 24

/* struct pthread: begins with tcbhead_t, whose first and third word are its own address; 2304 bytes in
 * glibc 2.36 and some of them say where the stack is */
#define THREAD_ALIGN 64
#define THREAD_FIELDS 0x900
#define THREAD_BEHIND                                                                              \
    (UINT64_C(16) << 10) /* its own size and rounding, up to the end of the stack */
#define THREAD_FIRST (UINT64_C(256) << 10) /* what the loader maps for the first one is smaller */

struct look {
    struct uf_areas *areas;
    const struct uf_outside_memory *memory;
    struct uf_presence presence;
    struct uf_error *err;
    uint32_t stacks;
};

/* What begins at `at`, in a mapping that ends at `end`? `bytes` = 0: nothing of that kind. */
typedef void matcher(const struct look *look, const struct uf_mapping *mapping, uint64_t at,
                     uint64_t *start, uint64_t *bytes);

static void match_chunk(const struct look *look, const struct uf_mapping *mapping, uint64_t at,
                        uint64_t *start, uint64_t *bytes)
{
    const void *head = uf_source_view(look->memory->source, at, CHUNK_HEAD);
    uint64_t size = head ? uf_u64(head, 8) : 0, whole = size & ~CHUNK_FLAGS;
    if (!head || uf_u64(head, 0) != 0 || (size & CHUNK_FLAGS) != CHUNK_MAPPED)
        return;
    if (whole % PAGE == PAGE - CHUNK_HEAD)
        whole += CHUNK_HEAD;
    if (whole % PAGE || whole < CHUNK_LEAST || whole > mapping->end - at)
        return;
    *start = at;
    *bytes = whole;
}

static bool is_frames(const struct look *look, uint64_t at, uint64_t *previous, uint64_t *size)
{
    const void *head = uf_source_view(look->memory->source, at, FRAMES_HEAD);
    if (!head || at % PAGE)
        return false;
    *previous = uf_u64(head, 0);
    *size = uf_u64(head, 8);
    return *size >= FRAMES_LEAST && *size <= FRAMES_MOST && (*size & (*size - 1)) == 0 &&
           uf_u64(head, 16) <= (*size - FRAMES_HEAD) / sizeof(uint64_t);
}

static void match_frames(const struct look *look, const struct uf_mapping *mapping, uint64_t at,
                         uint64_t *start, uint64_t *bytes)
{
    uint64_t previous, size, before, before_size;
    if (!is_frames(look, at, &previous, &size) || size > mapping->end - at)
        return;
    if (previous && !is_frames(look, previous, &before, &before_size))
        return;
    *start = at;
    *bytes = size;
}

/* Fields of the thread at `at`: where its stack begins and how large it is, guard included. */
static void match_stack(const struct look *look, const struct uf_mapping *mapping, uint64_t at,
                        uint64_t *start, uint64_t *bytes)
{
    const struct uf_source *source = look->memory->source;
    const void *head = uf_source_view(source, at, 24);
    if (!head || uf_u64(head, 0) != at || uf_u64(head, 16) != at)
        return;
    for (uint64_t field = 24; field + 16 <= THREAD_FIELDS; field += 8) {
        uint64_t block = uf_source_word(source, at + field);
        uint64_t size = uf_source_word(source, at + field + 8), end = block + size;
        if (block && block % PAGE == 0 && size && size % PAGE == 0 && block < at && end > at &&
            end <= mapping->end && end - at <= THREAD_BEHIND) {
            *start = block;
            *bytes = size;
            return;
        }
    }
    if (mapping->end - mapping->start <= THREAD_FIRST) {
        *start = mapping->start;
        *bytes =
            0; /* the first thread's: it has no stack of its own, the mapping is the loader's */
    }
}

static enum uf_code add(struct look *look, uint64_t start, uint64_t bytes, enum uf_area_kind kind)
{
    struct uf_error ignored;
    enum uf_code code =
        uf_areas_add_whole(look->areas, start, start + bytes, kind, 0, UF_USE_TAKEN, &ignored);
    look->stacks += kind == UF_AREA_STACK && !code;
    return code == UF_ENOMEM ? uf_error_nomem(look->err) : UF_OK;
}

static enum uf_code look_through(struct look *look, const struct uf_mapping *mapping,
                                 enum uf_area_kind kind, matcher *match, uint64_t step)
{
    uint64_t at = mapping->start, here, behind;
    enum uf_code code;
    while (at < mapping->end &&
           uf_presence_next(&look->presence, at, mapping->end, &here, &behind)) {
        for (at = here; at < behind;) {
            const struct uf_area *other = uf_areas_find(look->areas, at);
            uint64_t start = 0, bytes = 0;
            if (other) {
                at = (other->end + step - 1) & ~(step - 1);
                continue;
            }
            match(look, mapping, at, &start, &bytes);
            if (bytes && (code = add(look, start, bytes, kind)))
                return code;
            if (start && !bytes && (code = add(look, start, mapping->end - start, UF_AREA_THREAD)))
                return code;
            at += step;
        }
    }
    return UF_OK;
}

static enum uf_code look_everywhere(struct look *look, enum uf_area_kind kind, matcher *match,
                                    uint64_t step)
{
    const struct uf_mappings *mappings = look->memory->mappings;
    enum uf_code code = UF_OK;
    for (size_t i = 0; i < mappings->list.len && !code; i++)
        if (uf_pymalloc_may_lie(mappings, &mappings->list.at[i]))
            code = look_through(look, &mappings->list.at[i], kind, match, step);
    return code;
}

enum uf_code uf_mapped_chunks(struct uf_areas *areas, const struct uf_outside_memory *memory,
                              struct uf_error *err)
{
    struct look look = {areas, memory, {&memory->mappings->pages, 0}, err, 0};
    return look_everywhere(&look, UF_AREA_CHUNK, match_chunk, PAGE);
}

enum uf_code uf_mapped_frames(struct uf_areas *areas, const struct uf_outside_memory *memory,
                              struct uf_error *err)
{
    struct look look = {areas, memory, {&memory->mappings->pages, 0}, err, 0};
    return look_everywhere(&look, UF_AREA_FRAMES, match_frames, PAGE);
}

enum uf_code uf_mapped_stacks(struct uf_areas *areas, const struct uf_outside_memory *memory,
                              uint32_t *stacks, struct uf_error *err)
{
    struct look look = {areas, memory, {&memory->mappings->pages, 0}, err, 0};
    enum uf_code code = look_everywhere(&look, UF_AREA_STACK, match_stack, THREAD_ALIGN);
    *stacks = look.stacks;
    return code;
}
