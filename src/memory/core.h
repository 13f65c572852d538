/* core.h - a core file: of the kernel, of gcore. ELF, mapped, not trusted.
 *
 * What it holds is viewed where it is mapped (gcore's is not aligned to
 * anything). Memory that was not dumped (the kernel leaves out what files hold)
 * is taken from the files of NT_FILE: under `sysroot`, there also by their
 * last name alone, else where they were; `binary` stands for whichever file it
 * is the build of. Only regular files that are ELF are opened. One is believed when its build id is the
 * one that the core shows in memory; without one, when its size fits and its
 * first page is the one that was dumped.
 *
 * Of mappings that gcore leaves out whole (code) neither flags nor anything but the file is known: they are
 * readable. "[stack]" and "[vdso]" are named as in a live process; "[heap]" is not.
 */
#ifndef UF_MEMORY_CORE_H
#define UF_MEMORY_CORE_H

#include "memory/outside.h"

struct uf_core;

struct uf_core_options {
    const char *sysroot; /* NULL: / */
    const char *binary;  /* the program, or the library that the interpreter is in; NULL: none */
};

struct uf_core_facts {
    int pid; /* 0: not known */
    uint32_t threads;
    const int *thread_ids; /* of them, as the kernel names them; the first is the one that died */
    const char *
        command_line; /* as on the stack; else of NT_PRPSINFO, which has 79 bytes; "" = not known */
    int signal;       /* that it died of; 0: none (gcore) */
    uint64_t taken_ns;   /* of the file */
    const char *program; /* path as the process saw it; "" = not known */
    /* Files that were needed and not found or not believed: "PATH: why". */
    const char *const *missing;
    size_t missing_count;
};

/* Is a file that begins with these bytes compressed, as cores often are? uf_core_open() says how to unpack it. */
bool uf_core_is_packed(const void *bytes, size_t len);

/* UF_ETARGET with what to do in the message: not a core, of another machine, cut short, compressed, damaged, without
 * the process's own memory; `binary` is of no file of this process. UF_EIO: `path` cannot be read. `options` may
 * be NULL. */
enum uf_code uf_core_open(struct uf_core **ret, const char *path,
                          const struct uf_core_options *options, struct uf_error *err);
/* The same of bytes that are here, and stay until it is closed. */
enum uf_code uf_core_open_memory(struct uf_core **ret, const void *bytes, size_t len,
                                 const struct uf_core_options *options, struct uf_error *err);
const struct uf_outside_memory *uf_core_memory(const struct uf_core *core);
const struct uf_core_facts *uf_core_facts(const struct uf_core *core);
void uf_core_close(struct uf_core *core); /* NULL is allowed */

#endif
