#include "base/elf.h"

#include <string.h>

const char *uf_elf_refusal(const void *bytes, size_t size)
{
    const unsigned char *ident = bytes;
    Elf64_Ehdr header;
    if (size < SELFMAG || memcmp(ident, ELFMAG, SELFMAG) != 0)
        return "not an ELF file";
    if (size > EI_CLASS && ident[EI_CLASS] == ELFCLASS32)
        return "an ELF file of 32 bits";
    if (size > EI_DATA && ident[EI_DATA] == ELFDATA2MSB)
        return "an ELF file of a big-endian machine";
    if (size < sizeof header)
        return "shorter than an ELF header";
    memcpy(&header, bytes, sizeof header);
    if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB ||
        header.e_version != EV_CURRENT)
        return "an ELF file of an unknown form";
    if (header.e_machine == EM_AARCH64)
        return "an ELF file of arm64, not of x86-64";
    if (header.e_machine != EM_X86_64)
        return "an ELF file of another machine than x86-64";
    if (header.e_phnum != 0 && header.e_phentsize != sizeof(Elf64_Phdr))
        return "an ELF file with program headers of an unknown size";
    return NULL;
}

/* `size` up to a multiple of `align`, at most `left`: the last one's padding may not be there. */
static size_t padded(size_t size, size_t align, size_t left)
{
    size_t whole = (size + align - 1) & ~(align - 1);
    return whole < left ? whole : left;
}

bool uf_elf_note_next(const unsigned char *notes, size_t size, uint64_t align, size_t *at,
                      struct uf_elf_note *ret)
{
    Elf64_Nhdr header;
    size_t unit = align == 8 ? 8 : 4;
    if (*at >= size || size - *at < sizeof header)
        return false;
    memcpy(&header, notes + *at, sizeof header);
    size_t left = size - *at - sizeof header;
    const unsigned char *name = notes + *at + sizeof header;
    if (header.n_namesz > left)
        return false;
    /* the name is padded as a part of the whole note (elf(5): with alignment 8, from its header on) */
    size_t name_bytes = padded(sizeof header + header.n_namesz, unit, left + sizeof header);
    left -= name_bytes - sizeof header;
    if (header.n_descsz > left)
        return false;
    *ret = (struct uf_elf_note){
        .type = header.n_type,
        .name = (const char *)name,
        .name_len = header.n_namesz,
        .bytes = notes + *at + name_bytes,
        .size = header.n_descsz,
    };
    *at += name_bytes + padded(header.n_descsz, unit, left);
    return true;
}

bool uf_elf_note_is(const struct uf_elf_note *note, const char *name, uint32_t type)
{
    size_t len = strlen(name) + 1;
    return note->type == type && note->name_len == len && memcmp(note->name, name, len) == 0;
}

size_t uf_elf_build_id(const unsigned char *notes, size_t size, uint64_t align,
                       unsigned char ret[UF_BUILD_ID_MAX])
{
    struct uf_elf_note note;
    for (size_t at = 0; uf_elf_note_next(notes, size, align, &at, &note);)
        if (uf_elf_note_is(&note, ELF_NOTE_GNU, NT_GNU_BUILD_ID) && note.size > 0) {
            size_t len = note.size < UF_BUILD_ID_MAX ? note.size : UF_BUILD_ID_MAX;
            memcpy(ret, note.bytes, len);
            return len;
        }
    return 0;
}
