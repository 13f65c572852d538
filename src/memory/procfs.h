/* procfs.h - reading files of /proc, without malloc. proc(5). */
#ifndef UF_MEMORY_PROCFS_H
#define UF_MEMORY_PROCFS_H

#include "base/text.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

/* A whole file, which has no size that is known before. 0, or errno (ENOMEM: memory is out); `ret` is
 * NUL-ended then, and released by the caller in any case. */
int uf_procfs_read(const char *path, struct uf_text *ret);
/* The same of one that is open, from its start. */
int uf_procfs_read_open(int fd, struct uf_text *ret);

/* How many bytes of an open file (memory, a mapped file) could be read from `offset` on: fewer than `size` where
 * it ends or a page is missing. */
size_t uf_procfs_read_at(int fd, uint64_t offset, void *ret, size_t size);

#define UF_PROCFS_BYTES 8192 /* more than status, stat and statm of a process have */

/* Of /proc/PID/NAME the first bytes, NUL-ended, without taking memory: "" if it cannot be read. False: so it is. */
bool uf_procfs_read_of(int pid, const char *name, char ret[UF_PROCFS_BYTES]);

/* The value of a line "NAME:\tVALUE" (status, meminfo) with blanks passed over; NULL: no such line. */
const char *uf_procfs_field(const char *text, const char *name);
/* Field `number` (from 3, "state") of the text of /proc/PID/stat: the command's name before it may hold
 * anything. 0: there is none. */
uint64_t uf_procfs_stat(const char *text, int number);

/* The names in a folder that are numbers: processes, threads. */
struct uf_procfs_numbers {
    UF_VEC(int) list;
};
/* 0, or errno. What was in the list before goes. */
int uf_procfs_numbers(const char *folder, struct uf_procfs_numbers *ret);

#endif
