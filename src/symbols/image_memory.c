/* An image out of the memory of the program that has it loaded: what the dynamic loader needs is there,
 * found as the loader finds it. Everything is checked against what the image takes in memory. */
#include "symbols/image_private.h"

#include <string.h>

#define DYNAMIC_MAX 4096
#define NOTES_MAX ((uint64_t)64 << 10)

struct reader {
    struct uf_image *image;
    uf_image_read read;
    void *context;
    uint64_t bias;       /* address in memory - address of the file */
    uint64_t start, end; /* of the image, in memory */
    uint64_t dynamic, dynamic_bytes;
};

/* The entries of PT_DYNAMIC that are used; 0: not there. */
struct tables {
    uint64_t symbols, strings, strings_bytes, hash, gnu_hash;
};

static bool read_at(const struct reader *r, uint64_t address, void *ret, uint64_t size)
{
    return address >= r->start && address < r->end && size <= r->end - address &&
           r->read(r->context, address, ret, size);
}

static bool read_u32(const struct reader *r, uint64_t address, uint32_t *ret)
{
    return read_at(r, address, ret, sizeof *ret);
}

/* A pointer of PT_DYNAMIC: glibc's loader adds the bias in place (elf/get-dynamic-info.h), musl's and the kernel's
 * vDSO leave it. 0: neither lies in the image. */
static uint64_t located(const struct reader *r, uint64_t value)
{
    if (value >= r->start && value < r->end)
        return value;
    value += r->bias;
    return value >= r->start && value < r->end ? value : 0;
}

static void read_build_id(struct reader *r, const Elf64_Phdr *header)
{
    uint64_t size = header->p_filesz < NOTES_MAX ? header->p_filesz : NOTES_MAX;
    unsigned char *notes = uf_mem_alloc(size);
    if (notes && read_at(r, header->p_vaddr + r->bias, notes, size))
        r->image->build_id_len = uf_elf_build_id(notes, size, header->p_align, r->image->build_id);
    uf_mem_free(notes);
}

/* The headers are in the first page, as every linker puts them. */
static enum uf_code read_headers(struct reader *r, uint64_t at, struct uf_error *err)
{
    unsigned char page[IMAGE_PAGE];
    Elf64_Ehdr header;
    Elf64_Phdr part;
    if (!r->read(r->context, at, page, sizeof page))
        return uf_error_at(err, UF_EFAULT, at, "the head of an image cannot be read");
    const char *refusal = uf_elf_refusal(page, sizeof page);
    if (refusal)
        return uf_error_set(err, UF_EUNSUPPORTED, "it is %s", refusal);
    memcpy(&header, page, sizeof header);
    if (header.e_phoff > sizeof page ||
        header.e_phnum > (sizeof page - header.e_phoff) / sizeof part)
        return uf_error_set(err, UF_EUNSUPPORTED, "it is an image without headers in its 1st page");
    const unsigned char *parts = page + header.e_phoff;
    for (size_t i = 0; i < header.e_phnum; i++) {
        memcpy(&part, parts + i * sizeof part, sizeof part);
        enum uf_code code = part.p_type == PT_LOAD ? uf_image_add_load(r->image, &part, err)
                                                   : UF_OK;
        if (code)
            return code;
        if (part.p_type == PT_DYNAMIC) {
            r->dynamic = part.p_vaddr;
            r->dynamic_bytes = part.p_memsz;
        }
    }
    if (!uf_image_bias(r->image, 0, at, &r->bias))
        return uf_error_set(err, UF_EUNSUPPORTED, "it is an image whose head is not loaded");
    uf_image_span(r->image, &r->start, &r->end);
    r->start += r->bias;
    r->end += r->bias;
    r->dynamic += r->bias;
    if (r->end <= r->start || at < r->start || at >= r->end)
        return uf_error_set(err, UF_ECORRUPT, "a part of an ELF file wraps around");
    for (size_t i = 0; i < header.e_phnum && !r->image->build_id_len; i++) {
        memcpy(&part, parts + i * sizeof part, sizeof part);
        if (part.p_type == PT_NOTE)
            read_build_id(r, &part);
    }
    return UF_OK;
}

