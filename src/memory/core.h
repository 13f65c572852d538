/* core.h - a core file: of the kernel, of gcore. ELF, mapped, not trusted.
 *
 * Memory that was not dumped (the kernel leaves out what files hold) is taken
 * from the files of NT_FILE: under `sysroot`, else where they were; the
 * program itself from `binary` if given. A file is believed when its build id
 * is the one that the core shows in memory; without one, when its size fits.
 */
#ifndef UF_MEMORY_CORE_H
#define UF_MEMORY_CORE_H

#include "memory/outside.h"

struct uf_core;

struct uf_core_options {
    const char *sysroot; /* NULL: / */
    const char *binary;  /* NULL: where NT_FILE says */
};

struct uf_core_facts {
    int pid; /* 0: not known */
    uint32_t threads;
    const char *command_line; /* of NT_PRPSINFO, cut by the kernel at 80 bytes; "" = not known */
    int signal;               /* that it died of; 0: none (gcore) */
    uint64_t taken_ns;        /* of the file */
    /* Files that were needed and not found or not believed; each with why, for one line of a report. */
    const char *const *missing;
    size_t missing_count;
};

/* UF_ETARGET with what to do in the message: not a core, of another machine, cut short. */
enum uf_code uf_core_open(struct uf_core **ret, const char *path,
                          const struct uf_core_options *options, struct uf_error *err);
const struct uf_outside_memory *uf_core_memory(const struct uf_core *core);
const struct uf_core_facts *uf_core_facts(const struct uf_core *core);
void uf_core_close(struct uf_core *core); /* NULL is allowed */

#endif
