/* flatbuffer.h - writes a FlatBuffer ("FlatBuffer Internals", google/flatbuffers), as much as Arrow needs.
 *
 * A buffer begins with the distance to its root table. A table is found through
 * a slot, 4 bytes that hold the distance from themselves forward to it; at the
 * table stands the distance back to its vtable, which says where in the table
 * each field lies (0: absent, that is the default):
 *
 *     slot ... vtable | u16 its bytes | u16 table's bytes | u16 place of field 0 | ...
 *              table  | i32 back to the vtable | fields, each aligned to its size |
 *     slot ... vector | u32 count | items |
 *     slot ... string | u32 bytes | bytes | 0 |
 *
 * Usual writers go back to front. This one goes forward, a table before what it
 * refers to: it hands out the positions of slots, and whoever writes the child
 * names the slot that is to refer to it. Positions stay right while it grows.
 *
 *     struct uf_flat flat;
 *     uint32_t at[2];
 *     uf_flat_init(&flat);
 *     uf_flat_table(&flat, UF_FLAT_ROOT, (const uint8_t[]){8, UF_FLAT_SLOT}, 2, at);
 *     uf_flat_put(&flat, at[0], 8, 42);
 *     uf_flat_string(&flat, at[1], "text");
 *
 * After the first failure for want of memory `failed` is set and further calls do nothing; positions are
 * then 0. Everything is little-endian. No tables are shared.
 */
#ifndef UF_EXPORT_FLATBUFFER_H
#define UF_EXPORT_FLATBUFFER_H

#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

#define UF_FLAT_ROOT 0   /* the slot of the root table */
#define UF_FLAT_SLOT 4   /* bytes of a field that refers to a table, vector or string */
#define UF_FLAT_FIELDS 8 /* most fields of a table */

struct uf_flat {
    UF_VEC(uint8_t) bytes;
    bool failed;
};

void uf_flat_init(struct uf_flat *flat);
/* The table that `slot` refers to, with fields of these sizes (0: absent), all zero; ret: where each is. */
void uf_flat_table(struct uf_flat *flat, uint32_t slot, const uint8_t *sizes, uint8_t count,
                   uint32_t *ret);
/* Sets `bytes` bytes at `at`. */
void uf_flat_put(struct uf_flat *flat, uint32_t at, uint8_t bytes, uint64_t value);
/* The vector that `slot` refers to: `count` items of `item_bytes`, all zero, which begin at a multiple of
 * `align` (a power of two). Returns where the first one is. */
uint32_t uf_flat_vector(struct uf_flat *flat, uint32_t slot, uint32_t count, uint32_t item_bytes,
                        uint32_t align);
void uf_flat_string(struct uf_flat *flat, uint32_t slot, const char *text);
void uf_flat_release(struct uf_flat *flat);

#endif
