/* process_private.h - what the files process*.c share. */
#ifndef UF_MEMORY_PROCESS_PRIVATE_H
#define UF_MEMORY_PROCESS_PRIVATE_H

#include "memory/demand.h"
#include "memory/pagemap.h"
#include "memory/process.h"
#include "memory/process_state.h"
#include "memory/ranges.h"
#include "memory/slabs.h"

struct uf_process_file {
    uint64_t inode;
    uint32_t device;
    int fd; /* for reading; -1: it cannot be had */
};

struct uf_process_spans {
    UF_VEC(struct uf_span) list; /* ascending */
};

struct uf_process {
    int pid;
    /* Of the program that it was when it was opened: they read as empty once it is another. */
    int memory, maps;
    struct uf_pagemap pagemap;
    struct uf_process_program program;
    UF_VEC(struct uf_process_file) files;

    struct uf_mappings peek_mappings;
    struct uf_demand peek;
    struct uf_outside_memory peek_memory;

    struct uf_mappings mappings; /* of the stop, with its pages */
    struct uf_process_spans wanted, placed, missing;
    struct uf_slabs slabs;
    uint64_t touched_bytes; /* of them, about */
    struct uf_ranges ranges;
    struct uf_demand demand;
    struct uf_source source;
    struct uf_outside_memory copied;
    struct uf_process_stops stops;
};

/* What becomes of a mapping's bytes. */
enum uf_process_part {
    UF_PART_NONE,   /* nothing: not readable, or of the kernel */
    UF_PART_MEMORY, /* copied, absent pages are zeros */
    UF_PART_FILLED, /* written pages are copied, the others read from the file at once */
    UF_PART_DEMAND, /* written pages are copied, the others read from the file when asked for */
};
enum uf_process_part uf_process_part(const struct uf_mappings *mappings,
                                     const struct uf_mapping *mapping);

/* Its pages cannot be known, and it is too large to be copied blindly: it is left out. */
bool uf_process_is_left(const struct uf_mapping *mapping);

/* --- process_files.c --- */
/* Opens the files of `mappings` that are not known yet. */
enum uf_code uf_process_files_note(struct uf_process *process, const struct uf_mappings *mappings,
                                   struct uf_error *err);
/* The number of the file behind a mapping, that can be read; -1. */
int uf_process_file(const struct uf_process *process, const struct uf_mapping *mapping);
size_t uf_process_file_read(const struct uf_process *process, int file, uint64_t offset, void *ret,
                            size_t size);
int uf_process_open_file(void *context, const struct uf_mapping *mapping);
void uf_process_files_release(struct uf_process *process);

/* --- process_plan.c --- */
/* Reads what is mapped now, which pages are where, and what is to be copied: mappings, wanted, placed. UF_ETARGET: the program
 * that was opened is there no more. */
enum uf_code uf_process_plan(struct uf_process *process, struct uf_error *err);
/* The mappings as they are now. */
enum uf_code uf_process_read_mappings(struct uf_process *process, struct uf_mappings *ret,
                                      struct uf_error *err);
/* "it became another program", or it ended */
enum uf_code uf_process_changed(const struct uf_process *process, struct uf_error *err);

/* --- process_bytes.c --- */
/* Copies what is wanted into the slabs; what could not be read is in process->missing. */
enum uf_code uf_process_copy_bytes(struct uf_process *process, struct uf_error *err);

/* --- process_source.c --- */
/* Makes process->copied of what was copied, after the process has gone on. */
enum uf_code uf_process_make_source(struct uf_process *process, struct uf_error *err);
void uf_process_drop_copy(struct uf_process *process);

#endif
