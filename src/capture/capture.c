#include "capture/capture.h"

#include "capture/roots.h"
#include "capture/search.h"
#include "cpython/gc_lists.h"
#include "cpython/known.h"
#include "cpython/names.h"
#include "cpython/sound.h"
#include "graph/builder.h"

#include <string.h>
#include <time.h>

#define BATCH 512
/* Of memory that is not trusted: no object is smaller, and a word is one reference or two (a value of shared
 * keys counts the key of its type once). */
#define BYTES_PER_NODE 16
#define BYTES_PER_EDGE 4
#define NODES_LEAST 65536

/* What the last capture took: the next one of the same heap begins with as much. */
static struct uf_builder_room last_room;

/* All that one capture needs until the graph stands. */
struct work {
    struct uf_capture *capture;
    const struct uf_heap_config *config;
    struct uf_builder builder;
    struct uf_roots roots;
    struct uf_strings strings;
    struct uf_search search;     /* where no tp_traverse can be asked */
    UF_VEC(uf_node) not_objects; /* ascending */
    UF_VEC(uint64_t) cut;        /* addresses of objects of which a part could not be read */
    struct uf_error *err;
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* The memory claims more objects, references or work than fit into what can be read. */
static enum uf_code too_much(struct uf_error *err)
{
    return uf_error_set(err, UF_ELIMIT,
                        "the heap is damaged: it claims more than the memory that it is in");
}

/* What the queue has led to is no object: the builder takes it as an empty node until it is removed. */
static enum uf_code leave_out(struct work *w)
{
    static const struct uf_builder_header nothing;
    return uf_vec_push(&w->not_objects, w->builder.decoded)
               ? uf_error_nomem(w->err)
               : uf_builder_commit(&w->builder, &nothing, w->err);
}

static enum uf_code commit(struct work *w, const struct uf_object *object)
{
    struct uf_capture *c = w->capture;
    const struct uf_known_types *known = w->config->known;
    struct uf_builder_header header = {.type = object->type,
                                       .refcount = object->refcount,
                                       .size = object->size,
                                       .flags = object->flags};
    if (object->address - known->static_start < known->static_end - known->static_start)
        header.flags |= UF_NODE_STATIC;
    enum uf_code code = uf_builder_commit(&w->builder, &header, w->err);
    if (code == UF_ECORRUPT)
        return uf_error_at(w->err, code, object->address,
                           "an object of type %.100s refers to what cannot be an object",
                           uf_heap_type_name(c->heap, object->type));
    if (object->cut && uf_vec_push(&w->cut, object->address))
        return uf_error_nomem(w->err);
    c->python_bytes += object->size;
    c->malloced_bytes += object->malloced;
    return code;
}

static enum uf_code decode_queue(struct work *w)
{
    const struct uf_source *source = w->config->source;
    struct uf_heap *heap = w->capture->heap;
    uf_refs *refs = &w->builder.refs;
    struct uf_object object;
    uint64_t address;
    enum uf_code code = UF_OK;

    while (code == UF_OK && uf_builder_next(&w->builder, &address)) {
        size_t before = refs->len;
        uf_source_prefetch(source, uf_builder_ahead(&w->builder));
        code = uf_heap_decode(heap, address, &object, refs, w->err);
        if (code == UF_OK)
            code = commit(w, &object);
        else if (code != UF_ENOMEM && !source->identity)
            code = leave_out(w);
        if (code == UF_OK && !uf_spend(heap, 1 + refs->len - before))
            code = too_much(w->err);
    }
    return code;
}

static enum uf_code decode_generation(struct work *w, const struct uf_heap_config *config,
                                      int generation, uint64_t *count)
{
    uint8_t flags = UF_NODE_TRACKED;
    uint64_t object;
    struct uf_gc_list list;
    enum uf_code code = uf_gc_list_open(&list, config, generation, w->err);

    if (generation == UF_GC_PERMANENT)
        flags |= UF_NODE_FROZEN;
    else if (generation < UF_GC_GENERATIONS - 1)
        flags |= UF_NODE_YOUNG;
    while (code == UF_OK && !list.done) {
        size_t n;
        code = uf_gc_list_next(&list, &object, 1, &n, w->err);
        if (n && code == UF_OK)
            code = uf_builder_add(&w->builder, object, flags, w->err);
        if (n && code == UF_OK)
            code = decode_queue(w);
        *count += n;
    }
    w->capture->broken_lists += list.broken;
    return code;
}

/* On 3.8 all interpreters share one. */
static uint32_t collectors(const struct uf_heap_config *config)
{
    return config->layout->runtime.interpreter.gc == UF_NO_OFFSET ? 1
                                                                  : uf_heap_interpreters(config);
}

static bool is_collecting(const struct uf_heap_config *config)
{
    for (uint32_t i = 0; i < uf_heap_interpreters(config); i++) {
        struct uf_heap_config one = uf_heap_config_of(config, i);
        if (uf_gc_collecting(&one))
            return true;
    }
    return false;
}

/* Each object is decoded when the list has led to it: its first bytes are in the cache, and the miss of
 * the next one passes meanwhile. What it refers to is followed when all lists have been walked and the
 * roots are queued. */
static enum uf_code decode_tracked(struct work *w)
{
    struct uf_capture *c = w->capture;
    enum uf_code code = UF_OK;

