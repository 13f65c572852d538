/* remote.h - a live process or a core as a heap that commands can work on (heap.h).
 *
 *     uf_remote_take(&remote, request, "4711", 4711, answer)
 *     ... remote.target.capture.graph, .names; remote.meta, remote.told ...
 *     uf_remote_settle(&remote)      no name is asked for any more
 *     ... remote.graph, remote.meta, remote.told ...
 *     uf_remote_release(&remote)
 *
 * A process is named by its number: a word of digits, unless a file of that name exists.
 */
#ifndef UF_ANSWER_REMOTE_H
#define UF_ANSWER_REMOTE_H

#include "base/strings.h"
#include "report/heap.h"
#include "target/target.h"
#include "unfreed.h"

/* Not to be moved once it was taken. {0} is released. */
struct uf_remote {
    struct uf_target target; /* {0} once it is settled */
    struct uf_graph graph;   /* the target's, once it is settled */
    struct uf_meta meta;     /* its texts, and those of told, are in `texts` */
    struct uf_report_outside told;
    struct uf_strings texts;
    const char **missing;
};

/* Does `path` name a process? */
bool uf_remote_is_process(const char *path);
/* The number of a word of digits; 0: no process can have it. */
int uf_remote_pid(const char *digits);

/* What kind of ELF file it is; `path` is told apart by its first bytes. */
enum uf_elf_kind { UF_ELF_NONE, UF_ELF_CORE, UF_ELF_PROGRAM };
enum uf_elf_kind uf_remote_elf_kind(const char *path);

/* Reads the process `pid`, or for 0 the core `path`. False: the answer says why, as in heap.h. */
bool uf_remote_take(struct uf_remote *ret, const struct uf_heap_request *request, const char *path,
                    int pid, struct uf_answer *answer);
/* Gives the memory of the process or core back, and keeps the graph. Twice is once. */
void uf_remote_settle(struct uf_remote *remote);
void uf_remote_release(struct uf_remote *remote);

#endif
