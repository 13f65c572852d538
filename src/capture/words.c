#include "capture/words.h"

#include "cpython/blocks.h"

#include <link.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)1 << 20)
#define TAIL_BYTES 16384  /* of a thread's stack, in which its block lies */
#define STACK_BYTES 65536 /* of it that is looked through: what threads use that wait */
#define PAGE ((uint64_t)4096)
/* a chunk with a mapping of its own, and the heaps of threads: glibc 2.36 malloc/malloc.c, arena.c */
#define CHUNK_FLAGS ((uint64_t)7)
#define CHUNK_BEFORE_IN_USE ((uint64_t)1)
#define CHUNK_MAPPED ((uint64_t)2)
#define CHUNK_OF_THREAD ((uint64_t)4)
#define CHUNK_HEAD ((uint64_t)16)
#define HEAP_BYTES ((uint64_t)64 << 20)
#define POOL_BYTES UF_POOL_BYTES(0x030a0000) /* the same in all versions that this runs inside of */
/* stacks of frames: 3.11 and later, Python/pystate.c (_PyStackChunk, DATA_STACK_CHUNK_SIZE) */
#define FRAMES_LEAST ((uint64_t)16 << 10)
#define FRAMES_MOST ((uint64_t)1 << 30)

struct walk {
    int memory;
    const struct uf_words_except *except;
    uint64_t left; /* bytes that may still be read */
    bool complete;
    uf_words_visit visit;
    void *context;
    uint64_t *buffer; /* BUFFER_BYTES */
    uint64_t *pool;   /* POOL_BYTES */
};

static int visit_range(struct walk *walk, uint64_t from, uint64_t to, uint8_t place,
                       const char *library)
{
    int status = 0;
    for (uint64_t at = from; at < to && !status;) {
        uint64_t size = to - at < BUFFER_BYTES ? to - at : BUFFER_BYTES;
        if (size > walk->left) {
            walk->complete = false;
            return 0;
        }
        walk->left -= size;
        size_t got = uf_own_memory_read(walk->memory, at, walk->buffer, (size_t)size);
        struct uf_words words = {.address = at,
                                 .words = walk->buffer,
                                 .count = got / sizeof(uint64_t),
                                 .library = library,
                                 .place = place};
        if (words.count)
            status = walk->visit(walk->context, &words);
        at += size;
    }
    return status;
}

static int visit_run(struct walk *walk, uint64_t from, uint64_t to, uint8_t place,
                     const char *library)
{
    const struct uf_words_except *except = walk->except;
    if (except->end <= from || to <= except->start)
        return visit_range(walk, from, to, place, library);
    int status = visit_range(walk, from, except->start, place, library);
    return status ? status : visit_range(walk, except->end, to, place, library);
}

/* Fills the buffer from `at`, at most to `end`; the bytes read. */
static uint64_t refill(struct walk *walk, uint64_t at, uint64_t end)
{
    uint64_t size = end - at < BUFFER_BYTES ? end - at : BUFFER_BYTES;
    return uf_own_memory_read(walk->memory, at, walk->buffer, (size_t)size);
}

/* A chunk that lies in the buffer, which begins at `base`. */
static int visit_chunk(struct walk *walk, uint64_t chunk, uint64_t bytes, uint64_t base)
{
    /* the chunk's last word is the first of the next one's head */
    uint64_t from = chunk + CHUNK_HEAD, to = chunk + bytes + 8;
    struct uf_words words = {.address = from,
                             .words = walk->buffer + (from - base) / 8,
                             .count = (to - from) / 8,
                             .place = UF_WORDS_MALLOC};
    return walk->visit(walk->context, &words);
}

static bool is_left_out_range(const struct walk *walk, uint64_t from, uint64_t to)
{
    return from < walk->except->end && walk->except->start < to;
}

/* The heap is a row of chunks; each says whether the one before it is in use. What is free, as the last
 * one is, shows what was there before. Chunks in the caches of threads seem in use. */
