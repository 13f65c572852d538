/* known.h - what each type of the target is, without symbols: by the names of the static types that its
 * class tree shows, and by examples.
 *
 * Every ready type is a subclass of object, so its tree of subclasses has them
 * all. Only types that lie in the interpreter's own image count: any other may be called
 * "dict" as well.
 */
#ifndef UF_TARGET_KNOWN_H
#define UF_TARGET_KNOWN_H

#include "target/python.h"

/* The few types with which a dict of strings can be read, from sys.modules: type, dict, str, object. UF_EUNSUPPORTED: what
 * is there is none. Sets the image, too. */
enum uf_code uf_known_begin(struct uf_known_types *ret, const struct uf_python *python,
                            struct uf_error *err);
/* Those that have a name. `heap` was made with what uf_known_begin() gave. UF_EUNSUPPORTED: one is missing
 * that every version has. */
enum uf_code uf_known_fill(struct uf_known_types *ret, const struct uf_python *python,
                           const struct uf_heap *heap, struct uf_error *err);
/* Those that are known by an example in the sys module or in importlib. UF_EUNSUPPORTED: there is none. */
enum uf_code uf_known_by_example(struct uf_known_types *ret, const struct uf_python *python,
                                 const struct uf_heap *heap, struct uf_error *err);

#endif
