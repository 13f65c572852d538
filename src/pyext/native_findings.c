#include "pyext/native_findings.h"

#include "pyext/native_frames.h"
#include "pyext/native_pass.h"
#include "pyext/native_preload.h"
#include "pyext/session.h"

#include <string.h>

#define PER_THREAD_BYTES 65536 /* a thread's own state, which goes with the thread */

static const char not_run[] =
    "nothing was seen to grow in the pass that watches the calls of malloc";

static char *copy_of(const char *text)
{
    return text ? uf_mem_strdup(text) : NULL;
}

/* Native frames, then Python's. Where descriptors and threads come from, the interpreter's own modules
 * tell nothing that the Python frames do not. */
static int name_stack(const struct uf_native *native, const struct uf_native_place *place,
                      struct uf_symbols *symbols, uf_stack_frames *ret)
{
    struct uf_native_stack stack = uf_native_store_frames(native->store, place->site.stack);
    bool memory = place->site.kind != UF_NATIVE_DESCRIPTOR && place->site.kind != UF_NATIVE_THREAD;
    if (symbols && uf_native_frames_name(symbols, &stack, ret))
        return -1;
    if (!memory && place->python.len > 0 &&
        (ret->len == 0 || uf_native_is_interpreters(ret->at[0].library)))
        uf_stack_frames_release(ret);
    for (size_t i = 0; i < place->python.len; i++) {
        const struct uf_stack_frame *from = &place->python.at[i];
        struct uf_stack_frame frame = {
            .file = copy_of(from->file), .function = copy_of(from->function), .line = from->line};
        if (uf_vec_push(ret, frame)) {
            uf_mem_free(frame.file);
            uf_mem_free(frame.function);
            return -1;
        }
    }
    return 0;
}

static const struct uf_native_place *worst_place(const struct uf_native *native,
                                                 enum uf_native_kind kind)
{
    for (size_t i = 0; native && i < native->places.len; i++)
        if (native->places.at[i].site.kind == kind)
            return &native->places.at[i];
    return NULL;
}

static int fault(struct uf_session *session)
{
    uf_error_nomem(&session->error);
    return uf_session_fault(session);
}

static const char *why_unknown(void)
{
    const char *why = NULL;
    return uf_native_preloaded(&why) ? not_run : why;
}

/* Of a descriptor or thread the Python code matters that asked for it, and not how that was done. */
static void drop_native_frames(uf_stack_frames *frames)
{
    size_t kept = 0, python = 0;
    for (size_t i = 0; i < frames->len; i++)
        python += frames->at[i].library == NULL;
    for (size_t i = 0; i < frames->len && python > 0; i++) {
        struct uf_stack_frame *frame = &frames->at[i];
        if (!frame->library) {
            frames->at[kept++] = *frame;
            continue;
        }
        uf_mem_free(frame->file);
        uf_mem_free(frame->function);
        uf_mem_free(frame->library);
        uf_mem_free(frame->symbol);
    }
    if (python > 0)
        frames->len = kept;
}

static int fill_site(struct uf_session *session, struct uf_finding *finding,
                     const struct uf_native_place *place)
{
    if (place) {
        struct uf_symbols *symbols = NULL;
        struct uf_error error;
        (void)uf_symbols_open(&symbols, &error); /* without them there are the Python frames */
        uf_stack_frames_release(&finding->allocated_at); /* of the object that stands for it */
        finding->allocated_at_earlier = false;
        int status = name_stack(session->native, place, symbols, &finding->allocated_at);
        uf_symbols_close(symbols);
        if (status)
            return fault(session);
        if (place->site.kind != UF_NATIVE_HEAP)
            drop_native_frames(&finding->allocated_at);
    }
    if (finding->allocated_at.len == 0 && !finding->allocated_at_unknown)
        finding->allocated_at_unknown = uf_mem_strdup(why_unknown());
    return 0;
}

int uf_native_fill_site(struct uf_session *session, struct uf_finding *finding,
                        enum uf_native_kind kind)
{
    return fill_site(session, finding, worst_place(session->native, kind));
}

int uf_native_fill_descriptor_site(struct uf_session *session, struct uf_finding *finding,
                                   bool (*is)(void *context, int fd), void *context)
{
    const struct uf_native *native = session->native;
    const struct uf_native_place *best = NULL;
    uf_native_blocks blocks = {0};
    size_t most = 0;
    if (native && uf_native_store_survivors(native->store, &blocks, &session->error))
        return uf_session_fault(session);
    for (size_t i = 0; native && i < native->places.len; i++) {
        const struct uf_native_place *place = &native->places.at[i];
        size_t count = 0;
        for (size_t k = 0; place->site.kind == UF_NATIVE_DESCRIPTOR && k < blocks.len; k++)
            count += blocks.at[k].kind == UF_NATIVE_DESCRIPTOR &&
                     blocks.at[k].stack == place->site.stack &&
                     is(context, (int)(blocks.at[k].key ^ UF_NATIVE_DESCRIPTOR_KEY));
        if (count > most) {
            most = count;
            best = place;
        }
    }
    uf_vec_release(&blocks);
    return fill_site(session, finding, best);
}

