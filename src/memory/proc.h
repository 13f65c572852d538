/* proc.h - what /proc says of a process: when it began, and its command line. */
#ifndef UF_MEMORY_PROC_H
#define UF_MEMORY_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CLOCK_REALTIME in nanoseconds, by the clock as it stands now: the kernel works the time of boot out anew each
 * time, and it moves with the clock. 0: not known. */
uint64_t uf_proc_started_ns(int pid);

/* Arguments as a shell shows them, and with `redact` the program's name only; cut to size. "" = not known. */
void uf_proc_command_line(int pid, bool redact, char *ret, size_t size);

#endif
