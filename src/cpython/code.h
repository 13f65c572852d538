/* code.h - code objects: names of variables, qualified name, file, and the line of an instruction.
 *
 * Line tables are decoded here, from their bytes: asking the interpreter would
 * create objects. Nothing is cached; every read is bounded by the object's own
 * sizes.
 */
#ifndef UF_CPYTHON_CODE_H
#define UF_CPYTHON_CODE_H

#include "cpython/heap.h"

#include <stdbool.h>

/* The line of the instruction at `offset_bytes`, 0 when it has none or the table is damaged. A pure
 * function of the table: `form` is an enum uf_line_table. */
int uf_code_line_in_table(int form, const uint8_t *table, size_t table_len, int first_line,
                          uint64_t offset_bytes);

struct uf_code_info {
    uint64_t address;
    uint64_t name, qualname, filename; /* str objects; before 3.11 qualname is the name */
    int first_line;
    uint32_t local_count; /* plain locals, cells and free variables together */
    uint32_t stack_size;
    uint64_t first_instruction; /* address of the first code unit; 0 on 3.10 */
};

/* False when `address` cannot be read or makes no sense as a code object. */
bool uf_code_read(const struct uf_heap *heap, uint64_t address, struct uf_code_info *ret);

enum uf_local_kind { UF_LOCAL_PLAIN, UF_LOCAL_CELL, UF_LOCAL_FREE };

/* The str object that names the index-th local, cell or free variable; 0 = none. */
uint64_t uf_code_local_name(const struct uf_heap *heap, const struct uf_code_info *code,
                            uint32_t index, enum uf_local_kind *kind);

/* The line of the instruction at `offset_bytes` of the code; first_line when it has none. */
int uf_code_line(const struct uf_heap *heap, const struct uf_code_info *code, int64_t offset_bytes);

#endif
