/* heap.h - which heap a report is about: the same in all reports that are made from a file. */
#ifndef UF_REPORT_HEAP_H
#define UF_REPORT_HEAP_H

#include "report/json.h"
#include "report/page.h"
#include "snapshot/meta.h"

#define UF_HEAP_LABEL_COLUMN 11 /* where the text behind "program", "collector" begins */

/* What is known, beside its meta, of a heap that was read from outside. */
struct uf_report_outside {
    bool core;      /* of a core file; else of a live process */
    uint32_t tries; /* times the process was stopped, the last one was the good one; 0: a core */
    uint64_t longest_ns; /* the longest of these; all together are the meta's pause */
    bool collecting;     /* it stood in the middle of a collection, which did not end */
    /* What could not be read: words that should be objects and are none, objects of which only a part was
     * read, lists of the collector that do not close. */
    uint64_t not_objects, cut_objects, broken_lists;
    uint32_t threads, interpreters;
    const char *layout;         /* the row of layouts that held */
    int signal;                 /* that the process of a core died of; 0: none */
    const char *const *missing; /* files that a core needs and that were not there, with why */
    size_t missing_count;
};

struct uf_report_heap {
    const char *file; /* NULL: a live process */
    uint64_t file_bytes;
    const struct uf_meta *meta;
    const struct uf_report_outside *outside; /* NULL: of a snapshot */
    uint64_t objects, references, bytes; /* unfreed's own left out; bytes: sum of shallow sizes */
};

/* The member `key`: {source, file, file_bytes, unfreed, python, ..., taken, objects, references, bytes}; the
 * same keys in every schema (docs/summary-json.md). What is not known is null. */
void uf_report_heap_json(struct uf_json *json, const char *key, const struct uf_report_heap *heap);

/* The rows "program", "taken" and what else is to be said of it, of a text report. */
void uf_report_heap_rows(struct uf_page *page, const struct uf_report_heap *heap);

/* "24 ms", or "24 ms (3 tries, the longest 11 ms)". The pause has to be known. */
void uf_report_heap_pause(struct uf_text *ret, const struct uf_report_heap *heap);

/* "2026-11-22 14:40:03 UTC", in the time zone of who reads; "?" when unknown. */
void uf_report_heap_time(struct uf_text *ret, uint64_t realtime_ns);

/* What every text report of a heap begins and ends with: a page of the terminal's width (0: 100 columns;
 * never over 120), and its text with colours or without. */
struct uf_report_form {
    uint16_t width;
    bool color;
    bool quiet; /* the verdict only */
};
void uf_report_page_begin(struct uf_page *page, struct uf_text *marked,
                          const struct uf_report_form *form);
void uf_report_page_end(struct uf_text *ret, struct uf_text *marked,
                        const struct uf_report_form *form);

#endif
