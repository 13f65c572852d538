#include "symbols/image_private.h"

#include <string.h>
#include <unistd.h>

enum uf_code uf_image_make(struct uf_image **ret, int fd, struct uf_error *err)
{
    *ret = uf_mem_zalloc(sizeof **ret);
    if (!*ret) {
        if (fd >= 0)
            close(fd);
        return uf_error_nomem(err);
    }
    (*ret)->fd = fd;
    return UF_OK;
}

void uf_image_close(struct uf_image *image)
{
    if (!image)
        return;
    if (image->elf)
        elf_end(image->elf);
    if (image->fd >= 0)
        close(image->fd);
    uf_vec_release(&image->loads);
    uf_vec_release(&image->sections);
    uf_vec_release(&image->symbols);
    uf_mem_free(image->slots);
    uf_mem_free(image->strings);
    uf_mem_free(image);
}

enum uf_code uf_image_add_load(struct uf_image *image, const Elf64_Phdr *header,
                               struct uf_error *err)
{
    struct image_load load = {header->p_offset, header->p_filesz, header->p_vaddr, header->p_memsz};
    uint64_t most = UINT64_MAX - IMAGE_PAGE;
    if (load.address > most || load.bytes > most - load.address || load.offset > most ||
        load.file_bytes > most - load.offset)
        return uf_error_set(err, UF_ECORRUPT, "a part of an ELF file wraps around");
    return uf_vec_push(&image->loads, load) ? uf_error_nomem(err) : UF_OK;
}

/* FNV-1a, and how long the name is: up to its NUL or its version. `most`: IMAGE_NAME_MAX at most. */
static bool hash_name(const char *name, size_t most, uint32_t *len, uint32_t *hash)
{
    *hash = 2166136261u;
    for (size_t i = 0; i < most; i++) {
        if (name[i] == '\0' || (name[i] == '@' && i > 0)) {
            *len = (uint32_t)i;
            /* "name@VERSION" is an old version of it, which nobody links to any more */
            return i > 0 && (name[i] == '\0' || (i + 1 < most && name[i + 1] == '@'));
        }
        *hash = (*hash ^ (unsigned char)name[i]) * 16777619u;
    }
    return false;
}

/* The slot of that name, or the free one where it would be. The table is never full. */
static uint32_t *slot_of(const struct uf_image *image, const char *name, uint32_t len,
                         uint32_t hash)
{
    for (size_t i = hash;; i++) {
        uint32_t *slot = &image->slots[i & (image->slots_cap - 1)];
        if (*slot == 0)
            return slot;
        const struct image_symbol *symbol = &image->symbols.at[*slot - 1];
        if (symbol->hash == hash && symbol->len == len && memcmp(symbol->name, name, len) == 0)
            return slot;
    }
}

/* Slots for `wanted` symbols in all, at most half of them taken. */
static enum uf_code reserve(struct uf_image *image, size_t wanted, struct uf_error *err)
{
    size_t cap = image->slots_cap ? image->slots_cap : 64;
    while (cap < wanted * 2)
        cap *= 2;
    if (cap != image->slots_cap) {
        uint32_t *slots = uf_mem_zalloc(cap * sizeof *slots);
        if (!slots)
            return uf_error_nomem(err);
        uf_mem_free(image->slots);
        image->slots = slots;
        image->slots_cap = cap;
        for (size_t i = 0; i < image->symbols.len; i++) {
            const struct image_symbol *symbol = &image->symbols.at[i];
            *slot_of(image, symbol->name, symbol->len, symbol->hash) = (uint32_t)i + 1;
        }
    }
    return uf_vec_reserve(&image->symbols, wanted) ? uf_error_nomem(err) : UF_OK;
}

static bool is_wanted(const Elf64_Sym *symbol)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    return symbol->st_shndx != SHN_UNDEF && type != STT_SECTION && type != STT_FILE &&
           type != STT_TLS;
}

