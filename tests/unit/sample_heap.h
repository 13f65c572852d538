/* sample_heap.h - the heap of a small shop, for the reports that are made from a heap.
 *
 * Planted: module shop holds 12 sessions in a dictionary (the fourth with much data) and a cache; a
 * thread's local holds a request and, with the cache, a product; five orders wait for the collector, each in
 * a cycle with its lines; C code holds two buffers; one object's name is of odd characters.
 */
#ifndef UF_TESTS_UNIT_SAMPLE_HEAP_H
#define UF_TESTS_UNIT_SAMPLE_HEAP_H

#include "analysis/dominators.h"
#include "analysis/steps.h"
#include "make_graph.h"
#include "snapshot/meta.h"

struct sample_heap {
    struct made_graph made;
    struct uf_reach reach;
    struct uf_dominators dominators;
    struct uf_view view;
    struct uf_meta meta;
};

static inline void sample_heap_text(char *text, size_t size)
{
    size_t len = (size_t)snprintf(
        text, size,
        "root module shop -> shop\n"
        "shop: module size=72 tracked preview=<module_'shop'>\n"
        "shop -> globals __dict__\n"
        "globals: dict size=1200 len=4 tracked\n"
        "globals -> store ['STORE']\n"
        "store: shop.Store size=48 tracked\n"
        "store -> storedict __dict__\n"
        "storedict: dict size=232 len=1 tracked\n"
        "storedict -> sessions ['_sessions']\n"
        "sessions: dict size=640 len=12 tracked\n"
        "globals -> cache ['CACHE']\n"
        "cache: dict size=232 len=1 tracked\n"
        "cache -> product ['p1']\n"
        "product: shop.Product size=64 tracked\n"
        "globals -> odd ['ODD']\n"
        "odd: shop.W\033[31m\xe2\x80\xae\xe6\x97\xa5\xe6\x9c\xac size=5000\n"
        "root thread MainThread -> request local 'request' of serve() at /srv/shop/app.py:12\n"
        "request: shop.Request size=56 tracked\n"
        "request -> product .product\n"
        "root native C -> buffer1 1\n"
        "root native C -> buffer2 2\n"
        "buffer1: shop.Buffer size=70000\n"
        "buffer2: shop.Buffer size=70000\n"
        "root native C -> none 0\n" /* labels of native roots are their surplus: taken away below */
        "none: NoneType size=16 immortal\n");
    for (int i = 0; i < 12; i++)
        len += (size_t)snprintf(text + len, size - len,
                                "sessions -> s%d ['9f3c%02x']\n"
                                "s%d: shop.Session size=56 tracked\n"
                                "s%d -> user%d .user\n"
                                "user%d: str size=61 preview='user-%d'\n"
                                "s%d -> data%d .data\n"
                                "data%d: bytearray size=%d len=%d\n",
                                i, i, i, i, i, i, i, i, i, i, i == 3 ? 5000000 : 300,
                                i == 3 ? 4999943 : 243);
    for (int i = 0; i < 5; i++)
        len += (size_t)snprintf(text + len, size - len,
                                "o%d -> lines%d .lines\n"
                                "o%d: shop.Order size=48 tracked\n"
                                "lines%d: list size=88 len=1 tracked\n"
                                "lines%d -> line%d [0]\n"
                                "line%d: shop.Line size=48 tracked\n"
                                "line%d -> o%d .order\n"
                                "line%d -> note%d .note\n"
                                "note%d: str size=80 preview='gift'\n",
                                i, i, i, i, i, i, i, i, i, i, i, i);
}

static inline void sample_heap(struct sample_heap *heap)
{
    static char text[16384];
    struct uf_error err;
    sample_heap_text(text, sizeof text);
    make_graph(&heap->made, text);
    for (uint32_t r = 0; r < heap->made.graph.root_count; r++)
        if (heap->made.graph.roots[r].kind == UF_ROOT_NATIVE)
            heap->made.graph.roots[r].label = 0; /* as in captured heaps */
    if (uf_reach_build(&heap->reach, &heap->made.graph, &err) ||
        uf_dominators_build(&heap->dominators, &heap->made.graph, &err))
        made_fault("no analysis", err.message);
    heap->view = (struct uf_view){&heap->made.graph, &heap->reach, &heap->made.names, NULL};
    heap->meta = (struct uf_meta){
        .unfreed = "0.1.0",
        .python = "3.11.7",
        .implementation = "cpython",
        .platform = "linux-x86_64",
        .executable = "/usr/bin/python3",
        .command_line = "python3 app.py --serve",
        .pid = 4711,
        .process_started_ns = 1700000000000000000u,
        .taken_ns = 1700000100500000000u,
        .pause_ns = 5200000,
        .capture_ns = 300000000,
        .write_ns = UF_META_UNKNOWN,
        .rss_bytes = 48u << 20,
        .tracked = 1234,
        .frozen = 0,
        .threshold = {700, 10, 10},
        .collector_enabled = 1,
        .collections = {100, 9, 0},
    };
}

static inline void sample_heap_release(struct sample_heap *heap)
{
    uf_reach_release(&heap->reach);
    uf_dominators_release(&heap->dominators);
    made_graph_release(&heap->made);
}

#endif
