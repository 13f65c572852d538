/* The heaps of malloc, walked from outside, against what malloc says of itself: this very process, copied. */
#include "balance/glibc.h"
#include "balance/mapped.h"

#include "own_copy.h"
#include "random.h"
#include "test.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

#define THREADS 3
#define BLOCKS 20000

static pthread_barrier_t ready, over;

static void allocate(unsigned seed, void **blocks, size_t count, size_t most)
{
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1103515245 + 12345;
        blocks[i] = malloc(1 + (seed >> 8) % (i % 50 ? 600 : most));
    }
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1103515245 + 12345;
        if (seed >> 16 & 1) {
            free(blocks[i]);
            blocks[i] = NULL;
        }
    }
}

static void *work(void *seed)
{
    static __thread void *blocks[BLOCKS];
    allocate((unsigned)(size_t)seed, blocks, BLOCKS, 40000);
    pthread_barrier_wait(&ready);
    pthread_barrier_wait(&over);
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    return NULL;
}

/* Mappings, all of whose pages are taken to be there. */
static enum uf_code read_mappings(struct uf_mappings *ret, struct uf_error *err)
{
    static char text[1 << 20];
    int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t got;
    while ((got = read(maps, text + len, sizeof text - len)) > 0)
        len += (size_t)got;
    close(maps);
    enum uf_code code = uf_mappings_parse(ret, text, len, err);
    for (size_t i = 0; i < ret->list.len && !code; i++) {
        struct uf_page_run run = {ret->list.at[i].start, ret->list.at[i].end, UF_PAGE_PRESENT};
        if (ret->list.at[i].readable && uf_vec_push(&ret->pages.list, run))
            code = uf_error_nomem(err);
    }
    return code;
}

struct totals {
    uint64_t bytes[UF_USES], count[UF_USES], heaps, chunks, chunk_bytes;
};

static struct totals add_up(const struct uf_areas *areas)
{
    struct totals totals = {0};
    for (size_t i = 0; i < areas->list.len; i++) {
        struct uf_area *area = &areas->list.at[i];
        struct uf_area_block block;
        totals.chunks += area->kind == UF_AREA_CHUNK;
        totals.chunk_bytes += area->kind == UF_AREA_CHUNK ? area->end - area->start : 0;
        totals.heaps += area->kind == UF_AREA_GLIBC ? area->end - area->start : 0;
        for (uint64_t at = area->start;
             area->kind == UF_AREA_GLIBC && at < area->end && uf_area_next(area, at, &block);
             at = block.end) {
            totals.bytes[block.use] += block.end - block.start;
            totals.count[block.use]++;
        }
    }
    return totals;
}

static void compare(struct mallinfo2 said, const struct totals *seen, const struct uf_glibc *glibc)
{
    EXPECT(glibc->arenas.len >= 1 + THREADS);
    EXPECT(glibc->breaks == 0);
    EXPECT(glibc->caches >= 1 + THREADS);
    EXPECT(seen->heaps == said.arena);
    EXPECT(seen->count[UF_USE_FREE] + seen->count[UF_USE_TOP] == said.ordblks);
    EXPECT(seen->count[UF_USE_FAST] == said.smblks);
    EXPECT(seen->bytes[UF_USE_FAST] == said.fsmblks);
    EXPECT(seen->bytes[UF_USE_FREE] + seen->bytes[UF_USE_FAST] + seen->bytes[UF_USE_TOP] ==
           said.fordblks);
    EXPECT(seen->bytes[UF_USE_TAKEN] + seen->bytes[UF_USE_CACHED] + seen->bytes[UF_USE_HEAD] ==
           said.uordblks);
    EXPECT(seen->chunks == said.hblks);
    EXPECT(seen->count[UF_USE_CACHED] > 0);
}

TEST(heaps_are_to_the_byte_what_malloc_says)
{
    static void *blocks[BLOCKS];
    struct own_copy copy = {0};
    struct uf_mappings mappings = {0};
    struct uf_areas areas = {0};
    struct uf_glibc glibc = {0};
    struct uf_error err = {0};
    pthread_t threads[THREADS];
    uint32_t stacks = 0;
    pthread_barrier_init(&ready, NULL, THREADS + 1);
    pthread_barrier_init(&over, NULL, THREADS + 1);
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, (void *)(i + 1)); // NOLINT
    allocate(99, blocks, BLOCKS, 400000);
    pthread_barrier_wait(&ready);

    struct mallinfo2 said = mallinfo2(); /* from here on nothing calls malloc */
    enum uf_code code = read_mappings(&mappings, &err);
    if (!code)
        code = own_copy_make(&copy, &err);
    struct uf_outside_memory memory = {.mappings = &mappings, .source = &copy.ranges.source};
    if (!code && !(code = uf_mapped_images(&areas, &memory, &err)) &&
        !(code = uf_glibc_walk(&glibc, &areas, &memory, &err)) &&
        !(code = uf_mapped_chunks(&areas, &memory, &err)))
        code = uf_mapped_stacks(&areas, &memory, &stacks, &err);
    struct totals seen = add_up(&areas);
    EXPECT(code == UF_OK);
    compare(said, &seen, &glibc);
    EXPECT(stacks == THREADS);

    pthread_barrier_wait(&over);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    uf_glibc_release(&glibc);
    uf_areas_release(&areas);
    uf_mappings_release(&mappings);
    own_copy_release(&copy);
}

int main(void)
{
#if defined(__SANITIZE_ADDRESS__)
    printf("ok 1 - heaps # SKIP AddressSanitizer has an allocator of its own\n1..1\n");
    return 0;
#else
    RUN(heaps_are_to_the_byte_what_malloc_says);
    return test_end();
#endif
}
