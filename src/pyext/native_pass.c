#include "pyext/native_pass.h"

#include "native/sites.h"
#include "pyext/native_owners.h"
#include "pyext/native_preload.h"
#include "pyext/native_watch.h"
#include "pyext/python_stack.h"
#include "pyext/readings.h"
#include "pyext/session.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_CALLS 20  /* then ever more, until something shows */
#define MOST_CALLS 2000 /* of the pass */
#define BUDGET_SHARE 0.25
#define LEAST_SECONDS 0.5
#define MOST_SECONDS 4.0
#define SETTLE_SECONDS 0.05
#define SMALL_BYTES 512 /* pymalloc serves what is not larger (CPython Objects/obmalloc.c) */

/* Room of the store: live blocks, stacks, words of stacks. Fresh pages, touched only as used. */
#define ROOM_KEYS ((size_t)1 << 20)
#define ROOM_STACKS ((size_t)1 << 16)
#define ROOM_WORDS ((size_t)1 << 21)

struct wish { /* what grows, by the first pass */
    bool memory, descriptors, threads;
};

static bool rises(const uf_series *series)
{
    if (series->len < 2)
        return false;
    struct uf_growth growth = uf_growth_judge(series->at, series->len);
    return growth.kind == UF_GROWTH_TREND && growth.per_call > 0;
}

static struct wish wish_of(const struct uf_session *session)
{
    return (struct wish){
        .memory = rises(&session->native_bytes) || rises(&session->mapped_bytes) ||
                  /* small blocks that are no objects */
                  (rises(&session->python_blocks) && !rises(&session->nodes)),
        .descriptors = rises(&session->descriptors),
        .threads = rises(&session->threads),
    };
}

static bool may_run(const struct uf_session *session)
{
    switch (session->stop) {
    case UF_STOP_NOT:
    case UF_STOP_CALLS:
    case UF_STOP_CERTAIN:
    case UF_STOP_BUDGET:
    case UF_STOP_MEMORY:
        return true;
    default:
        return false;
    }
}

/* --- the calls --------------------------------------------------------------------------------- */

static bool has_growing(const uf_sites *sites, enum uf_native_kind kind)
{
    for (size_t i = 0; i < sites->len; i++)
        if (sites->at[i].grows && sites->at[i].kind == kind)
            return true;
    return false;
}

/* Whether a place shows up for everything that grows. Whose the memory is, is not asked yet. */
static enum uf_code is_enough(bool *ret, struct uf_session *session, struct uf_native *native,
                              const struct wish *wish)
{
    uf_native_blocks survivors = {0};
    uf_sites sites = {0};
    enum uf_code code = uf_native_store_survivors(native->store, &survivors, &session->error);
    if (!code)
        code = uf_sites_find(&sites, native->store, survivors.at, NULL, survivors.len,
                             native->calls, &session->error);
    /* where objects pile up, it may be all theirs */
    bool theirs = native->calls > FIRST_CALLS && has_growing(&sites, UF_NATIVE_OBJECT);
    *ret = (!wish->memory || theirs || has_growing(&sites, UF_NATIVE_HEAP) ||
            has_growing(&sites, UF_NATIVE_MAPPING) || has_growing(&sites, UF_NATIVE_PYTHON)) &&
           (!wish->descriptors || has_growing(&sites, UF_NATIVE_DESCRIPTOR)) &&
           (!wish->threads || has_growing(&sites, UF_NATIVE_THREAD));
    uf_vec_release(&sites);
    uf_vec_release(&survivors);
    return code;
}

static double seconds_allowed(const struct uf_session *session)
{
    double seconds = session->request->budget_seconds * BUDGET_SHARE;
    return seconds < LEAST_SECONDS  ? LEAST_SECONDS
           : seconds > MOST_SECONDS ? MOST_SECONDS
                                    : seconds;
}

