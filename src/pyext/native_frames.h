/* native_frames.h - a stack of return addresses as frames that people can read. */
#ifndef UF_PYEXT_NATIVE_FRAMES_H
#define UF_PYEXT_NATIVE_FRAMES_H

#include "analysis/result.h"
#include "native/store.h"
#include "symbols/symbols.h"

/* Appends the native frames of `stack`, innermost first, without those of allocators and of the
 * interpreter around them. 0, or -1 when memory is out. */
int uf_native_frames_name(struct uf_symbols *symbols, const struct uf_native_stack *stack,
                          uf_stack_frames *ret);
/* Whether a library is the interpreter, or one of the modules that come with it. */
bool uf_native_is_interpreters(const char *library);
/* "libssl" of "/usr/lib/libssl.so.3", "_ssl" of "_ssl.cpython-311-x86_64-linux-gnu.so". */
void uf_native_library_name(const char *library, char *ret, size_t size);

#endif
