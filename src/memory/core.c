#include "memory/core_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGAIN "dump it again, or copy it again"

enum uf_code uf_core_damaged(struct uf_error *err, const char *what)
{
    return uf_error_set(err, UF_ETARGET, "the core is damaged: %s (" AGAIN ")", what);
}

struct packing {
    unsigned char magic[6];
    unsigned char len;
    const char *name;
};

/* How a file is compressed; NULL: it is not. */
static const struct packing *packing_of(const unsigned char *bytes, uint64_t len)
{
    static const struct packing known[] = {
        {{0x28, 0xb5, 0x2f, 0xfd}, 4, "zstd"},
        {{0x04, 0x22, 0x4d, 0x18}, 4, "lz4"},
        {{0xfd, '7', 'z', 'X', 'Z', 0}, 6, "xz"},
        {{0x1f, 0x8b}, 2, "gzip"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (len >= known[i].len && memcmp(bytes, known[i].magic, known[i].len) == 0)
            return &known[i];
    return NULL;
}

bool uf_core_is_packed(const void *bytes, size_t len)
{
    return packing_of(bytes, len) != NULL;
}

/* Says what a file is that is no ELF file of ours. */
static enum uf_code refuse(const struct uf_core *core, const char *refusal, struct uf_error *err)
{
    const struct packing *packed = packing_of(core->bytes, core->len);
    if (packed)
        return uf_error_set(err, UF_ETARGET,
                            "it is compressed with %s (unpack it first: %s -d; what systemd keeps "
                            "comes unpacked from `coredumpctl -o core dump PID`)",
                            packed->name, packed->name);
    return uf_error_set(err, UF_ETARGET,
                        "it is %s (a core of a Linux process on x86-64 is wanted, as the kernel "
                        "or gcore writes it)",
                        refusal);
}

static enum uf_code cut_short(const struct uf_core *core, uint64_t wanted, struct uf_error *err)
{
    return uf_error_set(err, UF_ETARGET,
                        "the core is cut short: %" PRIu64 " of at least %" PRIu64
                        " bytes are there (raise `ulimit -c` where the program is started, see "
                        "that the disk has room, dump it again)",
                        core->len, wanted);
}

/* How many program headers: 0xffff says that it is in the first section header (elf(5), PN_XNUM). */
static enum uf_code count_headers(const struct uf_core *core, const Elf64_Ehdr *header,
                                  uint64_t *ret, struct uf_error *err)
{
    Elf64_Shdr first;
    *ret = header->e_phnum;
    if (header->e_phnum != PN_XNUM)
        return UF_OK;
    if (header->e_shoff > UINT64_MAX - sizeof first || header->e_shoff == 0)
        return uf_core_damaged(err, "its program headers cannot be counted");
    if (header->e_shoff + sizeof first > core->len)
        return cut_short(core, header->e_shoff + sizeof first, err);
    memcpy(&first, core->bytes + header->e_shoff, sizeof first);
    *ret = first.sh_info;
    return UF_OK;
}

static enum uf_code add_load(struct uf_core *core, const Elf64_Phdr *part, struct uf_error *err)
{
    struct core_load load = {
        .start = part->p_vaddr,
        .end = part->p_vaddr + part->p_memsz,
        .dumped_end = part->p_vaddr + part->p_filesz,
        .at = core->bytes + part->p_offset,
        .flags = part->p_flags,
    };
    if (load.end < load.start || load.dumped_end < load.start || load.dumped_end > load.end)
        return uf_core_damaged(err, "a part of memory wraps around");
    if (load.end == load.start)
        return UF_OK;
    return uf_vec_push(&core->loads, load) ? uf_error_nomem(err) : UF_OK;
}

static int by_start(const void *a, const void *b)
{
    const struct core_load *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

static enum uf_code order_loads(struct uf_core *core, struct uf_error *err)
{
    if (core->loads.len == 0)
        return uf_error_set(err, UF_ETARGET,
                            "the core holds no memory (dump it again with the default "
                            "/proc/PID/coredump_filter, 0x33)");
    qsort(core->loads.at, core->loads.len, sizeof *core->loads.at, by_start);
    for (size_t i = 1; i < core->loads.len; i++)
        if (core->loads.at[i].start < core->loads.at[i - 1].end)
            return uf_core_damaged(err, "two parts of memory overlap");
    return UF_OK;
}

static enum uf_code read_parts(struct uf_core *core, const unsigned char *parts, uint64_t count,
                               struct uf_error *err)
{
    enum uf_code code = UF_OK;
    uint64_t wanted = 0;
    Elf64_Phdr part;
    for (uint64_t i = 0; i < count; i++) {
        memcpy(&part, parts + i * sizeof part, sizeof part);
        if (part.p_filesz == 0 || (part.p_type != PT_LOAD && part.p_type != PT_NOTE))
            continue;
        if (part.p_filesz > UINT64_MAX - part.p_offset)
            return uf_core_damaged(err, "a part of it wraps around");
        wanted = part.p_offset + part.p_filesz > wanted ? part.p_offset + part.p_filesz : wanted;
    }
    if (wanted > core->len)
        return cut_short(core, wanted, err);
    for (uint64_t i = 0; i < count && !code; i++) {
        memcpy(&part, parts + i * sizeof part, sizeof part);
        if (part.p_filesz == 0)
            part.p_offset = 0;
        if (part.p_type == PT_LOAD)
            code = add_load(core, &part, err);
        else if (part.p_type == PT_NOTE && part.p_filesz)
            code = uf_core_read_notes(core, core->bytes + part.p_offset, part.p_filesz,
                                      part.p_align, err);
    }
    return code ? code : order_loads(core, err);
}

static enum uf_code read_headers(struct uf_core *core, struct uf_error *err)
{
    Elf64_Ehdr header;
    uint64_t count;
    const char *refusal = core->len ? uf_elf_refusal(core->bytes, core->len) : "an empty file";
    if (refusal)
        return refuse(core, refusal, err);
    memcpy(&header, core->bytes, sizeof header);
    if (header.e_type != ET_CORE)
        return refuse(core, "a program or library, not a core", err);
    enum uf_code code = count_headers(core, &header, &count, err);
    if (code)
        return code;
    if (header.e_phoff > UINT64_MAX / 2)
        return uf_core_damaged(err, "its program headers are nowhere");
    if (header.e_phoff > core->len || count > (core->len - header.e_phoff) / sizeof(Elf64_Phdr))
        return cut_short(core, header.e_phoff + count * sizeof(Elf64_Phdr), err);
    return read_parts(core, core->bytes + header.e_phoff, count, err);
}

const struct core_load *uf_core_load_at(const struct uf_core *core, uint64_t address)
{
    size_t low = 0, high = core->loads.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (core->loads.at[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < core->loads.len && core->loads.at[low].start <= address ? &core->loads.at[low]
                                                                         : NULL;
}

/* Private memory of no file is dumped when bit 0 of coredump_filter is set (core(5)); every process has some, and
 * without it there is no heap to look at. */
static bool has_own_memory(const struct uf_core *core)
{
    for (size_t i = 0; i < core->mappings.list.len; i++) {
        const struct uf_mapping *mapping = &core->mappings.list.at[i];
        const struct core_load *load = uf_core_load_at(core, mapping->start);
        const char *path = uf_mapping_path(&core->mappings, mapping);
        if (load && load->dumped_end > mapping->start && mapping->writable &&
            (mapping->path == 0 || strcmp(path, "[stack]") == 0))
            return true;
    }
    return false;
}

static enum uf_code read_core(struct uf_core *core, const struct uf_core_options *options,
                              struct uf_error *err)
{
    static const struct uf_core_options none = {NULL, NULL};
    enum uf_code code = read_headers(core, err);
    if (!code)
        code = uf_core_map(core, err);
    if (code)
        return code;
    if (!has_own_memory(core))
        return uf_error_set(err, UF_ETARGET,
                            "the core lacks the process's own memory (write 0x33 into "
                            "/proc/PID/coredump_filter of the program before it dumps again)");
    code = uf_core_find_files(core, options ? options : &none, err);
    if (code)
        return code;
    if (uf_ranges_seal(&core->ranges, err))
        return uf_core_damaged(err, "two parts of memory overlap");
    uf_core_read_arguments(core);
    core->facts.threads = (uint32_t)core->thread_ids.len;
    core->facts.thread_ids = core->thread_ids.at;
    core->facts.command_line = core->command_line;
    core->facts.missing = core->missing.at;
    core->facts.missing_count = core->missing.len;
    core->memory = (struct uf_outside_memory){
        .mappings = &core->mappings,
        .source = &core->ranges.source,
        .context = core,
        .open_file = uf_core_open_file,
    };
    return UF_OK;
}

static enum uf_code finish(struct uf_core **ret, struct uf_core *core,
                           const struct uf_core_options *options, struct uf_error *err)
{
    enum uf_code code = read_core(core, options, err);
    if (code)
        uf_core_close(core);
    else
        *ret = core;
    return code;
}

enum uf_code uf_core_open_memory(struct uf_core **ret, const void *bytes, size_t len,
                                 const struct uf_core_options *options, struct uf_error *err)
{
    struct uf_core *core = uf_mem_zalloc(sizeof *core);
    *ret = NULL;
    if (!core)
        return uf_error_nomem(err);
    core->bytes = bytes;
    core->len = len;
    return finish(ret, core, options, err);
}

static enum uf_code map_file(struct uf_core *core, int fd, struct uf_error *err)
{
    struct stat is;
    if (fstat(fd, &is) != 0)
        return uf_error_os(err, errno, "it cannot be read");
    if (!S_ISREG(is.st_mode))
        return refuse(core, "no regular file", err);
    core->facts.taken_ns = (uint64_t)is.st_mtim.tv_sec * 1000000000u + (uint64_t)is.st_mtim.tv_nsec;
    core->len = (uint64_t)is.st_size;
    if (core->len == 0)
        return UF_OK;
    void *at = mmap(NULL, core->len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return uf_error_os(err, errno, "it cannot be mapped");
    core->bytes = at;
    core->mapped = true;
    return UF_OK;
}

enum uf_code uf_core_open(struct uf_core **ret, const char *path,
                          const struct uf_core_options *options, struct uf_error *err)
{
    *ret = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* not to wait for who writes a pipe */
    if (fd < 0)
        return uf_error_os(err, errno, "it cannot be opened");
    struct uf_core *core = uf_mem_zalloc(sizeof *core);
    enum uf_code code = core ? map_file(core, fd, err) : uf_error_nomem(err);
    close(fd);
    if (!code)
        return finish(ret, core, options, err);
    uf_core_close(core);
    return code;
}

const struct uf_outside_memory *uf_core_memory(const struct uf_core *core)
{
    return &core->memory;
}

const struct uf_core_facts *uf_core_facts(const struct uf_core *core)
{
    return &core->facts;
}

void uf_core_close(struct uf_core *core)
{
    if (!core)
        return;
    uf_ranges_release(&core->ranges);
    uf_core_release_files(core);
    uf_mappings_release(&core->mappings);
    uf_vec_release(&core->loads);
    uf_vec_release(&core->parts);
    uf_vec_release(&core->thread_ids);
    if (core->mapped)
        munmap((void *)(uintptr_t)core->bytes, core->len);
    uf_mem_free(core);
}
