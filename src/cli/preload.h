/* preload.h - the library that stands in front of malloc: where it is, and how the interpreter gets it.
 *
 * It is installed beside the engine, in the Python package; which package that
 * is, only the interpreter knows for certain. So it is looked for where packages
 * usually are. Any copy serves (src/preload/preload.h); without one, everything
 * works but the sites of native memory, descriptors and threads.
 */
#ifndef UF_CLI_PRELOAD_H
#define UF_CLI_PRELOAD_H

#include <stdbool.h>
#include <stddef.h>

/* The library for this interpreter: in PYTHONPATH, in the interpreter's environment, in that of this
 * program. False: there is none, or its path cannot stand in LD_PRELOAD. */
bool uf_preload_find(const char *python, char *ret, size_t size);
/* In the same places, the folder of the package whose sitecustomize starts `unfreed run` (cmd_run.c). False:
 * there is none, or its path cannot stand in PYTHONPATH. */
bool uf_run_folder_find(const char *python, char *ret, size_t size);
/* In the child, before it becomes the interpreter: sets the environment. What the user preloads stays,
 * and stays first. False when memory is out. */
bool uf_preload_set(const char *library);

#endif
