/* make_core.h - a core of any content: parts of memory, notes, mapped files.
 *
 *     struct made_core core = {0};
 *     made_core_thread(&core, 77, SIGABRT);
 *     made_core_load(&core, 0x10000, 0x2000, PF_R | PF_W, bytes, 0x2000);
 *     made_core_file(&core, 0x40000, 0x41000, 0, "/lib/libmade.so");
 *     made_core_join(&core);                 -> core.bytes, core.len
 */
#ifndef UF_TESTS_UNIT_MAKE_CORE_H
#define UF_TESTS_UNIT_MAKE_CORE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MADE_CORE_LOADS 32
#define MADE_CORE_FILES 16

struct made_core {
    Elf64_Phdr loads[MADE_CORE_LOADS];
    const void *contents[MADE_CORE_LOADS];
    uint32_t load_count;
    uint64_t files[MADE_CORE_FILES][3]; /* start, end, page of the file */
    const char *names[MADE_CORE_FILES];
    uint32_t file_count;
    unsigned char notes[8192];
    size_t notes_len;
    size_t unaligned;     /* bytes that the memory is shifted by, as gcore does */
    int count_apart;      /* the number of program headers stands in a section header */
    unsigned char *bytes; /* malloc's */
    size_t len;
};

static inline void made_core_note(struct made_core *core, uint32_t type, const void *bytes,
                                  size_t len)
{
    Elf64_Nhdr header = {5, (Elf64_Word)len, type};
    unsigned char *to = core->notes + core->notes_len;
    memcpy(to, &header, sizeof header);
    memcpy(to + sizeof header, "CORE\0\0\0", 8);
    memcpy(to + sizeof header + 8, bytes, len);
    core->notes_len += sizeof header + 8 + ((len + 3) & ~(size_t)3);
}

static inline void made_core_thread(struct made_core *core, int32_t id, int16_t signal)
{
    unsigned char status[336] = {0};
    memcpy(status + 12, &signal, sizeof signal);
    memcpy(status + 32, &id, sizeof id);
    made_core_note(core, NT_PRSTATUS, status, sizeof status);
}

static inline void made_core_process(struct made_core *core, int32_t pid, const char *command)
{
    unsigned char info[136] = {0};
    memcpy(info + 24, &pid, sizeof pid);
    memcpy(info + 56, command, strnlen(command, 80));
    made_core_note(core, NT_PRPSINFO, info, sizeof info);
}

static inline void made_core_load(struct made_core *core, uint64_t start, uint64_t size,
                                  uint32_t flags, const void *bytes, uint64_t dumped)
{
    core->contents[core->load_count] = bytes;
    core->loads[core->load_count++] = (Elf64_Phdr){
        .p_type = PT_LOAD,
        .p_flags = flags,
        .p_vaddr = start,
        .p_filesz = dumped,
        .p_memsz = size,
        .p_align = 4096,
    };
}

static inline void made_core_file(struct made_core *core, uint64_t start, uint64_t end,
                                  uint64_t page, const char *name)
{
    uint64_t *file = core->files[core->file_count];
    file[0] = start;
    file[1] = end;
    file[2] = page;
    core->names[core->file_count++] = name;
}

static inline void made_core_add_files(struct made_core *core)
{
    unsigned char note[6000];
    uint64_t head[2] = {core->file_count, 4096};
    size_t len = sizeof head + core->file_count * sizeof core->files[0];
    memcpy(note, head, sizeof head);
    memcpy(note + sizeof head, core->files, core->file_count * sizeof core->files[0]);
    for (uint32_t i = 0; i < core->file_count; i++) {
        memcpy(note + len, core->names[i], strlen(core->names[i]) + 1);
        len += strlen(core->names[i]) + 1;
    }
    made_core_note(core, NT_FILE, note, len);
}

static inline void made_core_join(struct made_core *core)
{
    uint32_t count = core->load_count + 1;
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_CORE,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof header,
        .e_ehsize = sizeof header,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = (Elf64_Half)count,
    };
    Elf64_Shdr first = {.sh_info = count};
    if (core->file_count)
        made_core_add_files(core);
    size_t at = sizeof header + count * sizeof(Elf64_Phdr);
    Elf64_Phdr notes = {.p_type = PT_NOTE, .p_offset = at, .p_filesz = core->notes_len};
    at += core->notes_len;
    if (core->count_apart) {
        header.e_phnum = PN_XNUM;
        header.e_shoff = at;
        at += sizeof first;
    }
    at = ((at + 4095) & ~(size_t)4095) + core->unaligned;
    for (uint32_t i = 0; i < core->load_count; i++) {
        core->loads[i].p_offset = at;
        at += core->loads[i].p_filesz;
    }
    core->len = at;
    core->bytes = calloc(1, core->len + 1);
    unsigned char *to = core->bytes;
    memcpy(to, &header, sizeof header);
    memcpy(to + sizeof header, &notes, sizeof notes);
    memcpy(to + sizeof header + sizeof notes, core->loads,
           core->load_count * sizeof core->loads[0]);
    memcpy(to + notes.p_offset, core->notes, core->notes_len);
    if (core->count_apart)
        memcpy(to + header.e_shoff, &first, sizeof first);
    for (uint32_t i = 0; i < core->load_count; i++)
        if (core->loads[i].p_filesz)
            memcpy(to + core->loads[i].p_offset, core->contents[i], core->loads[i].p_filesz);
}

#endif