static int call_under_watch(struct uf_session *session, struct uf_native *native,
                            const struct wish *wish)
{
    double seconds, until = uf_now_seconds() + seconds_allowed(session);
    uint32_t wanted = FIRST_CALLS, room = uf_measure_calls_with_room(session);
    uint32_t most = room < MOST_CALLS ? room : MOST_CALLS;
    bool enough = false;
    while (!enough) {
        if (wanted > most)
            wanted = most;
        while (native->calls < wanted &&
               (native->calls < UF_SITES_LEAST || uf_now_seconds() < until)) {
            uf_native_watch_call(native->calls + 1);
            int status = uf_measure_plain_call(session, session->request->collector_on, &seconds);
            uf_native_watch_call(0);
            if (status)
                return -1;
            native->calls++;
        }
        if (uf_now_seconds() >= until || native->calls >= most)
            break;
        uf_native_watch_hush(true);
        enum uf_code code = is_enough(&enough, session, native, wish);
        uf_native_watch_hush(false);
        if (code)
            return uf_session_fault(session);
        wanted *= 3;
    }
    return 0;
}

/* Threads that are ending are gone in a moment. */
static void settle(double threads_before)
{
    double until = uf_now_seconds() + SETTLE_SECONDS;
    while (uf_read_threads() > threads_before && uf_now_seconds() < until) {
        Py_BEGIN_ALLOW_THREADS usleep(1000);
        Py_END_ALLOW_THREADS
    }
}

/* --- what is left ------------------------------------------------------------------------------ */

static bool is_alive(const struct uf_native_block *block)
{
    char path[64];
    struct stat status;
    switch (block->kind) {
    case UF_NATIVE_DESCRIPTOR:
        return fcntl((int)(block->key ^ UF_NATIVE_DESCRIPTOR_KEY), F_GETFD) >= 0;
    case UF_NATIVE_THREAD:
        (void)snprintf(path, sizeof path, "/proc/self/task/%llu",
                       (unsigned long long)(block->key ^ UF_NATIVE_THREAD_KEY));
        return stat(path, &status) == 0;
    default:
        return true;
    }
}

static void drop_dead(uf_native_blocks *survivors)
{
    size_t kept = 0;
    for (size_t i = 0; i < survivors->len; i++)
        if (is_alive(&survivors->at[i]))
            survivors->at[kept++] = survivors->at[i];
    survivors->len = kept;
}

/* The type of the object that most of a place's blocks pile up at; NULL: at none. */
static char *holder_of(const uf_native_blocks *survivors, const bool *wanted, const uf_node *holder,
                       const struct uf_site *site, const struct uf_graph *graph)
{
    size_t lost = 0, held = 0;
    uf_node node = UF_NODE_NONE;
    for (size_t i = 0; i < survivors->len; i++) {
        if (!wanted[i] || survivors->at[i].stack != site->stack)
            continue;
        if (holder[i] == UF_NODE_NONE) {
            lost++;
        } else {
            held++;
            node = holder[i];
        }
    }
    return held > lost ? uf_mem_strdup(uf_graph_type_name(graph, node)) : NULL;
}

static enum uf_code keep_places(struct uf_session *session, struct uf_native *native,
                                const uf_native_blocks *survivors, const bool *wanted,
                                const uf_node *holder, const struct uf_capture *capture)
{
    uf_sites sites = {0};
    enum uf_code code = uf_sites_find(&sites, native->store, survivors->at, wanted, survivors->len,
                                      native->calls, &session->error);
    for (size_t i = 0; i < sites.len && !code; i++) {
        if (!sites.at[i].grows)
            continue;
        struct uf_native_place place = {.site = sites.at[i]};
        struct uf_native_stack frames = uf_native_store_frames(native->store, sites.at[i].stack);
        if (uf_python_stack_name(capture->heap, frames.python, frames.python_count, &place.python))
            code = uf_error_nomem(&session->error);
        place.holder = holder_of(survivors, wanted, holder, &sites.at[i], &capture->graph);
        if (!code && uf_vec_push(&native->places, place))
            code = uf_error_nomem(&session->error);
        if (code) {
            uf_stack_frames_release(&place.python);
            uf_mem_free(place.holder);
        }
    }
    uf_vec_release(&sites);
    return code;
}