    uf_builder_hold(&w->builder);
    for (uint32_t i = 0; i < collectors(w->config); i++) {
        struct uf_heap_config config = uf_heap_config_of(w->config, i);
        for (int generation = 0; generation < UF_GC_LISTS && code == UF_OK; generation++)
            code = decode_generation(w, &config, generation,
                                     generation == UF_GC_PERMANENT ? &c->frozen : &c->tracked);
    }
    return code;
}

static enum uf_code queue_roots(struct work *w)
{
    enum uf_code code = uf_roots_collect(&w->roots, w->capture->heap, &w->strings, w->err);

    if (code == UF_OK && uf_is_spent(w->capture->heap))
        code = too_much(w->err);
    for (size_t i = 0; i < w->roots.list.len && code == UF_OK; i++)
        code = uf_builder_add(&w->builder, w->roots.list.at[i].object, 0, w->err);
    return code;
}

/* Types that no reference leads to (a static type owns itself) are nodes too. */
static enum uf_code decode_all(struct work *w)
{
    uint32_t queued_types = 0;
    enum uf_code code = decode_queue(w);

    while (code == UF_OK && queued_types < uf_heap_type_count(w->capture->heap)) {
        while (code == UF_OK && queued_types < uf_heap_type_count(w->capture->heap))
            code = uf_builder_add(
                &w->builder, uf_heap_type_address(w->capture->heap, queued_types++), 0, w->err);
        if (code == UF_OK)
            code = decode_queue(w);
    }
    return code;
}

/* Inside the process an address cannot be tried, and what is there can be asked. */
static bool searches(const struct work *w)
{
    return !w->config->traverse && !w->config->source->identity;
}

/* What only objects of unknown layout refer to. */
static enum uf_code decode_unknown(struct work *w)
{
    enum uf_code code = UF_OK;
    uf_node before;

    if (!searches(w))
        return UF_OK;
    uf_unknown_init(&w->search.unknown, w->capture->heap);
    do {
        before = w->builder.count;
        code = uf_search_more(&w->search, &w->builder, w->err);
        if (code == UF_OK)
            code = decode_all(w);
    } while (code == UF_OK && w->builder.count > before);
    return code;
}

static enum uf_code fill_types(struct work *w)
{
    struct uf_graph *graph = &w->capture->graph;
    struct uf_heap *heap = w->capture->heap;
    uint32_t count = uf_heap_type_count(heap);

    graph->types = uf_mem_zalloc(((size_t)count + 1) * sizeof *graph->types);
    if (graph->types == NULL)
        return uf_error_nomem(w->err);
    graph->type_count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct uf_graph_type *type = &graph->types[i];
        type->address = uf_heap_type_address(heap, i);
        type->node = uf_builder_node_of(&w->builder, type->address);
        const char *name = uf_heap_type_name(heap, i);
        type->name = uf_strings_add_z(&w->strings, name);
        if (name == uf_heap_no_name || type->name == UF_STRING_NONE)
            return uf_error_nomem(w->err);
    }
    return UF_OK;
}

