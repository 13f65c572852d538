/* core_private.h - a core while it is opened: parts and notes (core_notes.c), files (core_files.c). */
#ifndef UF_MEMORY_CORE_PRIVATE_H
#define UF_MEMORY_CORE_PRIVATE_H

#include "base/elf.h"
#include "memory/core.h"
#include "memory/ranges.h"

#define CORE_PAGE ((uint64_t)4096)
#define CORE_COMMAND_LINE_BYTES 4096 /* with its NUL */

/* A PT_LOAD: of [start, end) the bytes up to `dumped_end` are in the core. */
struct core_load {
    uint64_t start, end, dumped_end;
    const unsigned char *at;
    uint32_t flags;
};

/* An entry of NT_FILE. */
struct core_file_part {
    uint64_t start, end, offset;
    uint32_t path;
    bool deleted;
};

/* What is behind a path of NT_FILE; index: the path's number. */
struct core_file {
    bool wanted;   /* it may be an ELF image */
    bool surely;   /* it is one */
    bool lacks;    /* not all of it that is mapped was dumped */
    bool deleted;  /* its name was gone when the core was written */
    bool believed; /* `found` is the very file */
    char *found;
    uint64_t device, inode;
    int64_t modified_ns;
    uint64_t mapped_end;       /* the last byte of it that is mapped */
    const unsigned char *head; /* its first bytes as they were in memory; NULL: not dumped */
    uint64_t head_bytes;
    const unsigned char *bytes; /* of the file, mapped; NULL: not needed */
    uint64_t len;
};

struct uf_core {
    const unsigned char *bytes;
    uint64_t len;
    bool mapped; /* `bytes` are from mmap */
    UF_VEC(struct core_load) loads;
    UF_VEC(struct core_file_part) parts;
    UF_VEC(struct core_file) files;
    UF_VEC(int) thread_ids;
    UF_VEC(const char *) missing;
    struct uf_mappings mappings;
    struct uf_ranges ranges;
    struct uf_outside_memory memory;
    struct uf_core_facts facts;
    uint32_t program; /* its path; 0: not known */
    char command_line[CORE_COMMAND_LINE_BYTES];
    const unsigned char *auxiliary; /* NT_AUXV up to its AT_NULL; NULL: there is none */
    size_t auxiliary_bytes;
    uint64_t program_headers_at, random_at, vdso_at; /* of the auxiliary vector; 0: not known */
};

/* UF_ETARGET: "it is damaged: WHAT (...)". */
enum uf_code uf_core_damaged(struct uf_error *err, const char *what);

/* One note segment. Threads, process, signal, mapped files, auxiliary vector. */
enum uf_code uf_core_read_notes(struct uf_core *core, const unsigned char *notes, size_t size,
                                uint64_t align, struct uf_error *err);

/* Makes the command line whole, where the stack has it. */
void uf_core_read_arguments(struct uf_core *core);

/* Fills `mappings` from loads and parts, both by ascending address, none overlapping. */
enum uf_code uf_core_map(struct uf_core *core, struct uf_error *err);

/* Finds and judges the files, enters what they have into `ranges`. */
enum uf_code uf_core_find_files(struct uf_core *core, const struct uf_core_options *options,
                                struct uf_error *err);
void uf_core_release_files(struct uf_core *core);
/* uf_outside_memory.open_file */
int uf_core_open_file(void *context, const struct uf_mapping *mapping);

/* The load that holds `address`; NULL: none. */
const struct core_load *uf_core_load_at(const struct uf_core *core, uint64_t address);

#endif