static int visit_heap(struct walk *walk, uint64_t start, uint64_t end)
{
    uint64_t chunk = start, base = start, filled = 0, next_head[2];
    int status = 0;
    while (!status && chunk + 2 * CHUNK_HEAD <= end) {
        if (walk->left < BUFFER_BYTES) {
            walk->complete = false;
            return 0;
        }
        if (chunk - base + CHUNK_HEAD > filled) {
            base = chunk;
            filled = refill(walk, chunk, end);
            walk->left -= filled;
            if (filled < CHUNK_HEAD)
                return 0;
        }
        uint64_t bytes = walk->buffer[(chunk - base) / 8 + 1] & ~CHUNK_FLAGS, next = chunk + bytes;
        if (bytes < 2 * CHUNK_HEAD || bytes % CHUNK_HEAD || next < chunk || next > end)
            return visit_run(walk, chunk, end, UF_WORDS_MALLOC, NULL); /* no row of chunks */
        if (next + CHUNK_HEAD > end)
            return 0;
        if (next - base + CHUNK_HEAD <= filled)
            next_head[1] = walk->buffer[(next - base) / 8 + 1];
        else if (uf_own_memory_read(walk->memory, next, next_head, sizeof next_head) !=
                 sizeof next_head)
            return 0;
        if (next_head[1] & CHUNK_BEFORE_IN_USE) {
            if (is_left_out_range(walk, chunk, next) || next + 8 - base > filled) {
                status = visit_run(walk, chunk + CHUNK_HEAD, next + 8, UF_WORDS_MALLOC, NULL);
                filled = 0; /* the buffer was used */
                base = next;
            } else {
                status = visit_chunk(walk, chunk, bytes, base);
            }
        }
        chunk = next;
    }
    return status;
}

/* The first words of a page tell what begins there. */
static bool read_head(struct walk *walk, uint64_t at, uint64_t *words, size_t count)
{
    return uf_own_memory_read(walk->memory, at, words, count * sizeof *words) ==
           count * sizeof *words;
}

/* Bytes of the malloc chunk that has a mapping of its own at `at`; 0: there is none. */
static uint64_t mapped_chunk(const uint64_t *head, uint64_t room)
{
    uint64_t bytes = head[1] & ~CHUNK_FLAGS;
    bool fits = bytes >= PAGE && bytes % PAGE == 0 && bytes <= room;
    return head[0] == 0 && (head[1] & CHUNK_FLAGS) == CHUNK_MAPPED && fits ? bytes : 0;
}

/* struct _heap_info {arena, previous, size, mprotect_size} at a multiple of HEAP_MAX_SIZE */
static uint64_t thread_heap(uint64_t at, const uint64_t *head, uint64_t room)
{
    if (at % HEAP_BYTES || head[0] == 0 || head[0] % 16 || head[1] % HEAP_BYTES)
        return 0;
    uint64_t bytes = head[2];
    return bytes >= PAGE && bytes % PAGE == 0 && bytes <= HEAP_BYTES && bytes <= head[3] &&
                   head[3] <= HEAP_BYTES && bytes <= room
               ? bytes
               : 0;
}

/* struct _stack_chunk {previous, size, top}: bytes in use */
static uint64_t frame_stack(const uint64_t *head, uint64_t room)
{
    uint64_t bytes = head[1], top = head[2];
    bool power = bytes >= FRAMES_LEAST && bytes <= FRAMES_MOST && (bytes & (bytes - 1)) == 0;
    bool fits = power && bytes <= room && top > 0 && top <= bytes / 8 && head[0] % PAGE == 0;
    return fits ? bytes : 0;
}

/* Marks the freed blocks: they are linked through their first words. */
static void mark_free(const uint64_t *pool, uint64_t at, uint64_t size, uint8_t *is_free)
{
    const struct uf_pool_head *head = (const void *)pool;
    uint64_t free = head->free, limit = POOL_BYTES / 16;
    while (free && free / POOL_BYTES == at / POOL_BYTES && limit-- > 0) {
        uint64_t offset = free - at;
        if (offset < UF_POOL_HEAD_BYTES || (offset - UF_POOL_HEAD_BYTES) % size ||
            offset + 8 > POOL_BYTES)
            return;
        is_free[(offset - UF_POOL_HEAD_BYTES) / size] = 1;
        free = pool[offset / 8];
    }
}

