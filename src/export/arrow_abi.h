/* arrow_abi.h - the structs of the Arrow C data and C stream interfaces.
 *
 * A published ABI, meant to be declared anew by every project that speaks it
 * ("The Arrow C data interface", "The Arrow C stream interface", Apache Arrow
 * specification 1.0); the guards carry the names that it prescribes, so that
 * two declarations in one compilation do not collide.
 *
 * Who receives a struct owns it: it calls `release` once, from any thread, or
 * copies the bytes elsewhere and sets `release` of the original to NULL ("moves"
 * it). A struct whose `release` is NULL is released. Children and dictionaries
 * may be moved out of their parent; they then live on by themselves.
 */
#ifndef UF_EXPORT_ARROW_ABI_H
#define UF_EXPORT_ARROW_ABI_H

#include <stdint.h>

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif
#endif