/* --- native memory ----------------------------------------------------------------------------- */

static const char *type_of(const struct uf_native_place *place)
{
    return place->site.kind == UF_NATIVE_MAPPING  ? "mmap"
           : place->site.kind == UF_NATIVE_PYTHON ? "PyMem"
                                                  : "malloc";
}

/* Kind, type, function and library that took it, the Python function above it, the target: no
 * addresses, lines or versions. */
static char *id_of(const struct uf_session *session, const struct uf_native_place *place,
                   const uf_stack_frames *frames)
{
    char library[128] = "";
    const char *symbol = "", *caller = "";
    if (frames->len > 0 && frames->at[0].library) {
        uf_native_library_name(frames->at[0].library, library, sizeof library);
        symbol = frames->at[0].symbol ? frames->at[0].symbol : "";
    }
    if (place->python.len > 0 && place->python.at[0].function)
        caller = place->python.at[0].function;
    return uf_mem_printf("native:%s:%s@%s:%s:%s", type_of(place), symbol, library, caller,
                         session->target.function);
}

static char *advice_of(const struct uf_native_place *place, const uf_stack_frames *frames)
{
    bool mapping = place->site.kind == UF_NATIVE_MAPPING;
    const char *taken = mapping ? "mapped" : "allocated";
    const char *back = mapping                                ? "munmap"
                       : place->site.kind == UF_NATIVE_PYTHON ? "PyMem_Free"
                                                              : "free";
    if (frames->len == 0 || !frames->at[0].library)
        return uf_mem_printf("memory that C code %s and did not give back: look at the extension "
                             "modules that the call uses",
                             taken);
    char library[128];
    uf_native_library_name(frames->at[0].library, library, sizeof library);
    const char *symbol = frames->at[0].symbol;
    if (place->site.in_place)
        return uf_mem_printf(
            "%s%s%s makes a block larger again and again%s%s%s: look there for what "
            "should empty it or give it a bound",
            symbol ? symbol : "", symbol ? " in " : "", library, place->holder ? ", which a " : "",
            place->holder ? place->holder : "", place->holder ? " keeps" : "");
    bool foreign = strncmp(library, "_ctypes", 7) == 0 ||
                   strncmp(library, "_cffi_backend", 13) == 0;
    if (foreign && place->python.len > 0 && place->python.at[0].function)
        return uf_mem_printf("a C function that %s() calls %s it and no Python object leads to it: "
                             "look there for the call of %s that is missing",
                             place->python.at[0].function, taken, back);
    if (place->holder)
        return uf_mem_printf("%s%s%s %s it and a %s keeps it: release it there, or make a new "
                             "object for each use",
                             symbol ? symbol : "", symbol ? " in " : "", library, taken,
                             place->holder);
    return uf_mem_printf(
        "%s%s%s %s it and no Python object leads to it: look there for the %s that "
        "is missing, or for a call that should release it",
        symbol ? symbol : "", symbol ? " in " : "", library, taken, back);
}

/* The allocator of thread-local memory, in the dynamic linker and in libc: it goes with the thread. */
static bool is_of_thread(const uf_stack_frames *frames)
{
    static const char *const symbols[] = {
        "_dl_allocate_tls",  "allocate_stack", "pthread_create",    "__tls_get_addr",
        "tls_get_addr_tail", "allocate_dtv",   "allocate_dtv_entry"};
    for (size_t i = 0; i < frames->len && i < 4; i++)
        for (size_t s = 0; s < sizeof symbols / sizeof *symbols; s++)
            if (frames->at[i].symbol &&
                strncmp(frames->at[i].symbol, symbols[s], strlen(symbols[s])) == 0)
                return true;
    return false;
}

/* The births pass tells the same lost block of Python's allocators, without its native frames
 * (lost_blocks.c): by the Python function that took it. */
static struct uf_finding *told_already(struct uf_session *session,
                                       const struct uf_native_place *place)
{
    if (place->site.kind != UF_NATIVE_PYTHON || place->python.len == 0)
        return NULL;
    const struct uf_stack_frame *wanted = &place->python.at[0];
    for (size_t i = 0; i < session->result.findings.len; i++) {
        struct uf_finding *finding = &session->result.findings.at[i];
        if (finding->kind != UF_KIND_NATIVE || !finding->type ||
            strcmp(finding->type, "PyMem") != 0 || finding->allocated_at.len == 0)
            continue;
        const struct uf_stack_frame *frame = &finding->allocated_at.at[0];
        if (frame->function && wanted->function && frame->file && wanted->file &&
            strcmp(frame->function, wanted->function) == 0 &&
            strcmp(frame->file, wanted->file) == 0)
            return finding;
    }
    return NULL;
}

