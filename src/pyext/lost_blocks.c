/* lost_blocks.c - objects that no walk reaches, and memory of the object allocator, that calls lost.
 *
 * Reads what the births pass recorded. A place (a type, and the stack that
 * allocated it) is told when it lost something again and again over the calls
 * that were watched, and when blocks were seen to pile up before.
 */
#include "analysis/findings_private.h"
#include "analysis/orphans.h"
#include "capture/lost.h"
#include "cpython/names.h"
#include "pyext/session.h"
#include "pyext/tracing.h"

#include <string.h>

#define PARTS 4 /* of the calls watched: in each of them something must have been lost */
#define PLACES_MAX 256
#define LOST_SHARE 0.75
#define TOLD_MAX 5
#define CALLS_TO_SHOW 20.0 /* in which a place loses something */
#define LARGE_BYTES 512    /* blocks beyond come from malloc: Objects/obmalloc.c */

struct place {
    uint64_t type; /* 0: memory that does not begin like an object */
    uint32_t site;
    uint8_t parts, lost_parts; /* bit per part of the calls: in which blocks were born, or lost */
    double blocks, lost;       /* born; of them, those that nothing leads to */
    double bytes, kept_bytes, large_bytes;
    uint64_t newest;  /* an example: its object, or the block */
    uint32_t finding; /* that tells it, + 1 */
};

/* What was lost, as session->losses. */
struct uf_losses {
    struct uf_session *session;
    struct uf_lost lost;
    struct place places[PLACES_MAX];
    size_t count;
    uint32_t first_call, last_call; /* watched */
};

static int list_block(void *context, const struct uf_live_block *live)
{
    struct uf_losses *t = context;
    struct uf_lost_block block = {
        .address = live->address, .bytes = live->bytes, .site = live->site, .call = live->call};
    if (live->domain != UF_DOMAIN_OBJECT || live->bytes == 0)
        return 0;
    return uf_vec_push(&t->lost.blocks, block);
}

static size_t find_place(const struct uf_losses *t, const struct uf_lost_block *block)
{
    size_t i = 0;
    while (i < t->count && (t->places[i].type != block->type || t->places[i].site != block->site))
        i++;
    return i;
}

static struct place *place_of(struct uf_losses *t, const struct uf_lost_block *block)
{
    size_t i = find_place(t, block);
    if (i == PLACES_MAX)
        return NULL;
    if (i == t->count)
        t->places[t->count++] = (struct place){.type = block->type, .site = block->site};
    return &t->places[i];
}

static uint8_t part_of(const struct uf_losses *t, uint32_t call)
{
    uint32_t span = t->last_call - t->first_call + 1;
    return (uint8_t)(1 << (call - t->first_call) * PARTS / span);
}

/* Blocks born in the calls that were watched, by place. What a stale pointer leads to is counted too:
 * whether a place loses what it makes is seen by how much of it is lost. */
static void count_places(struct uf_losses *t)
{
    for (size_t b = 0; b < t->lost.blocks.len; b++) {
        const struct uf_lost_block *block = &t->lost.blocks.at[b];
        bool lost = block->state == UF_LOST_HEAD;
        if ((!lost && block->state != UF_LOST_HELD) || block->call < t->first_call ||
            block->call > t->last_call)
            continue;
        struct place *place = place_of(t, block);
        if (!place)
            continue;
        place->blocks++;
        place->lost += lost;
        place->parts |= part_of(t, block->call);
        place->lost_parts |= lost ? part_of(t, block->call) : 0;
        place->bytes += (double)block->bytes;
        place->kept_bytes += (double)block->kept_bytes;
        place->large_bytes += block->bytes > LARGE_BYTES ? (double)block->bytes : 0;
        if (lost || place->lost == 0)
            place->newest = block->object ? block->object : block->address;
    }
}

/* Sorted by insertion: few, and no memory needed. */
static void sort_places(struct uf_losses *t)
{
    for (size_t i = 1; i < t->count; i++) {
        struct place place = t->places[i];
        size_t k = i;
        for (; k > 0 && place.kept_bytes > t->places[k - 1].kept_bytes; k--)
            t->places[k] = t->places[k - 1];
        t->places[k] = place;
    }
}

