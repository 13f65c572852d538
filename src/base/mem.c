#include "base/mem.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static uint64_t live_blocks, made, fail_countdown;

/* Below are two ways to get blocks, of four functions each. *zero_from is set to the offset from
 * which on the block is known to be zero; NOT_ZERO if from none. */
#define NOT_ZERO SIZE_MAX

#if defined __SANITIZE_ADDRESS__

/* Under AddressSanitizer blocks come from its malloc, which watches their bounds and uses after free. */

#include <malloc.h>
#include <stdlib.h>

static size_t mapped_bytes, peak_bytes;

static void count(size_t bytes)
{
    mapped_bytes += bytes;
    if (mapped_bytes > peak_bytes)
        peak_bytes = mapped_bytes;
}

static void *block_alloc(size_t size, size_t *zero_from)
{
    void *block = malloc(size);
    *zero_from = NOT_ZERO;
    if (block)
        count(malloc_usable_size(block));
    return block;
}

static void *block_resize(void *block, size_t size, size_t *zero_from)
{
    size_t old = malloc_usable_size(block);
    void *now = realloc(block, size);
    *zero_from = NOT_ZERO;
    if (now) {
        mapped_bytes -= old;
        count(malloc_usable_size(now));
    }
    return now;
}

static void block_free(void *block)
{
    mapped_bytes -= malloc_usable_size(block);
    free(block);
}

size_t uf_mem_mapped_bytes(void)
{
    return mapped_bytes;
}

size_t uf_mem_peak_bytes(void)
{
    return peak_bytes;
}

void uf_mem_reset_peak(void)
{
    peak_bytes = mapped_bytes;
}

void uf_mem_trim(void)
{
}

#else

/* Small blocks lie in slabs of 64 KiB, aligned to their size, each serving one size class at a time:
 *
 *     slab | header, 64 bytes | block | block | ...            blocks are multiples of 32 bytes
 *
 * A slab without live blocks is given back, and may serve another class or a large block next. A
 * large block has its own pages and lies 16 bytes behind their start. Therefore address mod 32 tells
 * the two apart: 0 is small, 16 is large. */

#include "base/pages.h"

#define SLAB_BYTES ((size_t)64 << 10)
#define SLAB_HEADER_BYTES ((size_t)64)
#define LARGE_HEADER_BYTES ((size_t)16)
#define SMALL_MAX ((size_t)8192)
#define CLASSES 28 /* 32, 64, ... 256, then 4 steps per doubling up to 8192: see class_bytes() */

struct slab {
    struct slab *next, *previous; /* among the slabs of the class that have room */
    void *free;                   /* freed blocks, linked through their first word */
    uint32_t class, block_bytes;
    uint32_t used, fresh, blocks; /* live; handed out at least once; in all */
};

struct large {
    size_t bytes; /* of its pages, this header included */
    size_t pool;  /* enum uf_pages_pool */
};

_Static_assert(sizeof(struct slab) <= SLAB_HEADER_BYTES, "the first block follows the header");
_Static_assert(sizeof(struct large) == LARGE_HEADER_BYTES, "the block follows the header");

static struct slab *slabs_with_room[CLASSES];

static unsigned class_of(size_t size)
{
    if (size <= 256)
        return (unsigned)(size - 1) / 32;
    unsigned doubling = 63 - (unsigned)__builtin_clzl(size - 1); /* 8 for 257..512 */
    return 8 + (doubling - 8) * 4 + (unsigned)(((size - 1) >> (doubling - 2)) & 3);
}

static size_t class_bytes(unsigned class)
{
    if (class < 8)
        return (class + 1) * (size_t)32;
    return (size_t)(5 + (class - 8) % 4) << (6 + (class - 8) / 4);
}

static void slab_link(struct slab *slab)
{
    slab->previous = NULL;
    slab->next = slabs_with_room[slab->class];
    if (slab->next)
        slab->next->previous = slab;
    slabs_with_room[slab->class] = slab;
}

static void slab_unlink(struct slab *slab)
{
    if (slab->next)
        slab->next->previous = slab->previous;
    if (slab->previous)
        slab->previous->next = slab->next;
    else
        slabs_with_room[slab->class] = slab->next;
}

static struct slab *slab_open(unsigned class)
{
    bool fresh;
    struct slab *slab = uf_pages_take(SLAB_BYTES, SLAB_BYTES, &fresh);
    if (!slab)
        return NULL;
    size_t block_bytes = class_bytes(class);
    *slab = (struct slab){
        .class = class,
        .block_bytes = (uint32_t)block_bytes,
        .blocks = (uint32_t)((SLAB_BYTES - SLAB_HEADER_BYTES) / block_bytes),
    };
    slab_link(slab);
    return slab;
}

static struct slab *slab_of(void *block)
{
    return (struct slab *)((uintptr_t)block & ~(uintptr_t)(SLAB_BYTES - 1)); // NOLINT
}

static void *small_alloc(size_t size)
{
    unsigned class = class_of(size);
    struct slab *slab = slabs_with_room[class];
    if (!slab) {
        slab = slab_open(class);
        if (!slab)
            return NULL;
    }
    void *block = slab->free;
    if (block)
        memcpy(&slab->free, block, sizeof slab->free);
    else
        block = (char *)slab + SLAB_HEADER_BYTES + (size_t)slab->fresh++ * slab->block_bytes;
    if (++slab->used == slab->blocks)
        slab_unlink(slab);
    return block;
}

static void small_free(void *block)
{
    struct slab *slab = slab_of(block);
    if (slab->used == slab->blocks)
        slab_link(slab);
    memcpy(block, &slab->free, sizeof slab->free);
    slab->free = block;
    if (--slab->used == 0) {
        slab_unlink(slab);
        uf_pages_give(slab, SLAB_BYTES, UF_PAGES_SMALL);
    }
}

