/* make_image.h - a small ELF image of known content, as a file and as it lies in memory.
 *
 *     page 0  headers, build id      page 2  .symtab .strtab .shstrtab, section headers (not loaded)
 *     page 1  .dynsym .dynstr hash tables, dynamic section; mapped at MADE_IMAGE_ADDRESS + page 1
 */
#ifndef UF_TESTS_UNIT_MAKE_IMAGE_H
#define UF_TESTS_UNIT_MAKE_IMAGE_H

#include <elf.h>
#include <stdint.h>
#include <string.h>

#define MADE_IMAGE_ADDRESS 0x10000u
#define MADE_IMAGE_BSS 0x3000u
#define MADE_PAGE 4096u

struct made_image {
    unsigned char bytes[4 * MADE_PAGE];
    size_t len;
    size_t at; /* where the next piece goes */
};

static size_t made_put(struct made_image *image, const void *bytes, size_t len)
{
    size_t at = image->at;
    memcpy(image->bytes + at, bytes, len);
    image->at = (at + len + 7) & ~(size_t)7;
    return at;
}

static Elf64_Sym made_symbol(const char *names, const char *name, unsigned bind, uint64_t value)
{
    uint32_t at = 0;
    for (const char *other = names + 1; *other; other += strlen(other) + 1)
        if (strcmp(other, name) == 0)
            at = (uint32_t)(other - names);
    return (Elf64_Sym){
        .st_name = at,
        .st_info = (unsigned char)ELF64_ST_INFO(bind, STT_OBJECT),
        .st_shndx = 1,
        .st_value = value,
        .st_size = 16,
    };
}

/* `bias`: what a loader has added to the pointers of the dynamic section; `gnu`: with DT_GNU_HASH, else DT_HASH. */
static void made_dynamic(struct made_image *image, Elf64_Phdr *header, uint64_t bias, int gnu)
{
    static const char names[] = "\0_PyRuntime\0Py_Version\0outside\0";
    Elf64_Sym symbols[4] = {
        [1] = made_symbol(names, "outside", STB_GLOBAL, 0), /* not defined here */
        [2] = made_symbol(names, "_PyRuntime", STB_GLOBAL, MADE_IMAGE_ADDRESS + 0x1f00),
        [3] = made_symbol(names, "Py_Version", STB_GLOBAL, MADE_IMAGE_ADDRESS + 0x1f80),
    };
    symbols[1].st_shndx = SHN_UNDEF;
    /* buckets, first symbol, Bloom words, shift; Bloom word; bucket; chain: the last one ends it */
    uint32_t gnu_hash[] = {1, 2, 1, 0, 0xffffffff, 0xffffffff, 2, 0x10, 0x11};
    uint32_t hash[] = {1, 4, 2, 0, 0, 3, 0};
    image->at = MADE_PAGE;
    size_t table = made_put(image, symbols, sizeof symbols);
    size_t strings = made_put(image, names, sizeof names);
    size_t hashes = gnu ? made_put(image, gnu_hash, sizeof gnu_hash)
                        : made_put(image, hash, sizeof hash);
    Elf64_Dyn dynamic[] = {
        {.d_tag = DT_SYMTAB, .d_un.d_ptr = MADE_IMAGE_ADDRESS + bias + table},
        {.d_tag = DT_STRTAB, .d_un.d_ptr = MADE_IMAGE_ADDRESS + bias + strings},
        {.d_tag = DT_STRSZ, .d_un.d_val = sizeof names},
        {.d_tag = gnu ? DT_GNU_HASH : DT_HASH, .d_un.d_ptr = MADE_IMAGE_ADDRESS + bias + hashes},
        {.d_tag = DT_NULL},
    };
    size_t at = made_put(image, dynamic, sizeof dynamic);
    *header = (Elf64_Phdr){
        .p_type = PT_DYNAMIC,
        .p_offset = at,
        .p_vaddr = MADE_IMAGE_ADDRESS + at,
        .p_filesz = sizeof dynamic,
        .p_memsz = sizeof dynamic,
    };
}

