/* What the notes of a core say, and the list of mappings that follows from them and from the parts. */
#include "memory/core_private.h"

#include <stdlib.h>
#include <string.h>

/* struct elf_prstatus and elf_prpsinfo of x86-64 (Linux include/linux/elfcore.h) */
#define PRSTATUS_SIGNAL_AT 12
#define PRSTATUS_PID_AT 32
#define PRSTATUS_BYTES 336
#define PRPSINFO_PID_AT 24
#define PRPSINFO_ARGUMENTS_AT 56
#define PRPSINFO_ARGUMENTS_BYTES 80
#define PRPSINFO_BYTES 136

/* The auxiliary vector's, of <elf.h> */
#define AUXV_PAIR_BYTES 16

static int32_t int_at(const unsigned char *bytes)
{
    int32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static uint64_t word_at(const unsigned char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

/* The kernel dumps a process for one of these signals (signal(7)); gcore notes what it stopped it with. */
static int signal_that_dumps(int number)
{
    static const unsigned char numbers[] = {3, 4, 5, 6, 7, 8, 11, 24, 25, 31};
    return number > 0 && number < 32 && memchr(numbers, number, sizeof numbers) ? number : 0;
}

static enum uf_code read_thread(struct uf_core *core, const struct uf_elf_note *note,
                                struct uf_error *err)
{
    if (note->size < PRSTATUS_BYTES)
        return UF_OK;
    if (core->thread_ids.len == 0 && core->facts.signal == 0) {
        int16_t number;
        memcpy(&number, note->bytes + PRSTATUS_SIGNAL_AT, sizeof number);
        core->facts.signal = signal_that_dumps(number);
    }
    return uf_vec_push(&core->thread_ids, int_at(note->bytes + PRSTATUS_PID_AT))
               ? uf_error_nomem(err)
               : UF_OK;
}

static void read_process(struct uf_core *core, const struct uf_elf_note *note)
{
    if (note->size < PRPSINFO_BYTES)
        return;
    core->facts.pid = int_at(note->bytes + PRPSINFO_PID_AT);
    if (core->facts.pid < 0)
        core->facts.pid = 0;
    memcpy(core->command_line, note->bytes + PRPSINFO_ARGUMENTS_AT, PRPSINFO_ARGUMENTS_BYTES);
    size_t len = strlen(core->command_line);          /* the byte behind it is 0 */
    while (len && core->command_line[len - 1] == ' ') /* in place of the last argument's NUL */
        core->command_line[--len] = '\0';
}

static void read_auxiliary(struct uf_core *core, const struct uf_elf_note *note)
{
    core->auxiliary = note->bytes;
    core->auxiliary_bytes = 0;
    for (size_t at = 0; at + AUXV_PAIR_BYTES <= note->size; at += AUXV_PAIR_BYTES) {
        uint64_t what = word_at(note->bytes + at), value = word_at(note->bytes + at + 8);
        if (what == AT_NULL)
            return;
        core->auxiliary_bytes = at + AUXV_PAIR_BYTES;
        if (what == AT_PHDR)
            core->program_headers_at = value;
        else if (what == AT_RANDOM)
            core->random_at = value;
        else if (what == AT_SYSINFO_EHDR)
            core->vdso_at = value;
    }
}

static int by_start(const void *a, const void *b)
{
    const struct core_file_part *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

static enum uf_code order_parts(struct uf_core *core, struct uf_error *err)
{
    if (core->parts.len)
        qsort(core->parts.at, core->parts.len, sizeof *core->parts.at, by_start);
    for (size_t i = 1; i < core->parts.len; i++)
        if (core->parts.at[i].start < core->parts.at[i - 1].end)
            return uf_core_damaged(err, "two of its mapped files overlap");
    return UF_OK;
}

/* Count and size of a page; for each its start, end, offset in pages; then their names (Linux fs/binfmt_elf.c,
 * fill_files_note). */
static enum uf_code read_files(struct uf_core *core, const struct uf_elf_note *note,
                               struct uf_error *err)
{
    static const char gone[] = " (deleted)";
    size_t gone_len = sizeof gone - 1;
    if (note->size < 16)
        return uf_core_damaged(err, "its list of mapped files has no head");
    uint64_t count = word_at(note->bytes), page = word_at(note->bytes + 8);
    if (count > (note->size - 16) / 24 || page == 0 || page > (uint64_t)1 << 30)
        return uf_core_damaged(err, "its list of mapped files is longer than its note");
    const char *name = (const char *)note->bytes + 16 + count * 24;
    const char *end = (const char *)note->bytes + note->size;
    for (uint64_t i = 0; i < count; i++) {
        const unsigned char *entry = note->bytes + 16 + i * 24;
        const char *name_end = name < end ? memchr(name, '\0', (size_t)(end - name)) : NULL;
        struct core_file_part part = {.start = word_at(entry), .end = word_at(entry + 8)};
        uint64_t offset = word_at(entry + 16);
        if (!name_end)
            return uf_core_damaged(err, "its list of mapped files lacks names");
        if (part.end <= part.start || offset > UINT64_MAX / page ||
            offset * page > UINT64_MAX - (part.end - part.start))
            return uf_core_damaged(err, "a mapped file of it wraps around");
        size_t len = (size_t)(name_end - name);
        part.offset = offset * page;
        part.deleted = len > gone_len && memcmp(name_end - gone_len, gone, gone_len) == 0;
        part.path =
            uf_strings_add(&core->mappings.paths, name, part.deleted ? len - gone_len : len);
        if (part.path == UF_STRING_NONE || uf_vec_push(&core->parts, part))
            return uf_error_nomem(err);
        name = name_end + 1;
    }
    return order_parts(core, err);
}

enum uf_code uf_core_read_notes(struct uf_core *core, const unsigned char *notes, size_t size,
                                uint64_t align, struct uf_error *err)
{
    struct uf_elf_note note;
    enum uf_code code = UF_OK;
    for (size_t at = 0; !code && uf_elf_note_next(notes, size, align, &at, &note);) {
        if (uf_elf_note_is(&note, "CORE", NT_PRSTATUS))
            code = read_thread(core, &note, err);
        else if (uf_elf_note_is(&note, "CORE", NT_PRPSINFO))
            read_process(core, &note);
        else if (uf_elf_note_is(&note, "CORE", NT_SIGINFO) && note.size >= 4)
            core->facts.signal = signal_that_dumps(int_at(note.bytes));
        else if (uf_elf_note_is(&note, "CORE", NT_AUXV))
            read_auxiliary(core, &note);
        else if (uf_elf_note_is(&note, "CORE", NT_FILE))
            code = read_files(core, &note, err);
    }
    return code;
}

static enum uf_code add_mapping(struct uf_core *core, uint64_t start, uint64_t end,
                                const struct core_load *load, const struct core_file_part *part,
                                struct uf_error *err)
{
    struct uf_mapping mapping = {
        .start = start,
        .end = end,
        .offset = part ? part->offset + (start - part->start) : 0,
        .path = part ? part->path : 0,
        .readable = !load || load->flags & PF_R,
        .writable = load && load->flags & PF_W,
        .executable = load && load->flags & PF_X,
        .deleted = part && part->deleted,
        .resident_pages = UF_PAGES_UNKNOWN,
        .anonymous_pages = UF_PAGES_UNKNOWN,
        .swapped_pages = UF_PAGES_UNKNOWN,
    };
    const char *name = NULL;
    if (!part && core->random_at >= start && core->random_at < end)
        name = "[stack]"; /* the kernel puts these 16 bytes above the first frame */
    else if (!part && core->vdso_at >= start && core->vdso_at < end)
        name = "[vdso]";
    if (name)
        mapping.path = uf_strings_add_z(&core->mappings.paths, name);
    if (mapping.path == UF_STRING_NONE || uf_vec_push(&core->mappings.list, mapping))
        return uf_error_nomem(err);
    return UF_OK;
}

/* Both lists at once, cut wherever one of them begins or ends. */
enum uf_code uf_core_map(struct uf_core *core, struct uf_error *err)
{
    size_t i = 0, j = 0, loads = core->loads.len, parts = core->parts.len;
    enum uf_code code = UF_OK;
    for (uint64_t at = 0; !code && (i < loads || j < parts);) {
        const struct core_load *load = i < loads ? &core->loads.at[i] : NULL;
        const struct core_file_part *part = j < parts ? &core->parts.at[j] : NULL;
        uint64_t load_start = load ? load->start : UINT64_MAX;
        uint64_t part_start = part ? part->start : UINT64_MAX;
        uint64_t first = load_start < part_start ? load_start : part_start;
        uint64_t start = first > at ? first : at, end = UINT64_MAX;
        bool in_load = load && load->start <= start, in_part = part && part->start <= start;
        if (load)
            end = in_load ? load->end : load->start;
        if (part && (in_part ? part->end : part->start) < end)
            end = in_part ? part->end : part->start;
        code = add_mapping(core, start, end, in_load ? load : NULL, in_part ? part : NULL, err);
        at = end;
        i += load && load->end <= at;
        j += part && part->end <= at;
    }
    return code;
}
