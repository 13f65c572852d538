/* record_heap - a small heap out of a live interpreter's, for fuzz_heap to damage.
 *
 *     record_heap PID IMAGE
 *
 * Of each type a few objects are taken with some of what they refer to; what
 * decoding, naming and finding roots looks at of these is kept, in words, and
 * all else of their pages is zero. The collector's lists are linked anew, so that they go
 * through the objects that were taken. What a kept object refers to besides is
 * not there, as in memory that could not be read.
 *
 * tests/fuzz/images were made so, of interpreters that were started without a
 * site, an environment and a path that tells of the machine (record_heaps.py).
 */
#include "cpython/gc_lists.h"
#include "cpython/roots.h"
#include "cpython/shapes.h"
#include "heap_image.h"
#include "target/target.h"

#include <stdio.h>
#include <string.h>

#define PAGE ((uint64_t)4096)
#define WORDS 512
#define OF_TYPE 2     /* objects of each type */
#define REFERENCES 10 /* of each that are taken, too */
#define VIEW_MAX 2048 /* bytes kept of one view */
#define NODES_MAX 6000

struct page {
    uint64_t start;
    uint64_t words[WORDS / 64]; /* a bit for each that was looked at */
};

/* A source that notes what is looked at. */
struct recorder {
    const struct uf_source *from;
    struct uf_source source;
    struct uf_map page_of; /* page number -> index */
    UF_VEC(struct page) pages;
    bool on, failed;
};

static void note(struct recorder *r, uint64_t address)
{
    uint64_t start = address & ~(PAGE - 1);
    uint32_t index = uf_map_get(&r->page_of, start);
    if (index == UF_MAP_NONE) {
        struct page page = {.start = start};
        index = (uint32_t)r->pages.len;
        r->failed |= uf_vec_push(&r->pages, page) || uf_map_set(&r->page_of, start, index);
    }
    if (!r->failed)
        r->pages.at[index].words[address % PAGE / 8 / 64] |= UINT64_C(1) << address % PAGE / 8 % 64;
}

static const void *view(void *context, uint64_t address, size_t size)
{
    struct recorder *r = context;
    const void *bytes = uf_source_view(r->from, address, size);
    size_t kept = size < VIEW_MAX ? size : VIEW_MAX;
    for (uint64_t at = address & ~UINT64_C(7); r->on && bytes && at < address + kept; at += 8)
        note(r, at);
    return bytes;
}

/* --- which objects --------------------------------------------------------------------------------- */

struct choice {
    const struct uf_graph *graph;
    uint8_t *taken; /* by node */
    uint32_t count;
};

static void take(struct choice *c, uf_node node)
{
    if (node < c->graph->node_count && !c->taken[node] && c->count < NODES_MAX) {
        c->taken[node] = 1;
        c->count++;
    }
}

static void choose(struct choice *c)
{
    const struct uf_graph *g = c->graph;
    uint32_t *seen = calloc(g->type_count + (size_t)1, sizeof *seen);
    for (uint32_t t = 0; t < g->type_count; t++)
        take(c, g->types[t].node);
    for (uf_node node = 0; seen && node < g->node_count; node++) {
        if (seen[g->type[node]]++ >= OF_TYPE)
            continue;
        take(c, node);
        uint32_t from = g->edge_start[node], to = g->edge_start[node + 1];
        for (uint32_t e = from; e < to && e < from + REFERENCES; e++)
            take(c, g->edge_target[e]);
    }
    for (uint32_t i = 0; i < g->root_count; i++)
        if (g->roots[i].kind == UF_ROOT_THREAD || g->roots[i].kind == UF_ROOT_MODULE)
            take(c, g->roots[i].node);
    free(seen);
}

/* --- what is looked at of them ----------------------------------------------------------------------- */

static void look_at(struct uf_heap *heap, const struct uf_capture *capture, uf_node node)
{
    const struct uf_graph *g = &capture->graph;
    const struct uf_names *names = &capture->names;
    struct uf_object header;
    struct uf_ref_name name;
    uf_refs refs = {0};
    char text[200];
    if (uf_heap_decode(heap, g->address[node], &header, &refs, NULL) == UF_OK)
        (void)uf_heap_type_name(heap, header.type);
    uf_vec_release(&refs);
    names->preview(names->context, node, text, sizeof text);
    uint32_t count = g->edge_start[node + 1] - g->edge_start[node];
    for (uint32_t i = 0; i < count && i < REFERENCES; i++)
        names->name(names->context, node, i, &name);
}

static void look_at_lists(const struct uf_heap_config *config)
{
    uint64_t object;
    size_t count;
    (void)uf_gc_collecting(config);
    for (int generation = 0; generation < UF_GC_LISTS; generation++) {
        struct uf_gc_list list;
        if (uf_gc_list_open(&list, config, generation, NULL) == UF_OK)
            (void)uf_gc_list_next(&list, &object, 1, &count, NULL);
    }
}

static void look_at_all(struct recorder *r, const struct uf_heap_config *config,
                        const struct uf_capture *capture, const struct choice *c)
{
    struct uf_roots roots = {0};
    struct uf_strings strings = {0};
    struct uf_heap *heap = NULL;
    uint32_t head = config->layout->runtime.gc.head_size;
    r->on = true;
    if (uf_heap_create(&heap, config, NULL) == UF_OK) {
        (void)uf_roots_collect(&roots, heap, &strings, NULL);
        for (uf_node node = 0; node < c->graph->node_count; node++) {
            if (!c->taken[node])
                continue;
            look_at(heap, capture, node);
            if (c->graph->flags[node] & UF_NODE_TRACKED)
                (void)uf_source_view(&r->source, c->graph->address[node] - head, head);
        }
        look_at_lists(config);
    }
    r->on = false;
    uf_heap_destroy(heap);
    uf_roots_release(&roots);
    uf_strings_release(&strings);
}

