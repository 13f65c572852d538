/* roots.h - what the interpreter itself holds, with the names that people know.
 *
 * Found in the order of preference: modules, frames of threads, fields of the
 * interpreter's state, builtin types. Only fields that own a reference are
 * followed, by name and never by scanning, because scanning finds what is only
 * borrowed (the values of the type cache). What nobody here holds and yet has
 * a count left over is found by whoever has the graph (capture.c).
 *
 * Names of roots of other interpreters than the first say which: "app (interpreter 1)".
 */
#ifndef UF_CPYTHON_ROOTS_H
#define UF_CPYTHON_ROOTS_H

#include "base/strings.h"
#include "cpython/heap.h"

#include <stdbool.h>

enum uf_root_source {
    UF_FROM_MODULE,      /* name: the key in sys.modules */
    UF_FROM_THREAD,      /* name: the thread's; label: "local 'y' of f() at app.py:12" */
    UF_FROM_INTERPRETER, /* name: the field */
    UF_FROM_STATIC_TYPE, /* the type object itself; name not set */
    UF_FROM_CACHE, /* name: the field; a table that holds whatever passed by: interned, type cache */
};

struct uf_root {
    uint64_t object;
    uint32_t name, label; /* numbers in the pool given to uf_roots_collect(); 0 = none */
    uint8_t source;       /* enum uf_root_source */
    bool counted;         /* owns a reference that no object of the graph owns as well */
};

struct uf_roots {
    UF_VEC(struct uf_root) list;
    /* dicts of interned strings whose references their counts leave out */
    UF_VEC(uint64_t) interned;
};

/* Fills `roots` ({0} before). Bounded: at most 2^16 threads, 2^16 frames each, 2^24 roots; beyond, what is
 * left has no name. Errors: UF_ENOMEM; a field that cannot be read is left out. */
enum uf_code uf_roots_collect(struct uf_roots *roots, struct uf_heap *heap,
                              struct uf_strings *strings, struct uf_error *err);
void uf_roots_release(struct uf_roots *roots);

/* Interpreters of this process besides the one of `config`: their heaps are not walked. */
uint32_t uf_roots_other_interpreters(const struct uf_heap_config *config);

#endif
