/* python_stack.h - the Python frames of the running thread, as raw words that mean something later.
 *
 * Reading takes no memory, no lock and no reference, so it can be done inside
 * malloc: the thread's own frames stand still while it runs C code. A pair of
 * words per frame: the code object, and where in it the frame stands. What they
 * are called is asked later, while the code objects still live.
 */
#ifndef UF_PYEXT_PYTHON_STACK_H
#define UF_PYEXT_PYTHON_STACK_H

#include "analysis/result.h"
#include "cpython/heap.h"

/* Where the running thread stands now; 0: it runs no Python code, or is not Python's. */
uint64_t uf_python_stack_top(const struct uf_layout_runtime *layout);
/* The pairs of the running thread, innermost first, up to the frame `base` (0: to the outermost). */
uint32_t uf_python_stack_read(const struct uf_layout_runtime *layout, uint64_t base, uint64_t *ret,
                              uint32_t most);
/* Appends their names. 0, or -1 when memory is out. */
int uf_python_stack_name(const struct uf_heap *heap, const uint64_t *pairs, uint32_t count,
                         uf_stack_frames *ret);

#endif
