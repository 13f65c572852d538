/* elf.h - what is read of ELF files in more than one place: whether it is one of ours, and notes.
 *
 * Over bytes that are there; nothing is trusted, nothing is kept. Program
 * headers, symbols and all else is with who needs it (symbols/image.h,
 * memory/core.h).
 */
#ifndef UF_BASE_ELF_H
#define UF_BASE_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UF_BUILD_ID_MAX 64

/* NULL: the header of an ELF file of x86-64, program headers of the known size. Else what it is
 * instead, as the end of a sentence that begins with "it is". */
const char *uf_elf_refusal(const void *bytes, size_t size);

struct uf_elf_note {
    uint32_t type;
    const char *name; /* not NUL-ended where the file is damaged */
    size_t name_len;  /* with its NUL */
    const unsigned char *bytes;
    size_t size;
};

/* The note at *at of a note segment, and *at moves behind it; false: there are no more, or what is there
 * is none. `align` is the segment's (4 but for 8). */
bool uf_elf_note_next(const unsigned char *notes, size_t size, uint64_t align, size_t *at,
                      struct uf_elf_note *ret);
bool uf_elf_note_is(const struct uf_elf_note *note, const char *name, uint32_t type);

/* Of a note segment: the GNU build id (its first UF_BUILD_ID_MAX bytes) and its length; 0: none. */
size_t uf_elf_build_id(const unsigned char *notes, size_t size, uint64_t align,
                       unsigned char ret[UF_BUILD_ID_MAX]);

#endif