/* Beside what the places tell. Small blocks of Python's are no native bytes. */
static double bytes_owned(const uf_native_blocks *survivors, const bool *wanted, uint32_t calls)
{
    double bytes = 0;
    for (size_t i = 0; i < survivors->len; i++) {
        const struct uf_native_block *block = &survivors->at[i];
        bool large = block->kind == UF_NATIVE_HEAP || block->kind == UF_NATIVE_MAPPING ||
                     block->bytes > SMALL_BYTES;
        if (!wanted[i] && !block->older && large)
            bytes += (double)block->bytes;
    }
    return bytes / calls;
}

static int attribute(struct uf_session *session, struct uf_native *native)
{
    struct uf_capture capture = {0};
    uf_native_blocks survivors = {0};
    bool *wanted = NULL;
    uf_node *holder = NULL;
    enum uf_code code = uf_native_store_survivors(native->store, &survivors, &session->error);
    if (!code)
        code = uf_capture_heap(&capture, &session->heap, &session->own, &session->error);
    drop_dead(&survivors);
    if (!code) {
        wanted = uf_mem_zalloc(survivors.len + 1);
        holder = uf_mem_zalloc((survivors.len + 1) * sizeof *holder);
        if (!wanted || !holder)
            code = uf_error_nomem(&session->error);
    }
    if (!code)
        code = uf_native_owners_find(wanted, holder, survivors.at, survivors.len, &capture,
                                     native->calls, &session->error);
    if (!code)
        native->bytes_owned = bytes_owned(&survivors, wanted, native->calls);
    for (size_t i = 0; i < survivors.len && !code; i++)
        wanted[i] |= survivors.at[i].kind == UF_NATIVE_DESCRIPTOR ||
                     survivors.at[i].kind == UF_NATIVE_THREAD;
    if (!code)
        code = keep_places(session, native, &survivors, wanted, holder, &capture);
    uf_mem_free(holder);
    uf_mem_free(wanted);
    uf_capture_release(&capture);
    uf_vec_release(&survivors);
    return code ? uf_session_fault(session) : 0;
}

static int watch_and_attribute(struct uf_session *session, const struct uf_preload *preload,
                               const struct wish *wish)
{
    struct uf_native *native = session->native;
    double threads = uf_read_threads();
    uf_native_watch_start(preload, native->store, &session->heap.layout->runtime);
    int status = call_under_watch(session, native, wish);
    if (session->stop == UF_STOP_FORKED)
        return status;
    uf_collector_hold(&session->collector);
    settle(threads);
    if (status == 0)
        status = uf_measure_clear(session);
    uf_native_watch_stop();
    if (status == 0 && native->calls > 0)
        status = attribute(session, native);
    return status;
}

int uf_native_pass(struct uf_session *session)
{
    struct wish wish = wish_of(session);
    const struct uf_preload *preload = uf_native_preloaded(NULL);
    if (!preload || !may_run(session) || !(wish.memory || wish.descriptors || wish.threads))
        return 0;
    double started = uf_now_seconds();
    enum uf_stop stop = session->stop; /* why the measured calls ended */
    session->stop = UF_STOP_NOT;
    uf_session_drop_capture(session);
    struct uf_native *native = session->native = uf_mem_zalloc(sizeof *native);
    if (!native || uf_native_store_create(&native->store, ROOM_KEYS, ROOM_STACKS, ROOM_WORDS,
                                          &session->error)) {
        uf_error_nomem(&session->error);
        return uf_session_fault(session);
    }
    int status = watch_and_attribute(session, preload, &wish);
    if (session->stop == UF_STOP_NOT)
        session->stop = stop;
    int noted = uf_session_note_pass(session, "native", native->calls, started);
    return status ? status : noted;
}

void uf_native_release(struct uf_native *native)
{
    if (!native)
        return;
    for (size_t i = 0; i < native->places.len; i++) {
        uf_stack_frames_release(&native->places.at[i].python);
        uf_mem_free(native->places.at[i].holder);
    }
    uf_vec_release(&native->places);
    uf_native_store_destroy(native->store);
    uf_mem_free(native);
}