/* --- the image ---------------------------------------------------------------------------------------- */

static int by_start(const void *a, const void *b)
{
    const struct page *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

static int fill(struct heap_image *image, struct recorder *r)
{
    size_t count = r->pages.len;
    qsort(r->pages.at, count, sizeof *r->pages.at, by_start);
    image->ranges = calloc(count + 1, sizeof *image->ranges);
    image->bytes = calloc(count + 1, PAGE);
    if (!image->ranges || !image->bytes)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct page *page = &r->pages.at[i];
        struct heap_image_range *last = &image->ranges[image->header.range_count];
        const unsigned char *bytes = uf_source_view(r->from, page->start, PAGE);
        for (size_t word = 0; bytes && word < WORDS; word++)
            if (page->words[word / 64] >> word % 64 & 1)
                memcpy(image->bytes + i * PAGE + word * 8, bytes + word * 8, 8);
        if (image->header.range_count && last[-1].start + last[-1].bytes == page->start) {
            last[-1].bytes += PAGE;
            continue;
        }
        *last = (struct heap_image_range){page->start, PAGE};
        image->header.range_count++;
    }
    image->header.bytes = count * PAGE;
    return 0;
}

static void put(struct heap_image *image, uint64_t address, uint64_t value, uint64_t flags)
{
    unsigned char *bytes = image->bytes;
    for (uint64_t i = 0; i < image->header.range_count; i++) {
        const struct heap_image_range *range = &image->ranges[i];
        if (address >= range->start && address + 8 <= range->start + range->bytes) {
            uint64_t old;
            memcpy(&old, bytes + (address - range->start), 8);
            value |= old & flags;
            memcpy(bytes + (address - range->start), &value, 8);
            return;
        }
        bytes += range->bytes;
    }
}

/* Each list through the objects that were taken, in their order. */
static void link_lists(struct heap_image *image, const struct uf_heap_config *config,
                       const struct choice *c)
{
    const struct uf_layout_runtime *run = &config->layout->runtime;
    for (int generation = 0; generation < UF_GC_LISTS; generation++) {
        struct uf_gc_list list;
        uint64_t object;
        size_t count;
        if (uf_gc_list_open(&list, config, generation, NULL) != UF_OK)
            continue;
        uint64_t before = list.head;
        while (!list.done && uf_gc_list_next(&list, &object, 1, &count, NULL) == UF_OK && count) {
            uf_node node = 0;
            while (node < c->graph->node_count && c->graph->address[node] != object)
                node++;
            if (node == c->graph->node_count || !c->taken[node])
                continue;
            uint64_t head = object - run->gc.head_size;
            put(image, before + run->gc.head_next, head, run->gc.next_flags);
            put(image, head + run->gc.head_prev, before, run->gc.prev_flags);
            before = head;
        }
        put(image, before + run->gc.head_next, list.head, run->gc.next_flags);
        put(image, list.head + run->gc.head_prev, before, run->gc.prev_flags);
    }
}

static int record(const struct uf_target *target, const char *path)
{
    struct recorder r = {.from = target->memory->source};
    struct uf_heap_config config = uf_heap_config_of(&target->config, 0);
    struct uf_capture capture;
    struct uf_capture_options options = {0};
    struct uf_error err = {0};
    r.source = (struct uf_source){.context = &r, .view = view, .bytes = r.from->bytes};
    config.source = &r.source;
    if (uf_capture_heap(&capture, &config, &options, &err)) {
        fprintf(stderr, "record_heap: %s\n", err.message);
        return 1;
    }
    struct choice choice = {.graph = &capture.graph,
                            .taken = calloc(capture.graph.node_count + (size_t)1, 1)};
    struct heap_image image = {.header = {.magic = HEAP_IMAGE_MAGIC,
                                          .version_hex = config.layout->version_hex,
                                          .debug = strstr(target->layout, "debug") != NULL,
                                          .runtime = config.runtime,
                                          .interpreter = config.interpreter,
                                          .known = *config.known}};
    choose(&choice);
    look_at_all(&r, &config, &capture, &choice);
    int failed = r.failed || fill(&image, &r);
    if (!failed) {
        link_lists(&image, &config, &choice);
        failed = !heap_image_write(&image, path);
    }
    fprintf(stderr, "%s: %u objects, %zu pages, %llu ranges\n", target->layout, choice.count,
            r.pages.len, (unsigned long long)image.header.range_count);
    return failed;
}

int main(int argc, char **argv)
{
    struct uf_target target = {0};
    struct uf_target_request request = {.pid = argc == 3 ? atoi(argv[1]) : 0};
    struct uf_error err = {0};
    if (argc != 3) {
        fprintf(stderr, "record_heap PID IMAGE\n");
        return 2;
    }
    if (uf_target_take(&target, &request, &err)) {
        fprintf(stderr, "record_heap: %s\n", err.message);
        return 1;
    }
    int failed = record(&target, argv[2]);
    uf_target_release(&target);
    return failed;
}
