#include "base/mem.h"
#include "capture/own.h"
#include "cpython/gc_lists.h"
#include "target/meta.h"
#include "target/target.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* An interpreter that is just starting is looked at again after so long, so often. */
#define AGAIN_NS 10000000
#define AGAIN_MOST 50
#define TRIES_MAX 120 /* for a collection to end: 8 seconds in all */

struct own {
    struct uf_process *process; /* NULL: a core */
    struct uf_core *core;
    struct uf_python python;
    struct uf_target_texts texts;
};

static bool step(const struct uf_target_request *request, const char *doing)
{
    return !request->progress || request->progress(request->progress_context, doing);
}

static enum uf_code interrupted(struct uf_error *err)
{
    return uf_error_set(err, UF_ETARGET, "interrupted");
}

/* What did not hold is no passing state after all. */
static enum uf_code refuse(struct uf_error *err)
{
    char why[sizeof err->message];
    if (!err)
        return UF_ETARGET;
    snprintf(why, sizeof why, "%s", err->message);
    size_t len = strlen(why);
    bool advised = len > 0 && why[len - 1] == ')';
    return uf_error_set(err, UF_ETARGET, advised ? "%s" : "%.165s (%s)", why,
                        "if it is just starting or ending, try again; else please report it");
}

static enum uf_code find(struct own *own, const struct uf_outside_memory *memory,
                         struct uf_error *err)
{
    uf_python_release(&own->python);
    return uf_python_find(&own->python, memory, err);
}

/* Held still where no interpreter is collecting, if that can be had. */
static enum uf_code copy(struct own *own, struct uf_error *err)
{
    static const struct uf_process_checks anyhow;
    const struct uf_layout_runtime *r = &own->python.layout.runtime;
    const struct uf_heap_config config = uf_python_config(&own->python);
    UF_VEC(uint64_t) collecting = {0};
    for (uint32_t i = 0; i < uf_heap_interpreters(&config); i++) {
        struct uf_heap_config one = uf_heap_config_of(&config, i);
        uint64_t address = uf_gc_state(&one) + r->gc.collecting;
        if (uf_vec_push(&collecting, address)) {
            uf_vec_release(&collecting);
            return uf_error_nomem(err);
        }
    }
    struct uf_process_checks checks = {
        .zero = collecting.at, .zero_count = collecting.len, .tries_max = TRIES_MAX};
    enum uf_code code = uf_process_copy(own->process, &checks, err);
    /* A finalizer that never returns, say: then it is read as it stands, and the capture tells. */
    if (code == UF_ETARGET && uf_process_copy(own->process, &anyhow, NULL) == UF_OK)
        code = UF_OK;
    uf_vec_release(&collecting);
    return code;
}

/* Finds the interpreter while the process runs, to know what to wait for; and again where it stood still. A
 * page that was seen is kept, so a new look begins with opening the process anew. */
static enum uf_code look_at_process(struct own *own, const struct uf_target_request *request,
                                    struct uf_error *err)
{
    enum uf_code code;
    uf_python_release(&own->python);
    uf_process_close(own->process);
    own->process = NULL;
    if (!step(request, "finding Python"))
        return interrupted(err);
    if ((code = uf_process_open(&own->process, request->pid, err)) != UF_OK ||
        (code = find(own, uf_process_peek(own->process), err)) != UF_OK)
        return code;
    if (!step(request, "copying memory"))
        return interrupted(err);
    if ((code = copy(own, err)) != UF_OK)
        return code;
    return find(own, uf_process_memory(own->process), err);
}

/* What is seen of a process that runs may be torn, a library may not be there yet, and a list may be half
 * changed where it stood still: all that passes. */
static enum uf_code take_process(struct uf_target *ret, const struct uf_target_request *request,
                                 struct own *own, struct uf_error *err)
{
    const struct timespec pause = {.tv_nsec = AGAIN_NS};
    enum uf_code code = look_at_process(own, request, err);
    for (int i = 0; i < AGAIN_MOST && code == UF_EUNSUPPORTED; i++) {
        nanosleep(&pause, NULL);
        code = look_at_process(own, request, err);
    }
    if (code)
        return code == UF_EUNSUPPORTED ? refuse(err) : code;
    ret->memory = uf_process_memory(own->process);
    ret->stops = uf_process_stops(own->process);
    return UF_OK;
}

/* Without its files a core may show no interpreter, or a damaged one: then that is what is wrong. */
static enum uf_code name_missing(const struct uf_core_facts *core, struct uf_error *err)
{
    const char *first = core->missing[0];
    for (size_t i = core->missing_count; i-- > 0;) /* the program first, but for its libpython */
        if (strstr(core->missing[i], "/libpython") ||
            (!strstr(first, "/libpython") && *core->program &&
             strncmp(core->missing[i], core->program, strlen(core->program)) == 0))
            first = core->missing[i];
    return uf_error_set(err, UF_ETARGET,
                        "%.140s (%zu of its files are missing: --sysroot FOLDER says where they "
                        "are, --binary FILE which one is Python)",
                        first, core->missing_count);
}

static enum uf_code take_core(struct uf_target *ret, const struct uf_target_request *request,
                              struct own *own, struct uf_error *err)
{
    if (!step(request, "opening the core"))
        return interrupted(err);
    enum uf_code code = uf_core_open(&own->core, request->core, &request->files, err);
    if (code)
        return code;
    ret->memory = uf_core_memory(own->core);
    ret->core = uf_core_facts(own->core);
    code = find(own, ret->memory, err);
    if (code && code != UF_ENOMEM && ret->core->missing_count)
        return name_missing(ret->core, err);
    if (code)
        return code == UF_EUNSUPPORTED ? refuse(err) : code;
    return UF_OK;
}

static enum uf_code capture(struct uf_target *ret, const struct uf_target_request *request,
                            struct own *own, struct uf_error *err)
{
    static const struct uf_capture_options nothing_own;
    if (!step(request, "reading objects"))
        return interrupted(err);
    ret->config = uf_python_config(&own->python);
    uint64_t tracked, frozen;
    enum uf_code code = uf_capture_heap(&ret->capture, &ret->config, &nothing_own, err);
    if (code == UF_OK)
        code = uf_own_mark(&ret->capture.graph, &tracked, &frozen, err);
    if (code)
        return code;
    ret->capture.tracked -= tracked;
    ret->capture.frozen -= frozen;
    ret->interpreters = (uint32_t)own->python.interpreters.len;
    ret->layout = own->python.row->name;
    uf_target_describe(ret, &own->texts, &own->python, request->pid);
    return UF_OK;
}

enum uf_code uf_target_take(struct uf_target *ret, const struct uf_target_request *request,
                            struct uf_error *err)
{
    memset(ret, 0, sizeof *ret);
    struct own *own = uf_mem_zalloc(sizeof *own);
    if (!own)
        return uf_error_nomem(err);
    ret->own = own;
    enum uf_code code = request->core ? take_core(ret, request, own, err)
                                      : take_process(ret, request, own, err);
    return code ? code : capture(ret, request, own, err);
}

void uf_target_release(struct uf_target *target)
{
    struct own *own = target->own;
    uf_capture_release(&target->capture);
    if (own) {
        uf_python_release(&own->python);
        uf_process_close(own->process);
        uf_core_close(own->core);
    }
    uf_mem_free(own);
    memset(target, 0, sizeof *target);
}