enum uf_code uf_image_add_symbols(struct uf_image *image, const unsigned char *table, size_t count,
                                  const char *strings, size_t strings_bytes, struct uf_error *err)
{
    count = count < IMAGE_SYMBOLS_MAX ? count : IMAGE_SYMBOLS_MAX;
    if (reserve(image, image->symbols.len + count, err))
        return UF_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        Elf64_Sym from;
        memcpy(&from, table + i * sizeof from, sizeof from);
        if (!is_wanted(&from) || from.st_name >= strings_bytes)
            continue;
        struct image_symbol symbol = {
            .name = strings + from.st_name,
            .address = from.st_value,
            .size = from.st_size,
            .local = ELF64_ST_BIND(from.st_info) == STB_LOCAL,
        };
        size_t most = strings_bytes - from.st_name;
        if (!hash_name(symbol.name, most < IMAGE_NAME_MAX ? most : IMAGE_NAME_MAX, &symbol.len,
                       &symbol.hash))
            continue;
        uint32_t *slot = slot_of(image, symbol.name, symbol.len, symbol.hash);
        if (*slot == 0) {
            image->symbols.at[image->symbols.len++] = symbol;
            *slot = (uint32_t)image->symbols.len;
        } else if (image->symbols.at[*slot - 1].local && !symbol.local) {
            image->symbols.at[*slot - 1] = symbol;
        }
    }
    return UF_OK;
}

bool uf_image_symbol(const struct uf_image *image, const char *name, struct uf_image_symbol *ret)
{
    uint32_t len, hash;
    if (!image->slots || !hash_name(name, strnlen(name, IMAGE_NAME_MAX) + 1, &len, &hash))
        return false;
    uint32_t slot = *slot_of(image, name, len, hash);
    if (slot == 0)
        return false;
    *ret = (struct uf_image_symbol){image->symbols.at[slot - 1].address,
                                    image->symbols.at[slot - 1].size};
    return true;
}

bool uf_image_section(const struct uf_image *image, const char *name, struct uf_image_symbol *ret)
{
    for (size_t i = 0; i < image->sections.len; i++)
        if (strcmp(image->sections.at[i].name, name) == 0) {
            *ret =
                (struct uf_image_symbol){image->sections.at[i].address, image->sections.at[i].size};
            return true;
        }
    return false;
}

static uint64_t page_of(uint64_t at)
{
    return at & ~(IMAGE_PAGE - 1);
}

/* The end of the last page of which something is before `end`; loads end a page before the last one. */
static uint64_t pages_end(uint64_t end)
{
    return page_of(end + IMAGE_PAGE - 1);
}

bool uf_image_bias(const struct uf_image *image, uint64_t offset, uint64_t start, uint64_t *bias)
{
    const struct image_load *found = NULL;
    for (size_t i = 0; i < image->loads.len; i++) {
        const struct image_load *load = &image->loads.at[i];
        if (page_of(load->offset) == page_of(offset)) {
            found = load;
            break;
        }
        if (!found && offset >= page_of(load->offset) &&
            offset < pages_end(load->offset + load->file_bytes))
            found = load;
    }
    if (found)
        *bias = start - (found->address + (offset - found->offset));
    return found != NULL;
}

void uf_image_span(const struct uf_image *image, uint64_t *start, uint64_t *end)
{
    *start = image->loads.len ? UINT64_MAX : 0;
    *end = 0;
    for (size_t i = 0; i < image->loads.len; i++) {
        const struct image_load *load = &image->loads.at[i];
        uint64_t last = pages_end(load->address + load->bytes);
        *start = page_of(load->address) < *start ? page_of(load->address) : *start;
        *end = last > *end ? last : *end;
    }
}

size_t uf_image_build_id(const struct uf_image *image, unsigned char *ret, size_t size)
{
    size_t len = image->build_id_len < size ? image->build_id_len : size;
    memcpy(ret, image->build_id, len);
    return len;
}
