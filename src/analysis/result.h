/* result.h - everything one `unfreed check` found out: plain data, no heap behind it.
 *
 * Filled by the runner and the analyses, rendered by src/report as text and as
 * JSON. A figure that was not measured is UF_UNKNOWN (JSON null), never 0.
 * Strings belong to the result (uf_mem) and are freed with it; NULL = unknown.
 */
#ifndef UF_ANALYSIS_RESULT_H
#define UF_ANALYSIS_RESULT_H

#include "analysis/cuts.h"
#include "base/text.h"
#include "base/vec.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#define UF_UNKNOWN NAN
#define UF_GENERATIONS 3

enum uf_verdict { UF_CLEAN, UF_DELAYED, UF_LEAK, UF_UNDECIDED };
enum uf_severity { UF_SEVERITY_LEAK, UF_SEVERITY_DELAYED, UF_SEVERITY_BOUNDED };
enum uf_finding_kind {
    UF_KIND_RETAINED,
    UF_KIND_GROWING,
    UF_KIND_CYCLE,
    UF_KIND_ORPHAN,
    UF_KIND_NATIVE,
    UF_KIND_DESCRIPTOR,
    UF_KIND_THREAD,
    UF_KIND_TASK,
};

enum uf_phase { UF_PHASE_WARMUP, UF_PHASE_MEASURED };

/* What was read around one call. Counts are doubles so that "not measured" exists. */
struct uf_sample {
    uint32_t call; /* 1-based, warm-up calls included */
    uint8_t phase; /* enum uf_phase */
    double objects_before, objects_after, collected, garbage_rounds, objects_after_collect;
    double python_bytes, native_bytes, rss_bytes, descriptors, threads, seconds;
};

/* One reference on a path: from the object before it (or the root) to `object`. */
struct uf_path_step {
    /* what is reached: short preview, e.g. "dict, 5,012 entries" or "<shop.Session>" */
    char *object;
    char *type; /* its type's name */
    /* as Python would write it: ".attr", "['key']", "closure 'x'"; "" for a module root itself */
    char *edge;
    char *generic; /* the same generalised: ".attr", "[*]" */
    bool suspect;  /* the reference to look at, or to cut */
    bool guessed;  /* nothing reports the reference: it is a word in memory (capture/guess.h) */
};

struct uf_type_total {
    char *type;
    /* short expression: "module encodings.idna", "shop.STORE._sessions"; may be NULL */
    char *holder;
    double objects, bytes;
};

/* One frame of a stack: of Python code (file, line, function), or native (library, symbol, offset in the
 * symbol; file and line where there is debug information). */
struct uf_stack_frame {
    char *file, *function;  /* NULL = unknown */
    uint32_t line;          /* 0 = unknown */
    char *library, *symbol; /* native: `library` is set */
    uint64_t offset;        /* native: bytes behind the symbol, or into the library without one */
};
typedef UF_VEC(struct uf_stack_frame) uf_stack_frames; /* innermost first */

/* How a fix was tried. */
enum uf_fix_how {
    UF_FIX_NOT_TRIED,
    UF_FIX_GRAPH, /* the references were left out of the graph */
    UF_FIX_COPY,  /* they were cut in a copy of the process */
};

#define UF_CANDIDATES_MAX 3

/* A reference that could be cut. */
struct uf_fix_candidate {
    char *edge;
    bool alone; /* this one is enough; else it is one of several that are needed */
};

