/* heapsnapshot.h - a heap as Chrome's .heapsnapshot: for the Memory tab of DevTools, and memlab.
 *
 * docs/heapsnapshot.md says for people what is what in it. The file is what
 * V8 writes (src/profiler/heap-snapshot-generator.cc) and what
 * HeapSnapshotLoader.ts and HeapSnapshot.ts of chrome-devtools-frontend and
 * HeapParser of @memlab/core read: one JSON object of flat arrays, its keys in
 * a fixed order, references grouped by the node that holds them.
 *
 *     0    the root, without a name
 *     1    "(GC roots)"
 *     ..   groups of roots                      heapsnapshot_roots.h
 *     ..   the objects, in the graph's order
 *     ..   rests of objects of 4 GiB and more: sizes are read as 32 bits, so such an object holds
 *          its rest
 *
 * What was kept from the viewers: no node is of the types "array" and "hidden"
 * (DevTools adds their size to the one that holds them) and no reference is a
 * shortcut (it would make a window of its target). Nodes below the root that
 * are not synthetic are where DevTools counts distances from; they have no
 * size, so that they are in no table.
 *
 * Written from front to back; kept are the strings and two bytes for each
 * object or so. The names of references are asked for once each.
 */
#ifndef UF_EXPORT_HEAPSNAPSHOT_H
#define UF_EXPORT_HEAPSNAPSHOT_H

#include "export/formats.h"

/* Needs UF_EXPORT_REACH. UF_ENOMEM; UF_ELIMIT: more objects or names than the format can hold;
 * UF_ECORRUPT: an object larger than an address space. */
enum uf_code uf_export_heapsnapshot(const struct uf_export_input *input, struct uf_sink *sink,
                                    struct uf_error *err);

#endif
