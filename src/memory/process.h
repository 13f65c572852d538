/* process.h - a live process, read from outside: held still for as short as possible, never written to.
 *
 *     struct uf_process *process;
 *     uf_process_open(&process, pid, &err)          (it goes on; nothing is stopped yet)
 *     ... uf_process_peek(process): find what to check ...
 *     uf_process_copy(process, &checks, &err)       (stopped, copied, goes on)
 *     ... uf_process_memory(process)->source ...
 *     uf_process_close(process)
 *
 * Threads are stopped through PTRACE_SEIZE and PTRACE_INTERRUPT, all of them
 * before the first byte is read, so that the process goes on if this one is killed at any
 * instant. Signals that arrive meanwhile are handed over. A process that was
 * stopped before (SIGSTOP) stays stopped.
 *
 * Copied are the pages that only memory has: private ones that were written.
 * Destination pages are touched before the stop. What files still hold is read
 * from the files, after the process has gone on. Absent pages are left out: of anonymous
 * memory they read as zeros, as the process itself would see them.
 */
#ifndef UF_MEMORY_PROCESS_H
#define UF_MEMORY_PROCESS_H

#include "memory/outside.h"

struct uf_process;

/* Words of the process (int, 4 bytes) that must be 0 at the instant of the copy: "the collector is
 * running". When one is not, the process goes on and is stopped again a little later. */
struct uf_process_checks {
    const uint64_t *zero;
    size_t zero_count;
    uint32_t tries_max; /* 0: the default */
};

struct uf_process_stops {
    uint32_t tries;                /* stops in all, the last one was the good one */
    uint64_t longest_ns, total_ns; /* that the process stood still */
    uint64_t copied_bytes;
    uint64_t taken_ns;  /* CLOCK_REALTIME of the good stop */
    uint64_t rss_bytes; /* at the good stop (/proc/PID/statm); UF_PAGES_UNKNOWN: not known */
    uint32_t threads;
};

/* UF_ETARGET with what to do in the message: no such process, no permission (which setting), a zombie, a
 * kernel thread, already traced. */
enum uf_code uf_process_open(struct uf_process **ret, int pid, struct uf_error *err);
/* The memory of the process while it runs: pages are read when they are first asked for and kept. What is
 * seen may be torn; for finding what stands still. UF_ETARGET: it has gone. */
const struct uf_outside_memory *uf_process_peek(struct uf_process *process);
/* Stops, checks, copies, lets go. UF_ETARGET: it ended or became another program meanwhile, or `tries_max` stops
 * found a check not 0; UF_ENOMEM. The process runs again in any case. */
enum uf_code uf_process_copy(struct uf_process *process, const struct uf_process_checks *checks,
                             struct uf_error *err);
/* After a copy. */
const struct uf_outside_memory *uf_process_memory(const struct uf_process *process);
const struct uf_process_stops *uf_process_stops(const struct uf_process *process);
void uf_process_close(struct uf_process *process); /* NULL is allowed */

/* The process ids of its children and theirs, of those that live now; ascending. */
enum uf_code uf_process_children(int pid, int *ret, size_t most, size_t *count,
                                 struct uf_error *err);

#endif