/* unfreed's own objects stay in the graph and leave the figures. */
static enum uf_code leave_out_own(struct work *w, const struct uf_capture_options *options)
{
    struct uf_capture *c = w->capture;
    uf_refs unused = {0};
    enum uf_code code = UF_OK;

    for (size_t i = 0; i < options->own_count && code == UF_OK; i++) {
        uf_node node = uf_builder_node_of(&w->builder, options->own[i]);
        struct uf_object object;
        if (node == UF_NODE_NONE || (c->graph.flags[node] & UF_NODE_OWN))
            continue;
        c->graph.flags[node] |= UF_NODE_OWN;
        if (c->graph.flags[node] & UF_NODE_FROZEN)
            c->frozen--;
        else if (c->graph.flags[node] & UF_NODE_TRACKED)
            c->tracked--;
        unused.len = 0;
        code = uf_heap_decode(c->heap, options->own[i], &object, &unused, w->err);
        if (code == UF_OK) {
            c->python_bytes -= object.size;
            c->malloced_bytes -= object.malloced;
        }
    }
    uf_vec_release(&unused);
    return code;
}

static bool is_mapped(const void *context, uint64_t start)
{
    const struct uf_source *source = context;
    return source->any ? source->any(source->context, start, UF_BUILDER_WINDOW) : true;
}

/* Nothing of what is read is trusted: neither addresses nor counts. */
static void bound(struct work *w)
{
    const struct uf_source *source = w->config->source;
    uint64_t nodes = source->bytes / BYTES_PER_NODE + NODES_LEAST;
    uint64_t edges = source->bytes / BYTES_PER_EDGE + NODES_LEAST;

    if (source->identity)
        return;
    w->builder.mapped = is_mapped;
    w->builder.mapped_context = source;
    if (source->bytes == 0)
        return;
    w->builder.node_limit = nodes < UF_NODE_MAX ? (uf_node)nodes : UF_NODE_MAX;
    w->builder.edge_limit = edges < UINT32_MAX ? (uint32_t)edges : UINT32_MAX;
}

/* What turned out to be no object goes, and what refers to it is marked: its references are not called by
 * their ordinals. */
static enum uf_code remove_not_objects(struct work *w)
{
    struct uf_capture *c = w->capture;
    size_t words = (size_t)c->graph.node_count / 64 + 1;
    uint64_t *bits = uf_mem_zalloc(words * 2 * sizeof *bits), *lost = bits ? bits + words : NULL;
    enum uf_code code = bits ? UF_OK : uf_error_nomem(w->err);

    for (size_t i = 0; bits && i < w->not_objects.len; i++)
        bits[w->not_objects.at[i] / 64] |= UINT64_C(1) << w->not_objects.at[i] % 64;
    if (code == UF_OK)
        code = uf_builder_remove(&w->builder, &c->graph, bits, lost, w->err);
    for (uf_node node = 0; code == UF_OK && node < c->graph.node_count; node++)
        if (lost[node / 64] >> node % 64 & 1 && uf_vec_push(&w->cut, c->graph.address[node]))
            code = uf_error_nomem(w->err);
    uf_mem_free(bits);
    return code;
}

static enum uf_code settle_damage(struct work *w)
{
    struct uf_capture *c = w->capture;
    enum uf_code code = w->not_objects.len ? remove_not_objects(w) : UF_OK;

    for (size_t i = 0; i < w->cut.len && code == UF_OK; i++)
        if (uf_heap_mark_cut(c->heap, w->cut.at[i]))
            code = uf_error_nomem(w->err);
    c->not_objects = w->not_objects.len;
    c->cut_objects = uf_heap_cut_count(c->heap);
    return code;
}

static enum uf_code run(struct work *w, const struct uf_capture_options *options)
{
    struct uf_capture *c = w->capture;
    enum uf_code code;

