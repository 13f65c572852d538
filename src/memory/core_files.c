/* The files of a core: found, judged, mapped where they have what was not dumped. Their names come from the core, so
 * that nothing but a regular file is ever opened. */
#include "memory/core_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 65536 /* that are looked for; vm.max_map_count is 65530 by default */
#define WHY_BYTES 200

/* A file that is looked at. */
struct candidate {
    const unsigned char *bytes;
    uint64_t len;
    struct stat is;
};

struct search {
    struct uf_core *core;
    const struct uf_core_options *options;
    struct candidate binary;
    bool binary_used;
};

static uint64_t pages_end(uint64_t bytes)
{
    return bytes > UINT64_MAX - CORE_PAGE ? bytes : (bytes + CORE_PAGE - 1) & ~(CORE_PAGE - 1);
}

static int64_t modified_of(const struct stat *is)
{
    return (int64_t)is->st_mtim.tv_sec * 1000000000 + is->st_mtim.tv_nsec;
}

/* -1 with errno: not a regular file, or it cannot be read. O_PATH has no effect on a device or a pipe. */
static int open_regular(const char *path, struct stat *is)
{
    struct stat before;
    int look = open(path, O_PATH | O_CLOEXEC);
    if (look < 0)
        return -1;
    bool regular = fstat(look, &before) == 0 && S_ISREG(before.st_mode);
    close(look);
    errno = EINVAL;
    int fd = regular ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (fd < 0)
        return -1;
    if (fstat(fd, is) == 0 && is->st_dev == before.st_dev && is->st_ino == before.st_ino)
        return fd;
    close(fd);
    errno = ESTALE;
    return -1;
}