/* "'lost text number 17'"; of memory, its size. */
static char *preview_of(struct uf_losses *t, const struct place *place)
{
    char text[120];
    if (place->type == 0)
        return uf_mem_printf("%.0f bytes", place->bytes / place->blocks);
    uf_heap_preview(t->session->capture.heap, place->newest, text, sizeof text);
    return uf_mem_strdup(text);
}

static const char *type_name(struct uf_losses *t, const struct place *place)
{
    struct uf_heap *heap = t->session->capture.heap;
    uint32_t type = place->type ? uf_heap_type(heap, place->type) : UINT32_MAX;
    return place->type == 0 ? "PyMem" : type == UINT32_MAX ? "?" : uf_heap_type_name(heap, type);
}

static bool is_lost(const struct place *place)
{
    const uint8_t all = (1 << PARTS) - 1;
    return place->lost_parts == all && place->lost >= LOST_SHARE * place->blocks;
}

/* Objects, not lost, that no walk reaches: C code holds them. */
static bool is_held(const struct place *place)
{
    const uint8_t all = (1 << PARTS) - 1;
    return place->type && place->parts == all && !is_lost(place);
}

static enum uf_code fill_texts(struct uf_losses *t, const struct place *place,
                               struct uf_finding *finding, struct uf_error *err)
{
    const char *function = t->session->result.function, *type = type_name(t, place);
    finding->type = uf_mem_strdup(type);
    bool lost = is_lost(place);
    finding->id = uf_mem_printf("%s:%s:%s:%s", uf_kind_name(finding->kind), type,
                                lost ? "nothing" : "native code", function ? function : "");
    finding->path_root = uf_mem_strdup(lost ? "nothing (lost reference)" : "native code");
    finding->holder = uf_mem_strdup(lost ? "nothing (lost reference)" : "memory of C code");
    finding->fix_edge = uf_mem_strdup("");
    finding->fix_why_not = uf_mem_strdup(
        lost ? "nothing refers to it: there is no reference to cut"
             : "what holds it is a root: there is no reference between objects to cut");
    if (!lost)
        finding->fix_advice = uf_mem_strdup("C code keeps it where no object shows it: look for "
                                            "what takes it out of there again, or "
                                            "for a bound");
    struct uf_path_step step = {.object = preview_of(t, place),
                                .type = uf_mem_strdup(type),
                                .edge = uf_mem_strdup(""),
                                .generic = uf_mem_strdup("")};
    bool whole = finding->type && finding->id && finding->path_root && finding->holder &&
                 finding->fix_edge && finding->fix_why_not && step.object && step.type &&
                 step.edge && step.generic;
    if (whole && !uf_vec_push(&finding->path, step))
        return UF_OK;
    uf_mem_free(step.object);
    uf_mem_free(step.type);
    uf_mem_free(step.edge);
    uf_mem_free(step.generic);
    return uf_error_nomem(err);
}

static enum uf_code fill(struct uf_losses *t, const struct place *place, struct uf_finding *finding,
                         struct uf_error *err)
{
    const struct uf_births *births = uf_births_of(t->session);
    double calls = t->session->births_calls;
    finding->kind = !is_lost(place) ? UF_KIND_RETAINED
                    : place->type   ? UF_KIND_ORPHAN
                                    : UF_KIND_NATIVE;
    finding->severity = UF_SEVERITY_LEAK;
    finding->objects_per_call = place->blocks / calls;
    finding->bytes_per_call = place->bytes / calls;
    finding->retained_bytes_per_call = place->kept_bytes / calls;
    finding->objects = place->blocks;
    finding->bytes = place->bytes;
    finding->confidence =
        uf_growth_judge(t->session->python_blocks.at, t->session->python_blocks.len).confidence;
    enum uf_code code = fill_texts(t, place, finding, err);
    if (!code && place->site != UF_SITE_NONE)
        code = uf_finding_set_site(births, place->site, finding, err);
    if (!code && finding->allocated_at.len == 0) {
        finding->allocated_at_unknown =
            uf_mem_strdup("no Python code was running where it was allocated");
        if (!finding->allocated_at_unknown)
            code = uf_error_nomem(err);
    }
    return code ? code : uf_orphans_advise(finding, err);
}