/* What is known of the native side is put in; figures and path stay. */
static int complete(struct uf_session *session, const struct uf_native_place *place,
                    struct uf_finding *finding, uf_stack_frames *frames)
{
    char *id = id_of(session, place, frames), *advice = advice_of(place, frames);
    if (!id || !advice) {
        uf_mem_free(id);
        uf_mem_free(advice);
        return -1;
    }
    uf_mem_free(finding->id);
    uf_mem_free(finding->fix_advice);
    finding->id = id;
    finding->fix_advice = advice;
    uf_stack_frames_release(&finding->allocated_at);
    memcpy(&finding->allocated_at, frames, sizeof *frames);
    *frames = (uf_stack_frames){0};
    return 0;
}

static bool is_memory(const struct uf_native_place *place)
{
    return place->site.kind == UF_NATIVE_HEAP || place->site.kind == UF_NATIVE_MAPPING ||
           place->site.kind == UF_NATIVE_PYTHON;
}

static bool rises(const uf_series *series)
{
    return series->len >= 2 && uf_growth_judge(series->at, series->len).kind == UF_GROWTH_TREND;
}

/* The figure of the first pass that such a place can be part of, if it rose; else NULL. */
static const uf_series *series_of(const struct uf_session *session,
                                  const struct uf_native_place *place)
{
    if (place->site.kind == UF_NATIVE_MAPPING)
        return rises(&session->mapped_bytes) ? &session->mapped_bytes : NULL;
    if (rises(&session->native_bytes))
        return &session->native_bytes;
    return place->site.kind == UF_NATIVE_PYTHON && rises(&session->python_blocks)
               ? &session->python_blocks
               : NULL;
}

/* Of the series in which it shows; where it is too little to show, what the pass saw. */
static double confidence_of(const struct uf_session *session, const struct uf_native_place *place)
{
    const uf_series *series = series_of(session, place);
    if (series)
        return uf_growth_judge(series->at, series->len).confidence;
    return (double)place->site.windows / UF_SITES_WINDOWS;
}

static int add_finding(struct uf_session *session, const struct uf_native_place *place,
                       uf_stack_frames *frames)
{
    double calls = session->native->calls;
    struct uf_finding finding;
    uf_finding_init(&finding);
    finding.kind = UF_KIND_NATIVE;
    finding.severity = UF_SEVERITY_LEAK;
    finding.type = uf_mem_strdup(type_of(place));
    finding.confidence = confidence_of(session, place);
    finding.id = id_of(session, place, frames);
    finding.objects_per_call = (double)place->site.blocks / calls;
    finding.bytes_per_call = (double)place->site.bytes / calls;
    finding.objects = (double)place->site.blocks;
    finding.bytes = (double)place->site.bytes;
    finding.path_root = uf_mem_strdup(
        place->holder || place->site.in_place ? "native code" : "nothing (lost reference)");
    finding.holder = copy_of(place->holder);
    finding.fix_advice = advice_of(place, frames);
    memcpy(&finding.allocated_at, frames, sizeof *frames);
    *frames = (uf_stack_frames){0};
    if (finding.allocated_at.len == 0)
        finding.allocated_at_unknown =
            uf_mem_strdup("neither the library nor the Python code that took it could be named");
    if (finding.type && finding.id && finding.fix_advice && finding.path_root &&
        !uf_vec_push(&session->result.findings, finding))
        return 0;
    uf_finding_release(&finding);
    return -1;
}

static bool counts(const struct uf_session *session, const struct uf_native_place *place)
{
    double bytes = (double)place->site.bytes / session->native->calls;
    double threads = session->result.per_call.threads;
    if (!is_memory(place) || !series_of(session, place))
        return false;
    return !(threads > 0) || bytes > threads * PER_THREAD_BYTES;
}

static bool has_leak(const struct uf_check_result *result)
{
    for (size_t i = 0; i < result->findings.len; i++)
        if (result->findings.at[i].severity == UF_SEVERITY_LEAK)
            return true;
    return false;
}

int uf_native_findings(struct uf_session *session, bool *explained)
{
    const struct uf_native *native = session->native;
    struct uf_symbols *symbols = NULL;
    struct uf_error error;
    int status = 0;
    *explained = false;
    if (!native || native->calls == 0)
        return 0;
    (void)uf_symbols_open(&symbols, &error);
    for (size_t i = 0; i < native->places.len && status == 0; i++) {
        const struct uf_native_place *place = &native->places.at[i];
        uf_stack_frames frames = {0};
        if (!counts(session, place))
            continue;
        status = name_stack(native, place, symbols, &frames);
        if (status == 0 && !is_of_thread(&frames)) {
            struct uf_finding *told = told_already(session, place);
            status = told ? complete(session, place, told, &frames)
                          : add_finding(session, place, &frames);
            *explained = true;
        }
        uf_stack_frames_release(&frames);
    }
    uf_symbols_close(symbols);
    /* or what was left belongs to objects, which have findings of their own */
    *explained |= has_leak(&session->result) &&
                  native->bytes_owned >= session->result.per_call.native_bytes / 2;
    return status ? fault(session) : 0;
}
