/* image_private.h - an image while it is opened: of a file (image_file.c) or of memory (image_memory.c). */
#ifndef UF_SYMBOLS_IMAGE_PRIVATE_H
#define UF_SYMBOLS_IMAGE_PRIVATE_H

#include "base/elf.h"
#include "base/vec.h"
#include "symbols/image.h"

#include <libelf.h>

#define IMAGE_NAME_MAX 1024          /* of a symbol, with its NUL */
#define IMAGE_SYMBOLS_MAX (1u << 22) /* of one table */
#define IMAGE_HEADERS_MAX 4096       /* program headers */
#define IMAGE_TABLE_BYTES_MAX ((uint64_t)1 << 29)
#define IMAGE_PAGE ((uint64_t)4096)

struct image_load {
    uint64_t offset, file_bytes, address, bytes;
};

struct image_symbol {
    const char *name; /* not NUL-ended: `len` bytes */
    uint32_t len, hash;
    uint64_t address, size;
    bool local;
};

struct image_section {
    const char *name;
    uint64_t address, size;
};

/* Names lie in the file's string tables, which `elf` keeps, or in `strings`. */
struct uf_image {
    UF_VEC(struct image_load) loads; /* as in the file: by ascending address, if it is sound */
    UF_VEC(struct image_section) sections;
    UF_VEC(struct image_symbol) symbols;
    uint32_t *slots; /* hash table of symbols: index + 1 */
    size_t slots_cap;
    unsigned char build_id[UF_BUILD_ID_MAX];
    size_t build_id_len;
    Elf *elf;
    int fd; /* -1: of memory */
    char *strings;
};

enum uf_code uf_image_make(struct uf_image **ret, int fd, struct uf_error *err);
/* Enters PT_LOAD headers. UF_ECORRUPT: one wraps around. */
enum uf_code uf_image_add_load(struct uf_image *image, const Elf64_Phdr *header,
                               struct uf_error *err);
/* Enters a table of symbols (`count` of Elf64_Sym at `table`, not aligned), whose names are in `strings`, which
 * stay. What names are damaged is left out. */
enum uf_code uf_image_add_symbols(struct uf_image *image, const unsigned char *table, size_t count,
                                  const char *strings, size_t strings_bytes, struct uf_error *err);

#endif
