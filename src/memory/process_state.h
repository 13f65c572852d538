/* process_state.h - what is known of a process from /proc without stopping it, and why it cannot be read.
 *
 * All errors are UF_ETARGET, in words that go on where the caller has named the process; what to do stands in
 * brackets at the end.
 */
#ifndef UF_MEMORY_PROCESS_STATE_H
#define UF_MEMORY_PROCESS_STATE_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

#define UF_YAMA_NONE (-1)

/* Why one process may not look at another: proc(5) "ptrace_scope", ptrace(2) "access mode checking". */
struct uf_process_refusal {
    int os_errno;
    uid_t owner, own; /* real user ids */
    bool privileged;  /* CAP_SYS_PTRACE is there */
    int yama;         /* kernel.yama.ptrace_scope; UF_YAMA_NONE: not in this kernel */
    int tracer;       /* 0: none that can be seen */
    const char *tracer_name;
};
enum uf_code uf_process_explain(const struct uf_process_refusal *why, struct uf_error *err);

/* The same with what is true at this moment. */
enum uf_code uf_process_refused(int pid, int os_errno, struct uf_error *err);
/* Which of these a failed call means: it has gone, is refused, memory is out, or a fault of this machine. */
enum uf_code uf_process_unreadable(int pid, int os_errno, struct uf_error *err);
/* "it has ended meanwhile" */
enum uf_code uf_process_gone(struct uf_error *err);
/* Says of what cannot be read what it is: none such, of this program itself, a thread of another, a zombie, of the kernel, traced. */
enum uf_code uf_process_look(int pid, struct uf_error *err);

/* Another program in the same process has others; both 0: it has gone. */
struct uf_process_program {
    uint64_t start_time, start_stack, start_code;
};
struct uf_process_program uf_process_program(int pid);

#endif