/* The figures of the heap, which were read from the graph, lack what is not in it. */
static void add_to_figures(struct uf_session *session, const struct place *place)
{
    double calls = session->births_calls;
    session->lost_malloc_bytes += place->large_bytes / calls;
    if (place->type == 0)
        return;
    session->result.per_call.objects += place->blocks / calls;
    session->result.per_call.python_bytes += place->bytes / calls;
}

static enum uf_code tell(struct uf_losses *t, bool (*wanted)(const struct place *),
                         struct uf_error *err)
{
    struct uf_check_result *result = &t->session->result;
    enum uf_code code = UF_OK;
    int told = 0;
    sort_places(t);
    for (size_t i = 0; i < t->count && told < TOLD_MAX && !code; i++) {
        struct place *place = &t->places[i];
        if (!wanted(place))
            continue;
        struct uf_finding finding;
        uf_finding_init(&finding);
        code = fill(t, place, &finding, err);
        if (!code && uf_vec_push(&result->findings, finding))
            code = uf_error_nomem(err);
        if (code) {
            uf_finding_release(&finding);
            break;
        }
        place->finding = (uint32_t)result->findings.len;
        add_to_figures(t->session, place);
        told++;
    }
    return code;
}

double uf_orphans_calls_to_show(const struct uf_session *session)
{
    const uf_series *blocks = &session->python_blocks;
    struct uf_growth growth = uf_growth_judge(blocks->at, blocks->len);
    if (growth.kind != UF_GROWTH_TREND || !(growth.per_call > 0))
        return 0;
    return growth.per_call < 1 ? CALLS_TO_SHOW / growth.per_call : CALLS_TO_SHOW;
}

bool uf_orphans_suspected(const struct uf_session *session)
{
    return uf_orphans_calls_to_show(session) > 0;
}

int uf_orphans_tell_blocks(struct uf_session *session)
{
    struct uf_error *err = &session->error;
    if (!session->tracing || !session->has_capture || !session->blocks_pile_up)
        return 0;
    struct uf_losses *t = session->losses = uf_mem_zalloc(sizeof *t);
    enum uf_code code = t ? UF_OK : uf_error_nomem(err);
    if (!code) {
        t->session = session;
        t->first_call = 2;
        t->last_call = session->births_calls + 1;
        if (uf_tracing_each_live(session->tracing, list_block, t))
            code = uf_error_nomem(err);
    }
    if (!code)
        code = uf_lost_find(&t->lost, &session->capture.graph, &session->heap, err);
    if (!code && t->lost.complete) {
        count_places(t);
        code = tell(t, is_lost, err);
        /* else they may be what findings hold unseen */
        if (!code && !uf_objects_pile_up(&session->result))
            code = tell(t, is_held, err);
    }
    return code ? uf_session_fault(session) : 0;
}

struct uf_finding *uf_losses_finding(struct uf_session *session, uint64_t address, bool *watched)
{
    const struct uf_losses *t = session->losses;
    const struct uf_lost_block *block = t ? uf_lost_at(&t->lost, address) : NULL;
    *watched = block != NULL;
    if (!block || (block->state != UF_LOST_HEAD && block->state != UF_LOST_FOLLOWER))
        return NULL;
    size_t place = find_place(t, &t->lost.blocks.at[block->head]);
    uint32_t finding = place < t->count ? t->places[place].finding : 0;
    return finding ? &session->result.findings.at[finding - 1] : NULL;
}

void uf_losses_drop(struct uf_session *session)
{
    if (session->losses)
        uf_lost_release(&session->losses->lost);
    uf_mem_free(session->losses);
    session->losses = NULL;
}
