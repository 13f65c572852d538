#include "memory/process.h"

#include "memory/process_private.h"
#include "memory/procfs.h"

#include "base/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PEEK_MOST ((uint64_t)256 << 20)

static int open_of(int pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static size_t fetch(void *context, const struct uf_demand_area *area, uint64_t address, void *ret,
                    size_t size)
{
    const struct uf_process *process = context;
    (void)area; /* the file is empty once it has become another program */
    return uf_procfs_read_at(process->memory, address, ret, size);
}

/* One area for what is mapped side by side: data of a library and what follows it without a file. */
static enum uf_code add_peek_areas(struct uf_process *process, struct uf_error *err)
{
    const struct uf_mappings *mappings = &process->peek_mappings;
    struct uf_span span = {0};
    enum uf_code code = UF_OK;
    for (size_t i = 0; i < mappings->list.len && !code; i++) {
        const struct uf_mapping *mapping = &mappings->list.at[i];
        /* What is shared may be of a device, where reading does something. */
        bool readable = !mapping->shared && uf_process_part(mappings, mapping) != UF_PART_NONE;
        if (readable && span.end == mapping->start) {
            span.end = mapping->end;
            continue;
        }
        if (span.end)
            code = uf_demand_add(&process->peek, span.start, span.end, 0, 0, err);
        span = readable ? (struct uf_span){mapping->start, mapping->end, false}
                        : (struct uf_span){0};
    }
    if (span.end && !code)
        code = uf_demand_add(&process->peek, span.start, span.end, 0, 0, err);
    return code;
}

static enum uf_code open_all(struct uf_process *process, struct uf_error *err)
{
    int pid = process->pid;
    enum uf_code code = uf_process_look(pid, err);
    if (code)
        return code;
    process->program = uf_process_program(pid);
    process->memory = open_of(pid, "mem"); /* the same rights as ptrace(2) asks for */
    if (process->memory < 0)
        return uf_process_unreadable(pid, errno, err);
    process->maps = open_of(pid, "maps");
    if (process->maps < 0)
        return uf_process_unreadable(pid, errno, err);
    process->pagemap.fd = open_of(pid, "pagemap"); /* may be missing */
    code = uf_process_read_mappings(process, &process->peek_mappings, err);
    if (!code)
        code = uf_process_files_note(process, &process->peek_mappings, err);
    if (!code)
        code = add_peek_areas(process, err);
    return code;
}

enum uf_code uf_process_open(struct uf_process **ret, int pid, struct uf_error *err)
{
    struct uf_process *process = uf_mem_zalloc(sizeof *process);
    *ret = NULL;
    if (!process)
        return uf_error_nomem(err);
    process->pid = pid;
    process->memory = process->maps = process->pagemap.fd = -1;
    enum uf_code code = open_all(process, err);
    if (code) {
        uf_process_close(process);
        return code;
    }
    uf_demand_seal(&process->peek, fetch, process, PEEK_MOST);
    process->peek_memory = (struct uf_outside_memory){.mappings = &process->peek_mappings,
                                                      .source = &process->peek.source,
                                                      .context = process,
                                                      .open_file = uf_process_open_file};
    *ret = process;
    return UF_OK;
}

const struct uf_outside_memory *uf_process_peek(struct uf_process *process)
{
    return &process->peek_memory;
}

const struct uf_outside_memory *uf_process_memory(const struct uf_process *process)
{
    return &process->copied;
}

const struct uf_process_stops *uf_process_stops(const struct uf_process *process)
{
    return &process->stops;
}

void uf_process_close(struct uf_process *process)
{
    if (!process)
        return;
    uf_process_drop_copy(process);
    uf_process_files_release(process);
    uf_demand_release(&process->peek);
    uf_mappings_release(&process->peek_mappings);
    int fds[] = {process->memory, process->maps, process->pagemap.fd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    uf_mem_free(process);
}