static bool is_large(const void *block)
{
    return (uintptr_t)block % 32 == LARGE_HEADER_BYTES;
}

static struct large *large_of(void *block)
{
    return (struct large *)(void *)((char *)block - LARGE_HEADER_BYTES);
}

/* Whole pages for `size` bytes and the header; 0 when that does not fit a size_t. */
static size_t large_bytes(size_t size)
{
    size_t bytes;
    if (__builtin_add_overflow(size, LARGE_HEADER_BYTES + UF_PAGE_BYTES - 1, &bytes))
        return 0;
    return bytes & ~(UF_PAGE_BYTES - 1);
}

static void *large_alloc(size_t size, size_t *zero_from)
{
    bool fresh = false;
    size_t bytes = large_bytes(size);
    struct large *large = bytes ? uf_pages_take(bytes, UF_PAGE_BYTES, &fresh) : NULL;
    if (!large)
        return NULL;
    *large = (struct large){bytes, uf_pages_pool_for(bytes)};
    *zero_from = fresh ? 0 : NOT_ZERO;
    return (char *)large + LARGE_HEADER_BYTES;
}

/* In place or by moving the mapping; NULL where only a copy helps. */
static void *large_resize(void *block, size_t size, size_t *zero_from)
{
    struct large *large = large_of(block);
    size_t bytes = large_bytes(size), old = large->bytes;
    enum uf_pages_pool pool = (enum uf_pages_pool)large->pool;
    *zero_from = NOT_ZERO;
    if (!bytes)
        return NULL;
    if (bytes < old) {
        uf_pages_give((char *)large + bytes, old - bytes, pool);
    } else if (bytes > old && !uf_pages_extend(large, old, bytes - old, pool)) {
        if (pool == UF_PAGES_SMALL)
            return NULL; /* its chunk stays whole */
        large = uf_pages_move(large, old, bytes);
        if (!large)
            return NULL;
        large->pool = UF_PAGES_MOVED;
        *zero_from = old - LARGE_HEADER_BYTES;
    }
    large->bytes = bytes;
    return (char *)large + LARGE_HEADER_BYTES;
}

static void *block_alloc(size_t size, size_t *zero_from)
{
    *zero_from = NOT_ZERO;
    return size > SMALL_MAX ? large_alloc(size, zero_from) : small_alloc(size);
}

static void block_free(void *block)
{
    if (!is_large(block)) {
        small_free(block);
        return;
    }
    struct large *large = large_of(block);
    uf_pages_give(large, large->bytes, (enum uf_pages_pool)large->pool);
}

static void *block_resize(void *block, size_t size, size_t *zero_from)
{
    bool large = is_large(block);
    size_t room = large ? large_of(block)->bytes - LARGE_HEADER_BYTES : slab_of(block)->block_bytes;
    void *now = NULL;
    *zero_from = NOT_ZERO;
    if (large && size > SMALL_MAX)
        now = large_resize(block, size, zero_from);
    else if (!large && size <= SMALL_MAX && class_of(size) == slab_of(block)->class)
        now = block;
    if (now)
        return now;
    now = block_alloc(size, zero_from);
    if (!now)
        return NULL;
    size_t kept = size < room ? size : room;
    memcpy(now, block, kept);
    if (*zero_from != NOT_ZERO)
        *zero_from = kept;
    block_free(block);
    return now;
}

size_t uf_mem_mapped_bytes(void)
{
    return uf_pages_mapped_bytes();
}

size_t uf_mem_peak_bytes(void)
{
    return uf_pages_peak_bytes();
}

void uf_mem_reset_peak(void)
{
    uf_pages_reset_peak();
}

void uf_mem_trim(void)
{
    uf_pages_trim();
}

#endif

static bool fails_now(void)
{
    made++;
    return fail_countdown && --fail_countdown == 0;
}

static void *alloc(size_t size, size_t *zero_from)
{
    void *block = fails_now() ? NULL : block_alloc(size ? size : 1, zero_from);
    live_blocks += block != NULL;
    return block;
}

static void *resize(void *block, size_t size, size_t *zero_from)
{
    if (!block)
        return alloc(size, zero_from);
    return fails_now() ? NULL : block_resize(block, size ? size : 1, zero_from);
}

void *uf_mem_alloc(size_t size_bytes)
{
    size_t zero_from;
    return alloc(size_bytes, &zero_from);
}

void *uf_mem_zalloc(size_t size_bytes)
{
    return uf_mem_zresize(NULL, 0, size_bytes);
}

void *uf_mem_resize(void *block, size_t size_bytes)
{
    size_t zero_from;
    return resize(block, size_bytes, &zero_from);
}

void *uf_mem_zresize(void *block, size_t used_bytes, size_t size_bytes)
{
    size_t zero_from;
    char *now = resize(block, size_bytes, &zero_from);
    if (!now)
        return NULL;
    size_t end = zero_from < size_bytes ? zero_from : size_bytes;
    if (used_bytes < end)
        memset(now + used_bytes, 0, end - used_bytes);
    return now;
}

void uf_mem_free(void *block)
{
    if (!block)
        return;
    live_blocks--;
    block_free(block);
}

char *uf_mem_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = uf_mem_alloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

char *uf_mem_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = len < 0 ? NULL : uf_mem_alloc((size_t)len + 1);
    if (!text)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)len + 1, format, arguments);
    va_end(arguments);
    return text;
}

uint64_t uf_mem_fail_at(uint64_t nth)
{
    uint64_t before = made;
    made = 0;
    fail_countdown = nth;
    return before;
}

uint64_t uf_mem_live_blocks(void)
{
    return live_blocks;
}
