/* image.h - an ELF file (program or library): its symbols, sections and build id, by name.
 *
 * Addresses are those of the file; who knows where the image is mapped adds
 * the difference. .symtab is looked at before .dynsym, and a global name is
 * preferred to a local one. Thread-local symbols and names of more than 1023
 * bytes are left out; of "name@@VERSION" the version is. The file is not
 * trusted: whatever it holds, work and memory are bounded by its size. Where a
 * file is not to be had, its dynamic symbols are in the target's memory, too.
 * Memory is in part malloc's (elfutils).
 */
#ifndef UF_SYMBOLS_IMAGE_H
#define UF_SYMBOLS_IMAGE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uf_image;

struct uf_image_symbol {
    uint64_t address, size;
};

/* Takes the descriptor over, also on failure. UF_EUNSUPPORTED: not an ELF file of x86-64. */
enum uf_code uf_image_open(struct uf_image **ret, int fd, struct uf_error *err);

/* Reads [address, address + size) of the target into `ret`; false: not all of it can be read. */
typedef bool (*uf_image_read)(void *context, uint64_t address, void *ret, size_t size);
/* The image whose first byte is mapped at `start`, out of memory alone: symbols are those of .dynsym, sections
 * there are none. `read` is not called after return. UF_EUNSUPPORTED: no image of x86-64 begins there. */
enum uf_code uf_image_open_memory(struct uf_image **ret, uint64_t start, uf_image_read read,
                                  void *context, struct uf_error *err);

void uf_image_close(struct uf_image *image); /* NULL is allowed */

bool uf_image_symbol(const struct uf_image *image, const char *name, struct uf_image_symbol *ret);
/* A section such as ".PyRuntime"; false: there is none. */
bool uf_image_section(const struct uf_image *image, const char *name, struct uf_image_symbol *ret);
/* Where an address of the file is when byte `offset` of the file is mapped at `start`: address + *bias.
 * Parts of the file that are loaded may share a page: then the one that begins in it is meant, of several
 * the first. False: no loaded part holds that offset. */
bool uf_image_bias(const struct uf_image *image, uint64_t offset, uint64_t start, uint64_t *bias);
/* What the image takes in memory, .bss too, in whole pages: addresses of the file. */
void uf_image_span(const struct uf_image *image, uint64_t *start, uint64_t *end);
/* GNU build id: its length (at most `size`), 0 = none. */
size_t uf_image_build_id(const struct uf_image *image, unsigned char *ret, size_t size);

#endif
