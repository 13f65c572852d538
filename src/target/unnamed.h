/* unnamed.h - the runtime of a CPython that is built into a program without any symbols (3.8 to 3.12; later ones
 * have a cookie).
 *
 * Each word of the program's own data is taken for the pointer to the newest
 * interpreter, for one layout row after the other: it is one where the lists of the
 * collector lie in what it points to, and the runtime around the word knows
 * one of its threads as the main thread.
 */
#ifndef UF_TARGET_UNNAMED_H
#define UF_TARGET_UNNAMED_H

#include "target/python.h"

/* Sets python->location; python->layout is changed. False: there is none. */
bool uf_unnamed_runtime(struct uf_python *python);

#endif