static int visit_pool(struct walk *walk, uint64_t at)
{
    struct uf_pool_head head;
    uint8_t is_free[POOL_BYTES / 16] = {0};
    if (walk->left < POOL_BYTES) {
        walk->complete = false;
        return 0;
    }
    walk->left -= POOL_BYTES;
    if (uf_own_memory_read(walk->memory, at, walk->pool, POOL_BYTES) != POOL_BYTES)
        return 0;
    memcpy(&head, walk->pool, sizeof head);
    if (!uf_pool_is(&head, at, POOL_BYTES))
        return 0;
    uint64_t size = uf_pool_block_bytes(&head);
    mark_free(walk->pool, at, size, is_free);
    int status = 0;
    for (uint64_t offset = UF_POOL_HEAD_BYTES; offset + size <= head.next_offset && !status;
         offset += size) {
        if (is_free[(offset - UF_POOL_HEAD_BYTES) / size])
            continue;
        struct uf_words words = {.address = at + offset,
                                 .words = walk->pool + offset / 8,
                                 .count = size / 8,
                                 .block_start = at + offset,
                                 .block_end = at + offset + size,
                                 .place = UF_WORDS_SMALL};
        status = walk->visit(walk->context, &words);
    }
    return status;
}

/* The stack of a thread that the C library made ends in the thread's own block, whose first and third words
 * are its address (glibc sysdeps/x86_64/nptl/tls.h, tcbhead_t). What its functions hold lies just below. */
static int visit_stack(struct walk *walk, const struct uf_segment *segment)
{
    uint64_t from = segment->end - segment->start > TAIL_BYTES ? segment->end - TAIL_BYTES
                                                               : segment->start;
    uint64_t filled = refill(walk, from, segment->end), block = 0;
    for (uint64_t at = from; at + 24 <= from + filled && !block; at += 64) {
        const uint64_t *words = walk->buffer + (at - from) / 8;
        block = words[0] == at && words[2] == at ? at : 0;
    }
    if (!block || block == (uint64_t)pthread_self())
        return 0; /* below the first thread's block lies whatever was mapped there */
    uint64_t deep = block - segment->start > STACK_BYTES ? block - STACK_BYTES : segment->start;
    return visit_run(walk, deep, block, UF_WORDS_FRAMES, NULL);
}

/* A mapping without a name may be anything: only what is recognised is looked through, page by page. */
static int visit_anonymous(struct walk *walk, const struct uf_segment *segment)
{
    int status = visit_stack(walk, segment);
    for (uint64_t at = segment->start; at < segment->end && !status;) {
        uint64_t head[6], room = segment->end - at, bytes;
        uint64_t step = PAGE;
        if (!read_head(walk, at, head, 6)) {
            at += PAGE;
            continue;
        }
        if ((bytes = mapped_chunk(head, room)) != 0 || (bytes = thread_heap(at, head, room)) != 0) {
            status = visit_run(walk, at + 16, at + bytes, UF_WORDS_MALLOC, NULL);
            step = bytes;
        } else if (at % POOL_BYTES == 0 && room >= POOL_BYTES &&
                   uf_pool_is((const void *)head, at, POOL_BYTES)) {
            status = visit_pool(walk, at);
            step = POOL_BYTES;
        } else if ((bytes = frame_stack(head, room)) != 0) {
            status = visit_run(walk, at + 24, at + head[2] * 8, UF_WORDS_FRAMES, NULL);
            step = bytes;
        }
        at += step;
    }
    return status;
}

static bool is_left_out(const struct dl_phdr_info *image, const struct uf_words_except *except)
{
    const char *slash = strrchr(image->dlpi_name, '/');
    const char *name = slash ? slash + 1 : image->dlpi_name;
    for (size_t i = 0; i < image->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &image->dlpi_phdr[i];
        uint64_t start = image->dlpi_addr + header->p_vaddr, bytes = header->p_memsz;
        if (header->p_type == PT_LOAD &&
            (except->images[0] - start < bytes || except->images[1] - start < bytes))
            return true;
    }
    return strncmp(name, "libunfreed_preload", 18) == 0;
}

