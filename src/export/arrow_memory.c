#include "export/arrow_memory.h"

#include "export/arrow_heap.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>

#define ALIGN_BYTES ((size_t)64)
#define PAGE_BYTES ((size_t)4096)
#define REGION_BYTES ((size_t)16 << 10) /* a schema, or a batch of a small table, fits into one */

struct region {
    struct region *next;
    size_t bytes;
};

struct uf_arrow_memory {
    atomic_uint holders;
    struct uf_arrow_heap *heap;
    struct region *regions;
    char *at; /* free room of the newest region that was made for more than one block */
    size_t left;
};

static atomic_uint_fast64_t live;
static uint64_t made, fail_countdown; /* tests only, on one thread */

static size_t rounded(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

static struct region *map_region(size_t bytes)
{
    made++;
    if (fail_countdown > 0 && --fail_countdown == 0)
        return NULL;
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return NULL;
    struct region *region = at;
    region->bytes = bytes;
    return region;
}

struct uf_arrow_memory *uf_arrow_memory_create(struct uf_arrow_heap *heap)
{
    struct region *region = map_region(REGION_BYTES);
    if (!region)
        return NULL;
    struct uf_arrow_memory *memory = (void *)((char *)region + ALIGN_BYTES);
    size_t used = ALIGN_BYTES + rounded(sizeof *memory, ALIGN_BYTES);
    atomic_init(&memory->holders, 1);
    memory->regions = region;
    memory->at = (char *)region + used;
    memory->left = REGION_BYTES - used;
    memory->heap = heap;
    if (heap)
        uf_arrow_heap_hold(heap);
    atomic_fetch_add(&live, 1);
    return memory;
}

void *uf_arrow_memory_take(struct uf_arrow_memory *memory, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        return NULL;
    size_t room = rounded(bytes ? bytes : 1, ALIGN_BYTES);
    if (room <= memory->left) {
        char *block = memory->at;
        memory->at += room;
        memory->left -= room;
        return block;
    }
    bool own = room > REGION_BYTES / 4;
    struct region *region =
        map_region(own ? rounded(room + ALIGN_BYTES, PAGE_BYTES) : REGION_BYTES);
    if (!region)
        return NULL;
    region->next = memory->regions;
    memory->regions = region;
    char *block = (char *)region + ALIGN_BYTES;
    if (!own) {
        memory->at = block + room;
        memory->left = REGION_BYTES - ALIGN_BYTES - room;
    }
    return block;
}

void uf_arrow_memory_hold(struct uf_arrow_memory *memory)
{
    atomic_fetch_add_explicit(&memory->holders, 1, memory_order_relaxed);
}

void uf_arrow_memory_drop(struct uf_arrow_memory *memory)
{
    /* Release and acquire: what other threads did with the memory comes before its end. */
    if (atomic_fetch_sub_explicit(&memory->holders, 1, memory_order_acq_rel) != 1)
        return;
    struct uf_arrow_heap *heap = memory->heap;
    struct region *region = memory->regions; /* the last one holds `memory` itself */
    while (region) {
        struct region *next = region->next;
        (void)munmap(region, region->bytes);
        region = next;
    }
    atomic_fetch_sub(&live, 1);
    if (heap)
        uf_arrow_heap_drop(heap);
}

uint64_t uf_arrow_memory_fail_at(uint64_t nth)
{
    uint64_t count = made;
    made = 0;
    fail_countdown = nth;
    return count;
}

uint64_t uf_arrow_memory_live(void)
{
    return atomic_load(&live);
}
