/* What is mapped, which of its pages only memory has, and what of them is to be copied. */
#include "memory/process_private.h"

#include "base/pages.h"
#include "memory/procfs.h"

#include <errno.h>
#include <string.h>

#define FILLED_MOST ((uint64_t)64 << 20)  /* of a writable part of a file: data of libraries */
#define WHOLE_MOST ((uint64_t)4 << 30)    /* of a mapping whose pages cannot be known */
#define BUDGET_PAGES ((uint64_t)16 << 20) /* 64 GiB of addresses; read in 0.2 s */

enum uf_code uf_process_changed(const struct uf_process *process, struct uf_error *err)
{
    struct uf_process_program now = uf_process_program(process->pid);
    char status[UF_PROCFS_BYTES];
    /* One that is ending has no memory any more. */
    if (now.start_time != process->program.start_time ||
        !uf_procfs_read_of(process->pid, "status", status) || !uf_procfs_field(status, "VmSize"))
        return uf_process_gone(err);
    return uf_error_set(err, UF_ETARGET,
                        "it became another program while it was being read, by exec (try again)");
}

enum uf_code uf_process_read_mappings(struct uf_process *process, struct uf_mappings *ret,
                                      struct uf_error *err)
{
    struct uf_text text = {0};
    int failed = uf_procfs_read_open(process->maps, &text);
    enum uf_code code = failed == ENOMEM          ? uf_error_nomem(err)
                        : failed || text.len == 0 ? uf_process_changed(process, err)
                                                  : uf_mappings_parse(ret, text.at, text.len, err);
    uf_text_release(&text);
    return code;
}

static bool is_of_kernel(const char *path)
{
    return strncmp(path, "[vvar", 5) == 0 || strcmp(path, "[vdso]") == 0 ||
           strcmp(path, "[vsyscall]") == 0;
}

/* Data that is constant once it is relocated: a part of the segment behind it, made read-only (ld.so, "-z relro"). An object
 * may lie across both. */
static bool is_before_data(const struct uf_mappings *mappings, const struct uf_mapping *mapping)
{
    const struct uf_mapping *next = mapping + 1;
    return next < mappings->list.at + mappings->list.len && !mapping->executable &&
           next->start == mapping->end && next->inode == mapping->inode && next->writable &&
           !next->shared && next->offset == mapping->offset + (mapping->end - mapping->start);
}

enum uf_process_part uf_process_part(const struct uf_mappings *mappings,
                                     const struct uf_mapping *mapping)
{
    const char *path = uf_mapping_path(mappings, mapping);
    if (!mapping->readable || is_of_kernel(path))
        return UF_PART_NONE;
    if (mapping->shared)
        return mapping->inode ? UF_PART_DEMAND : UF_PART_NONE;
    /* A private mapping of /dev/zero is anonymous memory in all but name (Linux drivers/char/mem.c). */
    if (!mapping->inode || strcmp(path, "/dev/zero") == 0)
        return UF_PART_MEMORY;
    bool is_data = mapping->writable || is_before_data(mappings, mapping);
    bool is_small = mapping->end - mapping->start <= FILLED_MOST;
    return is_data && is_small ? UF_PART_FILLED : UF_PART_DEMAND;
}

bool uf_process_is_left(const struct uf_mapping *mapping)
{
    return mapping->resident_pages == UF_PAGES_UNKNOWN &&
           mapping->end - mapping->start > WHOLE_MOST;
}

static enum uf_code add(struct uf_process_spans *spans, struct uf_span span, struct uf_error *err)
{
    struct uf_span *last = spans->list.len ? &spans->list.at[spans->list.len - 1] : NULL;
    if (last && last->end == span.start && last->shared == span.shared) {
        last->end = span.end;
        return UF_OK;
    }
    return uf_vec_push(&spans->list, span) ? uf_error_nomem(err) : UF_OK;
}

/* `placed` is where it gets a place; of a part that is filled, that has been said of all of it. */
static enum uf_code want(struct uf_process *process, struct uf_span span, bool place,
                         struct uf_error *err)
{
    enum uf_code code = add(&process->wanted, span, err);
    span.shared = false;
    return code || !place ? code : add(&process->placed, span, err);
}

/* Counts the pages of a mapping, from the runs from `first` on. */
static void count(struct uf_mapping *mapping, const struct uf_page_runs *runs, size_t first)
{
    mapping->resident_pages = mapping->anonymous_pages = mapping->swapped_pages = 0;
    for (size_t i = first; i < runs->list.len; i++) {
        const struct uf_page_run *run = &runs->list.at[i];
        uint64_t pages = (run->end - run->start) / UF_PAGE_BYTES;
        if (run->kind & UF_PAGE_SWAPPED)
            mapping->swapped_pages += pages;
        else if (!(run->kind & UF_PAGE_ZERO))
            mapping->resident_pages += pages;
        if (!(run->kind & (UF_PAGE_SWAPPED | UF_PAGE_ZERO | UF_PAGE_FILE)))
            mapping->anonymous_pages += pages;
    }
}

static enum uf_code want_runs(struct uf_process *process, size_t first, bool place,
                              struct uf_error *err)
{
    enum uf_code code = UF_OK;
    for (size_t i = first; i < process->mappings.pages.list.len && !code; i++) {
        const struct uf_page_run *run = &process->mappings.pages.list.at[i];
        if (!(run->kind & (UF_PAGE_FILE | UF_PAGE_ZERO)))
            code = want(process, (struct uf_span){run->start, run->end, run->kind & UF_PAGE_SHARED},
                        place, err);
    }
    return code;
}

static enum uf_code plan(struct uf_process *process, struct uf_mapping *mapping,
                         struct uf_error *err)
{
    enum uf_process_part part = uf_process_part(&process->mappings, mapping);
    size_t first = process->mappings.pages.list.len;
    if (is_of_kernel(uf_mapping_path(&process->mappings, mapping)))
        return UF_OK;
    enum uf_code code = uf_pagemap_scan(&process->pagemap, mapping->start, mapping->end,
                                        &process->mappings.pages, err);
    bool known = code == UF_OK;
    if (code == UF_ENOMEM)
        return code;
    if (known)
        count(mapping, &process->mappings.pages, first);
    if (part == UF_PART_NONE || mapping->shared)
        return UF_OK;
    bool filled = part == UF_PART_FILLED;
    bool whole = known ? filled && uf_process_file(process, mapping) < 0
                       : !uf_process_is_left(mapping);
    if (whole)
        return want(process, (struct uf_span){mapping->start, mapping->end, true}, true, err);
    code = filled
               ? add(&process->placed, (struct uf_span){mapping->start, mapping->end, false}, err)
               : UF_OK;
    return code ? code : want_runs(process, first, !filled, err);
}

enum uf_code uf_process_plan(struct uf_process *process, struct uf_error *err)
{
    uf_mappings_release(&process->mappings);
    process->wanted.list.len = process->placed.list.len = 0;
    process->pagemap.budget_pages = BUDGET_PAGES;
    enum uf_code code = uf_process_read_mappings(process, &process->mappings, err);
    for (size_t i = 0; i < process->mappings.list.len && !code; i++)
        code = plan(process, &process->mappings.list.at[i], err);
    return code;
}