static bool candidate_open(struct candidate *ret, const char *path)
{
    *ret = (struct candidate){0};
    int fd = open_regular(path, &ret->is);
    if (fd < 0)
        return false;
    ret->len = (uint64_t)ret->is.st_size;
    void *at = ret->len ? mmap(NULL, ret->len, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    close(fd);
    if (at == MAP_FAILED)
        return false;
    ret->bytes = at;
    return true;
}

static void candidate_release(struct candidate *candidate)
{
    if (candidate->bytes)
        munmap((void *)(uintptr_t)candidate->bytes, candidate->len);
    candidate->bytes = NULL;
}

/* Of an ELF file, or of as much of its beginning as there is; 0: none. */
static size_t build_id_of(const unsigned char *bytes, uint64_t len, unsigned char *ret)
{
    Elf64_Ehdr header;
    Elf64_Phdr part;
    size_t found = 0;
    if (!bytes || uf_elf_refusal(bytes, len))
        return 0;
    memcpy(&header, bytes, sizeof header);
    if (header.e_phoff > len || header.e_phnum > (len - header.e_phoff) / sizeof part)
        return 0;
    for (size_t i = 0; i < header.e_phnum && !found; i++) {
        memcpy(&part, bytes + header.e_phoff + i * sizeof part, sizeof part);
        if (part.p_type == PT_NOTE && part.p_offset <= len && part.p_filesz <= len - part.p_offset)
            found = uf_elf_build_id(bytes + part.p_offset, part.p_filesz, part.p_align, ret);
    }
    return found;
}

/* The first bytes of a build id, as `file` prints them; enough to tell two apart. */
static const char *id_text(const unsigned char *id, size_t len, char ret[24])
{
    (void)snprintf(ret, 24, "none");
    for (size_t i = 0; i < len && i < 8; i++)
        (void)snprintf(ret + 2 * i, 24 - 2 * i, "%02x", id[i]);
    if (len > 8)
        (void)snprintf(ret + 16, 8, "...");
    return ret;
}

/* Is this the file? If not, `why`. `by_id`: only a build id is believed. */
static bool judge(const struct core_file *file, const struct candidate *candidate, bool by_id,
                  char why[WHY_BYTES])
{
    unsigned char wanted[UF_BUILD_ID_MAX], is[UF_BUILD_ID_MAX];
    char texts[2][24];
    const char *refusal = uf_elf_refusal(candidate->bytes, candidate->len);
    size_t wanted_len = build_id_of(file->head, file->head_bytes, wanted);
    if (refusal) {
        (void)snprintf(why, WHY_BYTES, "what is there now is %s", refusal);
        return false;
    }
    size_t len = build_id_of(candidate->bytes, candidate->len, is);
    bool same = wanted_len && len == wanted_len && memcmp(is, wanted, len) == 0;
    uint64_t head = file->head_bytes < CORE_PAGE ? file->head_bytes : CORE_PAGE;
    if (wanted_len && !same)
        (void)snprintf(why, WHY_BYTES,
                       "another build is there now: its build id is %s, in the core %s",
                       id_text(is, len, texts[0]), id_text(wanted, wanted_len, texts[1]));
    else if (!wanted_len && (by_id || file->deleted))
        (void)snprintf(why, WHY_BYTES,
                       "it was replaced while the program ran, and has no build id");
    else if (file->mapped_end > pages_end(candidate->len))
        (void)snprintf(why, WHY_BYTES, "what is there now is shorter than what was mapped");
    else if (!same && file->head &&
             (head > candidate->len || memcmp(file->head, candidate->bytes, head) != 0))
        (void)snprintf(why, WHY_BYTES, "another file is there now: its first page differs");
    else
        return true;
    return false;
}

/* Takes the candidate over: its bytes stay when it is believed and they are needed. */
static enum uf_code try_candidate(struct core_file *file, struct candidate *candidate,
                                  const char *path, bool by_id, char why[WHY_BYTES],
                                  struct uf_error *err)
{
    bool believed = judge(file, candidate, by_id, why);
    if (!believed || !file->lacks)
        candidate_release(candidate);
    if (!believed)
        return UF_OK;
    file->found = uf_mem_strdup(path);
    file->bytes = candidate->bytes;
    file->len = candidate->len;
    file->device = candidate->is.st_dev;
    file->inode = candidate->is.st_ino;
    file->modified_ns = modified_of(&candidate->is);
    file->believed = file->found != NULL;
    return file->believed ? UF_OK : uf_error_nomem(err);
}

static enum uf_code try_path(struct core_file *file, const char *folder, const char *path,
                             bool by_id, char why[WHY_BYTES], struct uf_error *err)
{
    struct candidate candidate;
    char *whole = uf_mem_printf("%s%s", folder, path);
    if (!whole)
        return uf_error_nomem(err);
    enum uf_code code = UF_OK;
    if (candidate_open(&candidate, whole))
        code = try_candidate(file, &candidate, whole, by_id, why, err);
    uf_mem_free(whole);
    return code;
}

static enum uf_code try_binary(struct search *search, struct core_file *file, bool is_program,
                               struct uf_error *err)
{
    char why[WHY_BYTES];
    if (!search->binary.bytes || search->binary_used ||
        !judge(file, &search->binary, !is_program, why))
        return UF_OK;
    search->binary_used = true;
    struct candidate candidate = search->binary;
    search->binary.bytes = NULL;
    return try_candidate(file, &candidate, search->options->binary, !is_program, why, err);
}

static enum uf_code tell_missing(struct uf_core *core, const char *path, const char *why,
                                 struct uf_error *err)
{
    char *text = uf_mem_printf("%s: %s", path, why);
    if (text && uf_vec_push(&core->missing, text) == 0)
        return UF_OK;
    uf_mem_free(text);
    return uf_error_nomem(err);
}

static enum uf_code look_for(struct search *search, uint32_t path_number, struct uf_error *err)
{
    struct uf_core *core = search->core;
    struct core_file *file = &core->files.at[path_number];
    const char *path = uf_strings_get(&core->mappings.paths, path_number);
    const char *sysroot = search->options->sysroot, *name = strrchr(path, '/');
    char why[WHY_BYTES] = "not found";
    enum uf_code code = try_binary(search, file, path_number == core->program, err);
    if (!code && !file->believed && sysroot && *path == '/')
        code = try_path(file, sysroot, path, false, why, err);
    if (!code && !file->believed && sysroot && name)
        code = try_path(file, sysroot, name, true, why, err);
    if (!code && !file->believed && *path == '/')
        code = try_path(file, "", path, false, why, err);
    if (!code && file->lacks && file->surely && !file->believed)
        code = tell_missing(core, path, why, err);
    return code;
}

static void learn_head(struct uf_core *core, const struct core_file_part *part)
{
    struct core_file *file = &core->files.at[part->path];
    const struct core_load *load = uf_core_load_at(core, part->start);
    uint64_t end = part->offset + (part->end - part->start);
    file->mapped_end = end > file->mapped_end ? end : file->mapped_end;
    file->deleted |= part->deleted;
    if (part->offset != 0 || file->head || !load || load->dumped_end <= part->start)
        return;
    file->head = load->at + (part->start - load->start);
    file->head_bytes = (load->dumped_end < part->end ? load->dumped_end : part->end) - part->start;
}

/* How many bytes from the mapping's start on are in the core. */
static uint64_t dumped_of(const struct uf_core *core, const struct uf_mapping *mapping)
{
    const struct core_load *load = uf_core_load_at(core, mapping->start);
    if (!load || load->dumped_end <= mapping->start)
        return 0;
    uint64_t end = load->dumped_end < mapping->end ? load->dumped_end : mapping->end;
    return end - mapping->start;
}

static void learn_need(struct uf_core *core, const struct uf_mapping *mapping)
{
    struct core_file *file = &core->files.at[mapping->path];
    bool is_elf = file->head && !uf_elf_refusal(file->head, file->head_bytes);
    if (file->mapped_end == 0) /* "[stack]" is no file */
        return;
    file->surely |= is_elf || (!file->head && mapping->executable) ||
                    mapping->path == core->program;
    file->wanted |= file->surely || !file->head;
    file->lacks |= mapping->readable && dumped_of(core, mapping) < mapping->end - mapping->start;
}

/* The bytes of a mapping: those of the core, behind them those of its file. Of an image that nobody writes to the kernel
 * dumps the first page only; where that is the file's too, all of it is taken from there, so that views may
 * lie across. */
static enum uf_code add_range(struct uf_core *core, const struct uf_mapping *mapping,
                              struct uf_error *err)
{
    const struct core_file *file = &core->files.at[mapping->path];
    const struct core_load *load = uf_core_load_at(core, mapping->start);
    uint64_t dumped = dumped_of(core, mapping), size = mapping->end - mapping->start;
    uint64_t end = pages_end(file->len), from = mapping->offset;
    const unsigned char *at = dumped ? load->at + (mapping->start - load->start) : NULL;
    if (!file->bytes || !mapping->readable || dumped == size || from >= end || dumped >= end - from)
        return uf_ranges_add(&core->ranges, mapping->start, at, dumped, err);
    size = size < end - from ? size : end - from;
    uint64_t shared = dumped < file->len - from ? dumped : file->len - from;
    bool same = from < file->len &&
                memcmp(file->bytes + from, at ? at : file->bytes + from, shared) == 0;
    if (same && !mapping->writable)
        return uf_ranges_add(&core->ranges, mapping->start, file->bytes + from, size, err);
    enum uf_code code = uf_ranges_add(&core->ranges, mapping->start, at, dumped, err);
    return code ? code
                : uf_ranges_add(&core->ranges, mapping->start + dumped, file->bytes + from + dumped,
                                size - dumped, err);
}

static enum uf_code find_all(struct search *search, struct uf_error *err)
{
    struct uf_core *core = search->core;
    size_t count = core->mappings.paths.count, looked_for = 0;
    if (uf_vec_reserve(&core->files, count + 1))
        return uf_error_nomem(err);
    memset(core->files.at, 0, (count + 1) * sizeof *core->files.at);
    core->files.len = count;
    for (size_t i = 0; i < core->parts.len; i++) {
        const struct core_file_part *part = &core->parts.at[i];
        learn_head(core, part);
        if (core->program_headers_at >= part->start && core->program_headers_at < part->end)
            core->program = part->path;
    }
    core->facts.program = core->program ? uf_strings_get(&core->mappings.paths, core->program) : "";
    for (size_t i = 0; i < core->mappings.list.len; i++)
        learn_need(core, &core->mappings.list.at[i]);
    enum uf_code code = UF_OK;
    for (uint32_t i = 0; i < count && !code && looked_for < FILES_MAX; i++)
        if (core->files.at[i].wanted) {
            looked_for++;
            code = look_for(search, i, err);
        }
    for (size_t i = 0; i < core->mappings.list.len && !code; i++)
        code = add_range(core, &core->mappings.list.at[i], err);
    if (!code && core->parts.len == 0)
        code = tell_missing(core, "mapped files", "the core does not name them", err);
    return code;
}

/* What was given by hand and is of no use must not be passed over in silence. */
static enum uf_code refuse_binary(const struct search *search, struct uf_error *err)
{
    const struct uf_core *core = search->core;
    const struct core_file *program = &core->files.at[core->program];
    unsigned char ids[2][UF_BUILD_ID_MAX];
    char texts[2][24];
    size_t len = build_id_of(search->binary.bytes, search->binary.len, ids[0]);
    size_t program_len = build_id_of(program->head, program->head_bytes, ids[1]);
    return uf_error_set(err, UF_ETARGET,
                        "--binary is no file of this core: its build id is %s, that of the "
                        "program in the core %s (give the very file that ran)",
                        id_text(ids[0], len, texts[0]), id_text(ids[1], program_len, texts[1]));
}

enum uf_code uf_core_find_files(struct uf_core *core, const struct uf_core_options *options,
                                struct uf_error *err)
{
    struct search search = {.core = core, .options = options};
    if (options->binary && !candidate_open(&search.binary, options->binary))
        return uf_error_set(err, UF_ETARGET,
                            "--binary cannot be read: %s (give the program that ran)",
                            strerrordesc_np(errno));
    enum uf_code code = find_all(&search, err);
    if (!code && options->binary && !search.binary_used)
        code = refuse_binary(&search, err);
    candidate_release(&search.binary);
    return code;
}

int uf_core_open_file(void *context, const struct uf_mapping *mapping)
{
    const struct uf_core *core = context;
    struct stat is;
    const struct core_file *file = mapping->path < core->files.len ? &core->files.at[mapping->path]
                                                                   : NULL;
    errno = ENOENT;
    int fd = file && file->believed ? open_regular(file->found, &is) : -1;
    if (fd < 0 || (is.st_dev == file->device && is.st_ino == file->inode &&
                   (uint64_t)is.st_size == file->len && modified_of(&is) == file->modified_ns))
        return fd;
    close(fd);
    errno = ESTALE;
    return -1;
}

void uf_core_release_files(struct uf_core *core)
{
    for (size_t i = 0; i < core->files.len; i++) {
        struct core_file *file = &core->files.at[i];
        struct candidate mapped = {.bytes = file->bytes, .len = file->len};
        candidate_release(&mapped);
        uf_mem_free(file->found);
    }
    uf_vec_release(&core->files);
    for (size_t i = 0; i < core->missing.len; i++)
        uf_mem_free((char *)(uintptr_t)core->missing.at[i]);
    uf_vec_release(&core->missing);
}
