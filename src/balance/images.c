/* Where the variables of programs and libraries end that their files do not hold. */
#include "balance/mapped.h"
#include "cpython/read.h"

#include <elf.h>

#define PAGE UINT64_C(4096)
#define PARTS_MOST 128

/* How far the image whose first page is at `at` reaches, as its head says; 0: it is none. */
static uint64_t image_end(const struct uf_source *source, uint64_t at)
{
    const void *view = uf_source_view(source, at, sizeof(Elf64_Ehdr));
    Elf64_Ehdr head;
    if (!view)
        return 0;
    memcpy(&head, view, sizeof head);
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_phentsize != sizeof(Elf64_Phdr) ||
        head.e_phnum > PARTS_MOST)
        return 0;
    uint64_t first = 0, end = 0;
    bool any = false;
    for (uint64_t i = 0; i < head.e_phnum; i++) {
        Elf64_Phdr part;
        view = uf_source_view(source, at + head.e_phoff + i * sizeof part, sizeof part);
        if (!view)
            return 0;
        memcpy(&part, view, sizeof part);
        if (part.p_type != PT_LOAD)
            continue;
        if (!any)
            first = part.p_vaddr & ~(PAGE - 1);
        any = true;
        if (part.p_vaddr >= first && part.p_memsz <= UINT64_MAX - part.p_vaddr &&
            part.p_vaddr + part.p_memsz - first > end)
            end = part.p_vaddr + part.p_memsz - first;
    }
    return end ? (at + end + PAGE - 1) & ~(PAGE - 1) : 0;
}

enum uf_code uf_mapped_images(struct uf_areas *areas, const struct uf_outside_memory *memory,
                              struct uf_error *err)
{
    const struct uf_mappings *mappings = memory->mappings;
    uint64_t end = 0; /* of the image whose mappings are passed */
    size_t image = 0;
    for (size_t i = 0; i < mappings->list.len; i++) {
        const struct uf_mapping *m = &mappings->list.at[i];
        const char *path = uf_mapping_path(mappings, m);
        struct uf_error ignored;
        if (path[0] == '/' && m->offset == 0 && m->readable) {
            uint64_t reach = image_end(memory->source, m->start);
            end = reach ? reach : end;
            image = reach ? i : image;
        }
        bool heap = strcmp(path, "[heap]") == 0;
        if (m->start >= end || m->inode || m->shared || !m->writable || (path[0] && !heap))
            continue;
        uint64_t behind = m->end < end ? m->end : end;
        enum uf_code code = uf_areas_add_whole(areas, m->start, behind, UF_AREA_IMAGE,
                                               (uint32_t)image, UF_USE_TAKEN, &ignored);
        if (code == UF_ENOMEM)
            return uf_error_nomem(err);
    }
    return UF_OK;
}
