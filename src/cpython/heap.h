/* heap.h - one interpreter's heap as the decoder sees it: source, layout, types.
 *
 * Created once per capture (types may come and go between captures). Holds a
 * plan per type: which decoder serves it, where its slots are. In-process the
 * opaque types are asked through `traverse`, which calls the type's tp_traverse;
 * it is NULL for a source outside the process.
 *
 * Memory from outside is not trusted (sound.h): what cannot be read is missing
 * or "not there", and never followed.
 */
#ifndef UF_CPYTHON_HEAP_H
#define UF_CPYTHON_HEAP_H

#include "base/error.h"
#include "base/map.h"
#include "base/refs.h"
#include "cpython/known.h"
#include "cpython/layout.h"
#include "memory/source.h"

#include <stdbool.h>

struct uf_heap_config {
    const struct uf_source *source;
    const struct uf_layout *layout;
    uint64_t runtime;     /* &_PyRuntime */
    uint64_t interpreter; /* PyInterpreterState * */
    /* All that are captured, `interpreter` first; NULL: only that one. */
    const uint64_t *interpreters;
    uint32_t interpreter_count;
    /* Appends what the object's tp_traverse visits; 0, or -1 when memory is out. */
    int (*traverse)(uint64_t object, uint64_t tp_traverse, uf_refs *refs);
    /* Addresses of symbols that tell a type's kind: PyDict_Type, subtype_traverse, ... (known.h) */
    const struct uf_known_types *known;
    /* Blocks over 512 bytes came from glibc's malloc (pymalloc is the object allocator): then
     * uf_object.malloced is read from the word before a block. Only for the identity source. */
    bool glibc_blocks;
};

/* Of a configuration: how many interpreters are captured, and the one for each alone. */
static inline uint32_t uf_heap_interpreters(const struct uf_heap_config *config)
{
    return config->interpreters ? config->interpreter_count : 1;
}

static inline struct uf_heap_config uf_heap_config_of(const struct uf_heap_config *config,
                                                      uint32_t index)
{
    struct uf_heap_config one = *config;
    if (config->interpreters)
        one.interpreter = config->interpreters[index];
    one.interpreters = NULL;
    one.interpreter_count = 0;
    return one;
}

struct uf_heap;

enum uf_code uf_heap_create(struct uf_heap **ret, const struct uf_heap_config *config,
                            struct uf_error *err);
void uf_heap_destroy(struct uf_heap *heap);

/* Index of a type in the heap's table, entering it if new. UINT32_MAX when memory is out, or when there is
 * no type at that address. */
uint32_t uf_heap_type(struct uf_heap *heap, uint64_t type_address);
uint32_t uf_heap_type_count(const struct uf_heap *heap);
uint64_t uf_heap_type_address(const struct uf_heap *heap, uint32_t type);
/* "module.Qualified.name"; builtins without the module. Valid while the heap is. When memory is out,
 * uf_heap_no_name. */
const char *uf_heap_type_name(struct uf_heap *heap, uint32_t type);
extern const char uf_heap_no_name[];

struct uf_object {
    uint64_t address;
    uint32_t type;     /* index in the heap's table */
    uint32_t refcount; /* UF_COUNT_IMMORTAL for immortal ones */
    uint64_t size;     /* shallow bytes as sys.getsizeof gives them */
    uint64_t malloced; /* of its memory, the bytes that came from malloc and not from pymalloc
                        * (blocks over 512 bytes), as malloc counts them; 0 for static objects */
    uint8_t flags;     /* UF_NODE_TYPE | UF_NODE_STATIC | UF_NODE_OPAQUE */
    bool cut; /* a part of it could not be read: its size and references are what the rest says */
};

/* Header, size and references of one object, in one go. References are appended to `refs`
 * in canonical order; zeros are never appended. UF_EFAULT, UF_ECORRUPT: there is no object; UF_ENOMEM. */
enum uf_code uf_heap_decode(struct uf_heap *heap, uint64_t address, struct uf_object *ret,
                            uf_refs *refs, struct uf_error *err);

/* len() as graph/names.h defines it, and the bound of a bounded holder; -1: none. */
int64_t uf_heap_length(struct uf_heap *heap, uint64_t object);
int64_t uf_heap_bound(struct uf_heap *heap, uint64_t object);
/* As struct uf_names' `declared` in graph/names.h. */
int64_t uf_heap_declared_bound(struct uf_heap *heap, uint64_t owner, const char *held,
                               int64_t present, char *attribute, size_t size);

#endif
