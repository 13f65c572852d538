/* diff.h - what `unfreed diff` says: two heaps compared (analysis/diff.h), as text and as JSON.
 *
 * The JSON is schema unfreed.diff/1 (docs/diff-json.md). Everything belongs to the caller.
 */
#ifndef UF_REPORT_DIFF_H
#define UF_REPORT_DIFF_H

#include "analysis/diff.h"
#include "analysis/generalise.h"
#include "report/diff_processes.h"
#include "report/heap.h"

/* The way to one example object of a grown entry. */
struct uf_diff_walk {
    char *root;               /* "module shop" */
    struct uf_finding *steps; /* its `path`; NULL: there is no way to draw */
};

struct uf_diff_report {
    const struct uf_diff *diff;
    struct uf_report_heap old, new;            /* of two heaps */
    const struct uf_diff_processes *processes; /* of several, looked at twice; NULL: two heaps */
    bool same_process;
    double seconds;                   /* from OLD to NEW; UF_UNKNOWN */
    const struct uf_diff_walk *walks; /* of the first `looked_at` grown entries */
    size_t looked_at;                 /* so many have examples, a walk, retained sizes */
    size_t rows;                      /* at most so many entries are told */
    const char *const *notes;         /* what to mind: ends with NULL */
    bool has_limit;
    uint64_t limit_bytes;
};

enum uf_diff_verdict { UF_DIFF_GREW, UF_DIFF_STEADY, UF_DIFF_SHRANK };

/* Two heaps are never quite the same: less than a page, or than a ten thousandth of OLD, is no growth. */
enum uf_diff_verdict uf_diff_verdict(const struct uf_diff *diff);
const char *uf_diff_verdict_word(enum uf_diff_verdict verdict); /* "grew", "steady", "shrank" */
bool uf_diff_over_limit(const struct uf_diff_report *report);
static inline int64_t uf_diff_net(const struct uf_diff *diff)
{
    return (int64_t)diff->heap[UF_DIFF_NEW].bytes - (int64_t)diff->heap[UF_DIFF_OLD].bytes;
}

void uf_diff_report_text(struct uf_text *ret, const struct uf_diff_report *report,
                         const struct uf_report_form *form);
void uf_diff_report_json(struct uf_text *ret, const struct uf_diff_report *report);

/* report/diff_entry.c: one entry with everything that is known of it; only its figures. */
void uf_diff_draw_entry(struct uf_page *page, const struct uf_diff_report *report, size_t index);
void uf_diff_draw_table(struct uf_page *page, const struct uf_diff_report *report, size_t from,
                        size_t end);

/* "+12.1 MiB", "-3 B"; "+5,000" */
void uf_diff_signed_bytes(struct uf_text *ret, int64_t bytes);
void uf_diff_signed_count(struct uf_text *ret, int64_t count);
/* The members "objects" and "bytes": {old, new} of each. */
void uf_diff_figures_json(struct uf_json *json, const struct uf_diff_figures *heap);
/* Behind a count: "dict"; "bytes objects", lest they be taken for a size. */
void uf_diff_type_name(struct uf_text *ret, const char *type);
/* Is it the modules that are in one of the heaps only? */
bool uf_diff_is_modules(const struct uf_diff *diff, const struct uf_diff_entry *entry);
/* ... then the names of those in NEW, one after the other; *at is 0 at first. NULL: no more. */
const char *uf_diff_next_module(const struct uf_diff *diff, const struct uf_diff_entry *entry,
                                uint32_t *at);
/* The place of an entry, clean: "module shop.STORE._sessions", "nothing (garbage ...)". */
void uf_diff_place(struct uf_text *ret, const struct uf_diff *diff,
                   const struct uf_diff_entry *entry);

#endif