static void read_dynamic(const struct reader *r, struct tables *ret)
{
    for (uint64_t i = 0; i < DYNAMIC_MAX && i < r->dynamic_bytes / sizeof(Elf64_Dyn); i++) {
        Elf64_Dyn entry;
        if (!read_at(r, r->dynamic + i * sizeof entry, &entry, sizeof entry) ||
            entry.d_tag == DT_NULL)
            return;
        switch (entry.d_tag) {
        case DT_SYMTAB:
            ret->symbols = located(r, entry.d_un.d_ptr);
            break;
        case DT_STRTAB:
            ret->strings = located(r, entry.d_un.d_ptr);
            break;
        case DT_STRSZ:
            ret->strings_bytes = entry.d_un.d_val;
            break;
        case DT_HASH:
            ret->hash = located(r, entry.d_un.d_ptr);
            break;
        case DT_GNU_HASH:
            ret->gnu_hash = located(r, entry.d_un.d_ptr);
            break;
        default:
            break;
        }
    }
}

/* No table says how many symbols there are: the last chain of the hash table ends at the last one. */
static uint32_t count_by_gnu_hash(const struct reader *r, uint64_t table)
{
    uint32_t head[4]; /* buckets, first symbol, words of the Bloom filter, its shift */
    uint32_t last = 0, word = 0;
    if (!read_at(r, table, head, sizeof head) || head[0] > IMAGE_SYMBOLS_MAX)
        return 0;
    uint64_t buckets = table + sizeof head + (uint64_t)head[2] * 8;
    uint64_t chains = buckets + (uint64_t)head[0] * 4;
    for (uint32_t i = 0; i < head[0]; i++) {
        if (!read_u32(r, buckets + (uint64_t)i * 4, &word))
            return 0;
        last = word > last ? word : last;
    }
    if (last < head[1])
        return head[1] < IMAGE_SYMBOLS_MAX ? head[1] : 0;
    for (; last < IMAGE_SYMBOLS_MAX; last++) {
        if (!read_u32(r, chains + (uint64_t)(last - head[1]) * 4, &word))
            return 0;
        if (word & 1)
            return last + 1;
    }
    return 0;
}

static uint32_t count_symbols(const struct reader *r, const struct tables *tables)
{
    uint32_t head[2]; /* buckets, chains: one per symbol */
    if (tables->hash && read_at(r, tables->hash, head, sizeof head))
        return head[1] < IMAGE_SYMBOLS_MAX ? head[1] : 0;
    return tables->gnu_hash ? count_by_gnu_hash(r, tables->gnu_hash) : 0;
}

static enum uf_code read_symbols(struct reader *r, struct uf_error *err)
{
    struct tables tables = {0};
    if (r->dynamic_bytes)
        read_dynamic(r, &tables);
    uint64_t bytes = (uint64_t)count_symbols(r, &tables) * sizeof(Elf64_Sym);
    uint64_t strings_bytes = tables.strings_bytes;
    if (bytes == 0 || !tables.symbols || !tables.strings || strings_bytes == 0 ||
        bytes > r->end - tables.symbols || strings_bytes > r->end - tables.strings ||
        strings_bytes > IMAGE_TABLE_BYTES_MAX)
        return UF_OK; /* an image without names is one, too */
    enum uf_code code = UF_OK;
    unsigned char *table = uf_mem_alloc(bytes);
    r->image->strings = uf_mem_alloc(strings_bytes);
    if (!table || !r->image->strings)
        code = uf_error_nomem(err);
    else if (read_at(r, tables.symbols, table, bytes) &&
             read_at(r, tables.strings, r->image->strings, strings_bytes))
        code = uf_image_add_symbols(r->image, table, bytes / sizeof(Elf64_Sym), r->image->strings,
                                    strings_bytes, err);
    uf_mem_free(table);
    return code;
}

enum uf_code uf_image_open_memory(struct uf_image **ret, uint64_t start, uf_image_read read,
                                  void *context, struct uf_error *err)
{
    struct uf_image *image;
    enum uf_code code = uf_image_make(&image, -1, err);
    *ret = NULL;
    if (code)
        return code;
    struct reader reader = {.image = image, .read = read, .context = context};
    code = read_headers(&reader, start, err);
    if (!code)
        code = read_symbols(&reader, err);
    if (code) {
        uf_image_close(image);
        return code;
    }
    *ret = image;
    return UF_OK;
}