/* What a library may write to: its data and what follows it in memory without being in the file (bss).
 * The loader's own tables tell its bounds; other mappings may lie right behind it. */
static int visit_image(struct dl_phdr_info *image, size_t size, void *context)
{
    struct walk *walk = context;
    const char *name = image->dlpi_name[0] ? image->dlpi_name : "python";
    int status = 0;
    (void)size;
    if (is_left_out(image, walk->except))
        return 0;
    for (size_t i = 0; i < image->dlpi_phnum && !status; i++) {
        const ElfW(Phdr) *header = &image->dlpi_phdr[i];
        uint64_t start = image->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD && header->p_flags & PF_W)
            status = visit_run(walk, (start + 7) & ~UINT64_C(7), start + header->p_memsz,
                               UF_WORDS_DATA, name);
    }
    return status;
}

int uf_words_each(const struct uf_segments *segments, const struct uf_words_except *except,
                  uf_words_visit visit, void *context, bool *complete)
{
    struct walk walk = {.memory = uf_own_memory_open(),
                        .except = except,
                        .left = except->bytes_max,
                        .complete = true,
                        .visit = visit,
                        .context = context,
                        .buffer = uf_mem_alloc(BUFFER_BYTES),
                        .pool = uf_mem_alloc(POOL_BYTES)};
    int status = walk.buffer && walk.pool ? 0 : -1;
    walk.complete = walk.memory >= 0;
    if (!status && walk.memory >= 0)
        status = dl_iterate_phdr(visit_image, &walk);
    for (size_t i = 0; i < segments->list.len && !status && walk.memory >= 0; i++) {
        const struct uf_segment *segment = &segments->list.at[i];
        if (segment->kind == UF_SEGMENT_HEAP)
            status = visit_heap(&walk, segment->start, segment->end);
        else if (segment->kind == UF_SEGMENT_ANONYMOUS)
            status = visit_anonymous(&walk, segment);
    }
    if (walk.memory >= 0)
        close(walk.memory);
    uf_mem_free(walk.buffer);
    uf_mem_free(walk.pool);
    *complete = walk.complete;
    return status;
}

static const struct uf_segment *segment_of(const struct uf_segments *segments, uint64_t address)
{
    for (size_t i = 0; i < segments->list.len; i++)
        if (segments->list.at[i].start <= address && address < segments->list.at[i].end)
            return &segments->list.at[i];
    return NULL;
}

uint64_t uf_words_chunk(const struct uf_segments *segments, int memory, uint64_t address)
{
    uint64_t chunk = address - CHUNK_HEAD, head[2], next[2];
    const struct uf_segment *segment = address % CHUNK_HEAD ? NULL : segment_of(segments, chunk);
    if (!segment || segment->kind == UF_SEGMENT_OTHER ||
        uf_own_memory_read(memory, chunk, head, sizeof head) != sizeof head)
        return 0;
    uint64_t bytes = head[1] & ~CHUNK_FLAGS, room = segment->end - chunk;
    if (chunk % PAGE == 0 && segment->kind == UF_SEGMENT_ANONYMOUS)
        return mapped_chunk(head, room);
    /* in the heap, or in a thread's, which its chunks say: the next one says that this one is in use */
    bool of_thread = (head[1] & CHUNK_OF_THREAD) != 0;
    if (of_thread != (segment->kind == UF_SEGMENT_ANONYMOUS) || head[1] & CHUNK_MAPPED ||
        bytes < 2 * CHUNK_HEAD || bytes % CHUNK_HEAD || bytes + sizeof next > room ||
        uf_own_memory_read(memory, chunk + bytes, next, sizeof next) != sizeof next)
        return 0;
    return next[1] & CHUNK_BEFORE_IN_USE && (next[1] & ~CHUNK_FLAGS) >= 2 * CHUNK_HEAD ? bytes : 0;
}
