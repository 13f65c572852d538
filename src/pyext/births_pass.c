/* births_pass.c - the second pass: some calls with every allocation watched, then one look at what of
 * them stayed. The first pass told that something grows; this one tells where it was allocated. */
#include "pyext/python.h"

#include "cpython/read.h"
#include "pyext/readings.h"
#include "pyext/session.h"
#include "pyext/tracing.h"

#include <string.h>

#define CALLS_LEAST 5
#define CALLS_MOST 4000
#define MARKS 20         /* so often the freelists are emptied, by a full collection */
#define BUDGET_SHARE 0.2 /* what the pass may take beyond its fewest calls */
#define SLOWER 3.0       /* a watched call beside a plain one, at worst (bench/bench_track.py) */
/* File of the code that 3.12 and later put between __init__ and its caller (_Py_MakeShimCode,
 * Objects/codeobject.c). */
#define SHIM "<shim>"
#define WORDS_LOOKED_AT 16u /* of an object, for the pointer to its table or items */

static bool find_birth(void *context, uint64_t address, struct uf_birth *ret)
{
    const struct uf_births *births = uf_tracing_births(context);
    return births->find(births->context, address, ret);
}

/* Objects keep the pointer to their table, items or buffer among the first words of their fixed part. */
static bool find_held_birth(void *context, uint64_t address, struct uf_birth *ret)
{
    const PyObject *object = (const PyObject *)(uintptr_t)address;
    size_t words = (size_t)Py_TYPE(object)->tp_basicsize / sizeof(uint64_t);
    bool found = false;
    struct uf_birth birth;
    for (size_t i = 2; i < words && i < WORDS_LOOKED_AT; i++) {
        uint64_t word = uf_u64(object, i * sizeof word);
        if (word % 8 == 0 && word != 0 && find_birth(context, word, &birth) &&
            (!found || birth.call > ret->call)) {
            *ret = birth;
            found = true;
        }
    }
    return found;
}

static size_t birth_frames(void *context, uint32_t site, struct uf_birth_frame *ret, size_t most)
{
    const struct uf_births *births = uf_tracing_births(context);
    size_t count = births->frames(births->context, site, ret, most);
    /* the main thread began in the line that started the engine */
    if (count > 0 && ret[count - 1].file && strcmp(ret[count - 1].file, "<string>") == 0)
        count--;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!ret[i].file || strcmp(ret[i].file, SHIM) != 0)
            ret[kept++] = ret[i];
    return kept;
}

const struct uf_births *uf_births_of(struct uf_session *session)
{
    if (!session->tracing)
        return NULL;
    session->births = (struct uf_births){
        .context = session->tracing,
        .find = find_birth,
        .find_held = find_held_birth,
        .frames = birth_frames,
    };
    return &session->births;
}

/* So many that all growth shows, as the time allows. */
static uint32_t calls_wanted(struct uf_session *session)
{
    double wanted = uf_groups_calls_to_show(session->groups);
    double blocks = uf_orphans_calls_to_show(session);
    if (blocks > wanted)
        wanted = blocks;
    double left = session->deadline - uf_now_seconds();
    double share = (session->deadline - session->started) * BUDGET_SHARE;
    double fitting = (left > share ? left : share) / (SLOWER * session->call_seconds + 1e-6);
    if (wanted > fitting)
        wanted = fitting;
    if (wanted > CALLS_MOST)
        wanted = CALLS_MOST;
    uint32_t room = uf_measure_calls_with_room(session);
    if (wanted > room)
        wanted = room;
    return wanted > CALLS_LEAST ? (uint32_t)wanted : CALLS_LEAST;
}

/* What waits for the collector after one watched call. */
static int look_at_garbage(struct uf_session *session)
{
    double seconds;
    uf_tracing_call(session->tracing, 1);
    if (uf_measure_plain_call(session, false, &seconds))
        return -1;
    uf_collector_hold(&session->collector);
    uf_tracing_call(session->tracing, 0);
    return uf_garbage_look(session) || uf_measure_clear(session) ? -1 : 0;
}

/* As uf_measure_window, with marks: at the beginning of each call, or of as many calls as make MARKS. */
static int watch_calls(struct uf_session *session, uint32_t calls)
{
    double seconds, threads = uf_read_threads();
    session->births_calls = calls;
    for (uint32_t i = 0; i < calls; i++) {
        if (i % (calls / MARKS + 1) == 0)
            uf_tracing_call(session->tracing, i + 2);
        if (uf_measure_plain_call(session, session->request->collector_on, &seconds))
            return -1;
    }
    uf_tracing_call(session->tracing, 0);
    return uf_measure_window_end(session, threads);
}

int uf_births_pass(struct uf_session *session, bool garbage)
{
    double started = uf_now_seconds();
    uint32_t before = session->calls;
    size_t garbage_points = session->garbage.len;
    struct uf_tracing_options options = {.raw = true};
    session->blocks_pile_up = uf_orphans_suspected(session);
    if (uf_tracing_start(&session->tracing, &options, &session->error))
        return uf_session_fault(session);
    int status = garbage ? look_at_garbage(session) : 0;
    if (!status)
        status = watch_calls(session, calls_wanted(session));
    uf_tracing_stop(session->tracing);
    if (!status && session->request->profile)
        uf_births_write_profile(session);
    session->garbage.len = garbage_points; /* the collections of the marks were not counted */
    int noted = uf_session_note_pass(session, "births", session->calls - before, started);
    return status ? status : noted;
}

void uf_births_drop(struct uf_session *session)
{
    if (session->tracing)
        uf_tracing_free(session->tracing);
    session->tracing = NULL;
}