    c->collecting = is_collecting(w->config);
    if (c->collecting && w->config->source->identity)
        return uf_error_set(w->err, UF_EINVAL, "the collector is running: its lists are in pieces");
    if ((code = uf_heap_create(&c->heap, w->config, w->err)) != UF_OK ||
        (code = uf_builder_init(&w->builder, w->err)) != UF_OK ||
        (code = uf_builder_reserve(&w->builder, &last_room, w->err)) != UF_OK)
        return code;
    bound(w);
    if ((code = decode_tracked(w)) != UF_OK || (code = queue_roots(w)) != UF_OK ||
        (code = uf_builder_follow(&w->builder, w->err)) != UF_OK ||
        (code = decode_all(w)) != UF_OK || (code = decode_unknown(w)) != UF_OK ||
        (code = uf_builder_finish(&w->builder, &c->graph, w->err)) != UF_OK ||
        (code = settle_damage(w)) != UF_OK || (code = fill_types(w)) != UF_OK)
        return code;
    last_room = uf_builder_room(&w->builder);
    c->graph.strings = w->strings;
    w->strings = (struct uf_strings){0};
    if ((code = leave_out_own(w, options)) != UF_OK ||
        (code = uf_capture_roots(&c->graph, c->heap, &w->builder, &w->roots,
                                 searches(w) ? &w->search.unknown : NULL, w->err)) != UF_OK)
        return code;
    if (uf_is_spent(c->heap))
        return too_much(w->err);
    uf_heap_renew_steps(c->heap);
    uf_heap_names(c->heap, &c->graph, &c->names);
    return UF_OK;
}

enum uf_code uf_capture_heap(struct uf_capture *capture, const struct uf_heap_config *config,
                             const struct uf_capture_options *options, struct uf_error *err)
{
    struct work w = {.capture = capture, .config = config, .err = err};
    double started = now();
    enum uf_code code;

    memset(capture, 0, sizeof *capture);
    code = run(&w, options);
    if (code == UF_ELIMIT &&
        (w.builder.node_limit < UF_NODE_MAX || w.builder.edge_limit < UINT32_MAX))
        code = too_much(err);
    uf_builder_release(&w.builder);
    uf_roots_release(&w.roots);
    uf_strings_release(&w.strings);
    uf_unknown_release(&w.search.unknown);
    uf_vec_release(&w.not_objects);
    uf_vec_release(&w.cut);
    if (code != UF_OK)
        uf_capture_release(capture);
    else
        capture->seconds = now() - started;
    return code;
}

void uf_capture_release(struct uf_capture *capture)
{
    uf_graph_release(&capture->graph);
    uf_heap_destroy(capture->heap);
    memset(capture, 0, sizeof *capture);
}

/* A filter in front of the search: a bit per hash of an own address, so that most others cost one look. */
struct own_filter {
    const struct uf_capture_options *options;
    uint64_t bits[1024];
};

static size_t hash(uint64_t address)
{
    return (size_t)((address >> 4) ^ (address >> 20)) & 0xffff;
}

static void fill_filter(struct own_filter *filter, const struct uf_capture_options *options)
{
    memset(filter, 0, sizeof *filter);
    filter->options = options;
    for (size_t i = 0; i < options->own_count; i++)
        filter->bits[hash(options->own[i]) / 64] |= UINT64_C(1) << (hash(options->own[i]) % 64);
}

static bool is_own(const struct own_filter *filter, uint64_t address)
{
    const struct uf_capture_options *options = filter->options;
    size_t low = 0, high = options->own_count;

    if (!(filter->bits[hash(address) / 64] >> (hash(address) % 64) & 1))
        return false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (options->own[middle] < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < options->own_count && options->own[low] == address;
}

enum uf_code uf_capture_count_tracked(const struct uf_heap_config *config,
                                      const struct uf_capture_options *options, uint64_t *tracked,
                                      uint64_t *frozen, struct uf_error *err)
{
    struct own_filter filter;

    *tracked = *frozen = 0;
    if (uf_gc_collecting(config))
        return uf_error_set(err, UF_EINVAL, "the collector is running: its lists are in pieces");
    fill_filter(&filter, options);
    for (int generation = 0; generation < UF_GC_LISTS; generation++) {
        uint64_t *count = generation == UF_GC_PERMANENT ? frozen : tracked;
        uint64_t objects[BATCH];
        struct uf_gc_list list;
        enum uf_code code = uf_gc_list_open(&list, config, generation, err);
        while (code == UF_OK && !list.done) {
            size_t n;
            code = uf_gc_list_next(&list, objects, BATCH, &n, err);
            for (size_t i = 0; i < n; i++)
                *count += !is_own(&filter, objects[i]);
        }
        if (code)
            return code;
    }
    return UF_OK;
}