static void made_sections(struct made_image *image, Elf64_Ehdr *header)
{
    static const char names[] = "\0_PyRuntime\0PyODict_Type\0odict_free\0";
    static const char section_names[] = "\0.PyRuntime\0.symtab\0.strtab\0.shstrtab";
    Elf64_Sym symbols[] = {
        {0},
        made_symbol(names, "odict_free", STB_LOCAL, MADE_IMAGE_ADDRESS + 0x1e00),
        made_symbol(names, "odict_free", STB_LOCAL, MADE_IMAGE_ADDRESS + 0x1e10),
        made_symbol(names, "PyODict_Type", STB_LOCAL, MADE_IMAGE_ADDRESS + 0x1e20),
        made_symbol(names, "PyODict_Type", STB_GLOBAL, MADE_IMAGE_ADDRESS + 0x1e30),
        made_symbol(names, "_PyRuntime", STB_GLOBAL, MADE_IMAGE_ADDRESS + 0x1f00),
    };
    image->at = 2 * MADE_PAGE;
    size_t table = made_put(image, symbols, sizeof symbols);
    size_t strings = made_put(image, names, sizeof names);
    size_t section_strings = made_put(image, section_names, sizeof section_names);
    Elf64_Shdr sections[] = {
        {0},
        {.sh_name = 1,
         .sh_type = SHT_PROGBITS,
         .sh_flags = SHF_ALLOC | SHF_WRITE,
         .sh_addr = MADE_IMAGE_ADDRESS + 0x1f00,
         .sh_offset = 0x1f00,
         .sh_size = 0x80},
        {.sh_name = 12,
         .sh_type = SHT_SYMTAB,
         .sh_offset = table,
         .sh_size = sizeof symbols,
         .sh_link = 3,
         .sh_entsize = sizeof symbols[0]},
        {.sh_name = 20, .sh_type = SHT_STRTAB, .sh_offset = strings, .sh_size = sizeof names},
        {.sh_name = 28,
         .sh_type = SHT_STRTAB,
         .sh_offset = section_strings,
         .sh_size = sizeof section_names},
    };
    header->e_shoff = made_put(image, sections, sizeof sections);
    header->e_shnum = 5;
    header->e_shentsize = sizeof sections[0];
    header->e_shstrndx = 4;
}

static inline void make_image(struct made_image *image, uint64_t bias, int gnu)
{
    static const struct {
        Elf64_Nhdr header;
        char name[4];
        unsigned char id[20];
    } note = {{4, 20, NT_GNU_BUILD_ID}, "GNU", "0123456789abcdefghi"};
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_DYN,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof header,
        .e_ehsize = sizeof header,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 4,
    };
    Elf64_Phdr parts[4] = {
        {.p_type = PT_LOAD,
         .p_flags = PF_R,
         .p_vaddr = MADE_IMAGE_ADDRESS,
         .p_filesz = MADE_PAGE,
         .p_memsz = MADE_PAGE},
        {.p_type = PT_LOAD,
         .p_flags = PF_R | PF_W,
         .p_offset = MADE_PAGE,
         .p_vaddr = MADE_IMAGE_ADDRESS + MADE_PAGE,
         .p_filesz = MADE_PAGE,
         .p_memsz = MADE_PAGE + MADE_IMAGE_BSS},
    };
    *image = (struct made_image){.at = sizeof header + sizeof parts};
    size_t notes = made_put(image, &note, sizeof note);
    parts[2] = (Elf64_Phdr){.p_type = PT_NOTE,
                            .p_offset = notes,
                            .p_vaddr = MADE_IMAGE_ADDRESS + notes,
                            .p_filesz = sizeof note,
                            .p_memsz = sizeof note,
                            .p_align = 4};
    made_dynamic(image, &parts[3], bias, gnu);
    made_sections(image, &header);
    memcpy(image->bytes, &header, sizeof header);
    memcpy(image->bytes + sizeof header, parts, sizeof parts);
    image->len = image->at;
}

#endif
