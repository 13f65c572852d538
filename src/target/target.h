/* target.h - the heap of a live process or of a core, from outside: found, held still, decoded.
 *
 * A process id or a core file in; a graph, names and what is known of the
 * process out, as a capture from inside gives them. Nothing is written to the
 * process and nothing is injected; it runs again before decoding begins.
 */
#ifndef UF_TARGET_TARGET_H
#define UF_TARGET_TARGET_H

#include "capture/capture.h"
#include "memory/core.h"
#include "memory/process.h"
#include "snapshot/meta.h"

struct uf_target_request {
    int pid;                      /* 0: a core */
    const char *core;             /* NULL: a process */
    struct uf_core_options files; /* of a core */
    /* Called with what is being done; may be NULL. False: stop (UF_ETARGET, "interrupted"). */
    bool (*progress)(void *context, const char *doing);
    void *progress_context;
};

struct uf_target {
    struct uf_capture capture;
    struct uf_heap_config config; /* of its first interpreter */
    struct uf_meta meta;          /* texts are the target's; `unfreed` is for the caller to set */
    const struct uf_outside_memory *memory;
    const struct uf_process_stops *stops; /* NULL: of a core */
    const struct uf_core_facts *core;     /* NULL: of a process */
    uint32_t interpreters;
    const char *layout; /* name of the row that held */
    void *own;
};

/* UF_ETARGET: the message says what was found and, in brackets at its end, what to do. Release it in any case. */
enum uf_code uf_target_take(struct uf_target *ret, const struct uf_target_request *request,
                            struct uf_error *err);
void uf_target_release(struct uf_target *target);

#endif
