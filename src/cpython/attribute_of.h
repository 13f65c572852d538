/* attribute_of.h - one attribute of an object by its name, and what a callable is called: read raw, no
 * descriptor and no __getattr__ is run. */
#ifndef UF_CPYTHON_ATTRIBUTE_OF_H
#define UF_CPYTHON_ATTRIBUTE_OF_H

#include "cpython/heap.h"

#include <stdbool.h>

/* What an instance keeps under this name: in its dict, its values or a slot, or in a field of its record
 * (".func" or "coroutine", as layout_records.c writes them, are both asked for without the dot). 0 = not
 * there. Of a module, its global. */
uint64_t uf_attribute_of(struct uf_heap *heap, uint64_t object, const char *name);
/* The value of an int or bool; false when it is none, is negative or has more than 60 bits. */
bool uf_int_of(struct uf_heap *heap, uint64_t object, int64_t *ret);
/* Is the type one of this name ("asyncio.tasks.Task"), or derived from it? Single inheritance of layout:
 * the chain of tp_base is followed. */
bool uf_type_derives(struct uf_heap *heap, uint64_t type, const char *name);
/* "module.Qualified.name" of a function, method, builtin or functools.partial; for any other object its
 * type's name and "()". Returns the length; 0 when nothing can be read. */
size_t uf_callable_name(struct uf_heap *heap, uint64_t object, char *ret, size_t size);

#endif