struct uf_finding {
    char *id; /* stable, see CONTRACT: kind, type, generalised path, function */
    enum uf_severity severity;
    enum uf_finding_kind kind;
    char *type;
    UF_VEC(char *) types; /* kind cycle: the types in the cycle, in its order */
    bool collectable;     /* kind cycle */
    char *collectable_why;
    double objects_per_call, bytes_per_call, retained_bytes_per_call, objects, bytes, confidence;
    UF_VEC(double) growth_by_call;  /* one per measured call; UF_UNKNOWN where it was not read */
    double bound_limit, bound_fill; /* severity bounded; UF_UNKNOWN otherwise */
    char *
        bound_by; /* the attribute that declares the bound: "queue.Queue.maxsize"; NULL: not declared */
    char *holder; /* "shop.STORE._sessions" */
    UF_VEC(struct uf_path_step) path;
    char *path_root; /* "module shop", "thread MainThread", "interpreter: atexit", ... */
    UF_VEC(struct uf_path_step)
    cycle; /* a closed walk: the last step leads back to the first object */
    /* where most of it was allocated; empty: `allocated_at_unknown` says why */
    uf_stack_frames allocated_at;
    char *allocated_at_unknown;
    bool allocated_at_earlier; /* the site may be of the memory's earlier life (a freelist) */
    int descriptor_fd;         /* kind descriptor; -1 otherwise */
    char *descriptor_target;
    char *thread_name, *thread_target; /* kind thread: the newest; target: its function */
    uf_stack_frames thread_stack;      /* where it stands now */
    char *task_name, *task_coroutine;  /* kind task: the newest */
    uf_stack_frames task_stack;
    char *fix_advice, *fix_edge, *fix_why_not;
    double fix_frees_objects, fix_frees_bytes;
    /* In a copy: how many objects were looked for, of them those that pile up; descriptors that were
     * closed, and new ones in all. UF_UNKNOWN: not tried in a copy, or not asked. */
    double fix_of_objects, fix_of_members, fix_closes, fix_of_closes;
    UF_VEC(struct uf_fix_candidate) candidates; /* at most UF_CANDIDATES_MAX, the best first */
    struct uf_cuts cuts;                        /* internal; empty once the proof is done */
    bool fix_verified;
    enum uf_fix_how fix_how;
    /* kind cycle: where the reference to cut is made, as well as known: "f() in app.py:12" */
    char *made_at;
    /* kind growing: what its length grows by; UF_UNKNOWN: only its bytes are known */
    double entries_per_call;
    /* the object that is shown, as a node of the last capture; UINT32_MAX: none. For analyses only. */
    uint32_t example;
    /* kind orphan, an object that lives on: references counted per call that nobody has; else
     * UF_UNKNOWN */
    double references_per_call;
    /* internal, kind retained: addresses of objects of which only the count tells that they are held */
    UF_VEC(uint64_t) unheld;
    bool holder_grows; /* the holder named in `path` grows by one entry (or more) per call */
    /* why this finding is outside the verdict (grows while no call is made); NULL = counts */
    char *not_from_call;
};

struct uf_generation_figures {
    double collections, seconds, collected, uncollectable;
};

struct uf_pass {
    char *kind; /* "warmup", "measure", "endurance", "idle", "collector" */
    double calls, seconds;
};

struct uf_check_result {
    /* target */
    char *spec, *python, *implementation, *platform,
        *function; /* function: qualified name, for people */
    char *unfreed_version;
    enum uf_verdict verdict;
    char *evidence; /* one sentence */
    double confidence;
    uint32_t calls_warmup, calls_measured;
    UF_VEC(struct uf_pass) passes;
    char *stopped_because;
    UF_VEC(char *) warnings;
    double seconds;
    struct {
        double objects, garbage_objects, garbage_bytes, python_bytes, native_bytes, descriptors,
            threads, tasks;
    } per_call;
    UF_VEC(struct uf_sample) samples;
    UF_VEC(struct uf_finding) findings; /* worst first */
    uint32_t findings_ignored;          /* left out by --ignore or --baseline */
    struct {
        double objects, bytes;
        UF_VEC(struct uf_type_total) top;
    } warmup, reload;
    bool has_reload; /* the target was a whole file */
    struct {
        bool enabled, measured_on; /* measured_on: --collector on during measured calls */
        double thresholds[UF_GENERATIONS], freeze_count;
        struct uf_generation_figures
            per_generation[UF_GENERATIONS]; /* over the waiting phase; JSON per_generation */
        double waiting_calls; /* calls of the phase in which waiting garbage was measured */
        double waiting_max_objects, waiting_max_bytes, would_free_objects;
    } collector;
    struct {
        double before_bytes, after_bytes;
    } rss;
    bool partial; /* interrupted: findings so far */
};

/* All figures UF_UNKNOWN, all pointers NULL. */
void uf_check_result_init(struct uf_check_result *result);
void uf_check_result_release(struct uf_check_result *result);
void uf_finding_init(struct uf_finding *finding);
void uf_finding_release(struct uf_finding *finding);
/* Copies the text; does nothing when it is NULL, is there already, or there are enough. */
enum uf_code uf_finding_add_candidate(struct uf_finding *finding, const char *edge, bool alone,
                                      struct uf_error *err);
void uf_stack_frames_release(uf_stack_frames *frames);

const char *uf_verdict_name(enum uf_verdict verdict);
const char *uf_severity_name(enum uf_severity severity);
const char *uf_kind_name(enum uf_finding_kind kind);

#endif
