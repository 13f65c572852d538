/* An image of a file, by libelf: read, not mapped, so that a file that is cut meanwhile is an error and
 * not a signal. */
#include "symbols/image_private.h"

#include <gelf.h>
#include <string.h>
#include <unistd.h>

static enum uf_code refused(struct uf_error *err)
{
    const char *why = elf_errmsg(-1);
    return uf_error_set(err, UF_ECORRUPT, "a damaged ELF file: %s", why ? why : "unknown reason");
}

static enum uf_code read_program_headers(struct uf_image *image, struct uf_error *err)
{
    size_t count = 0;
    if (elf_getphdrnum(image->elf, &count) != 0)
        return refused(err);
    for (size_t i = 0; i < count && i < IMAGE_HEADERS_MAX; i++) {
        GElf_Phdr header;
        if (!gelf_getphdr(image->elf, (int)i, &header))
            return refused(err);
        if (header.p_type == PT_LOAD) {
            enum uf_code code = uf_image_add_load(image, &header, err);
            if (code)
                return code;
        }
        if (header.p_type != PT_NOTE || image->build_id_len ||
            header.p_filesz > IMAGE_TABLE_BYTES_MAX)
            continue;
        Elf_Data *notes =
            elf_getdata_rawchunk(image->elf, (int64_t)header.p_offset, header.p_filesz, ELF_T_BYTE);
        if (notes && notes->d_buf)
            image->build_id_len =
                uf_elf_build_id(notes->d_buf, notes->d_size, header.p_align, image->build_id);
    }
    return UF_OK;
}

/* A section's bytes as they are in the file; NULL: there are none. */
static const Elf_Data *bytes_of(Elf_Scn *section)
{
    GElf_Shdr header;
    if (!section || !gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS ||
        (header.sh_flags & SHF_COMPRESSED) || header.sh_size > IMAGE_TABLE_BYTES_MAX)
        return NULL;
    Elf_Data *data = elf_rawdata(section, NULL);
    return data && data->d_buf ? data : NULL;
}

static enum uf_code read_symbols(struct uf_image *image, uint32_t type, struct uf_error *err)
{
    for (Elf_Scn *section = NULL; (section = elf_nextscn(image->elf, section)) != NULL;) {
        GElf_Shdr header;
        if (!gelf_getshdr(section, &header) || header.sh_type != type)
            continue;
        const Elf_Data *table = bytes_of(section);
        const Elf_Data *strings = bytes_of(elf_getscn(image->elf, header.sh_link));
        if (table && strings) /* of each type there is one, as the ABI says */
            return uf_image_add_symbols(image, table->d_buf, table->d_size / sizeof(Elf64_Sym),
                                        strings->d_buf, strings->d_size, err);
    }
    return UF_OK;
}

static enum uf_code read_sections(struct uf_image *image, struct uf_error *err)
{
    size_t names_index = 0;
    if (elf_getshdrstrndx(image->elf, &names_index) != 0)
        return UF_OK; /* without names they are of no use */
    const Elf_Data *names = bytes_of(elf_getscn(image->elf, names_index));
    if (!names || names->d_size == 0 || ((const char *)names->d_buf)[names->d_size - 1] != '\0')
        return UF_OK;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(image->elf, section)) != NULL;) {
        GElf_Shdr header;
        if (!gelf_getshdr(section, &header) || header.sh_name >= names->d_size ||
            !(header.sh_flags & SHF_ALLOC))
            continue;
        struct image_section entry = {(const char *)names->d_buf + header.sh_name, header.sh_addr,
                                      header.sh_size};
        if (uf_vec_push(&image->sections, entry))
            return uf_error_nomem(err);
    }
    return UF_OK;
}

static enum uf_code read_file(struct uf_image *image, struct uf_error *err)
{
    unsigned char header[sizeof(Elf64_Ehdr)];
    ssize_t len = pread(image->fd, header, sizeof header, 0);
    const char *refusal = uf_elf_refusal(header, len > 0 ? (size_t)len : 0);
    if (refusal)
        return uf_error_set(err, UF_EUNSUPPORTED, "it is %s", refusal);
    (void)elf_version(EV_CURRENT);
    image->elf = elf_begin(image->fd, ELF_C_READ, NULL);
    if (!image->elf)
        return refused(err);
    enum uf_code code = read_program_headers(image, err);
    if (!code)
        code = read_sections(image, err);
    if (!code)
        code = read_symbols(image, SHT_SYMTAB, err);
    return code ? code : read_symbols(image, SHT_DYNSYM, err);
}

enum uf_code uf_image_open(struct uf_image **ret, int fd, struct uf_error *err)
{
    struct uf_image *image;
    enum uf_code code = uf_image_make(&image, fd, err);
    *ret = NULL;
    if (code)
        return code;
    code = read_file(image, err);
    if (code) {
        uf_image_close(image);
        return code;
    }
    *ret = image;
    return UF_OK;
}
