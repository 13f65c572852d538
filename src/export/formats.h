/* formats.h - the formats that `unfreed export` writes, one row each.
 *
 * To add one: a function that writes a heap into a sink, in files of its own,
 * and a row in formats.c. Opening the snapshot, the analyses that a row asks
 * for, the file under its final name and what is said to the user are
 * answer/export.c's business.
 */
#ifndef UF_EXPORT_FORMATS_H
#define UF_EXPORT_FORMATS_H

#include "analysis/dominators.h"
#include "analysis/reach.h"
#include "base/sink.h"
#include "graph/names.h"
#include "report/heap.h"

enum uf_export_needs {
    UF_EXPORT_REACH = 1 << 0,      /* input->reach */
    UF_EXPORT_DOMINATORS = 1 << 1, /* input->dominators */
};

struct uf_export_input {
    const struct uf_graph *graph;
    const struct uf_names *names;
    const struct uf_meta *meta;
    const char *file; /* the heap as it was named */
    uint64_t file_bytes;
    const struct uf_report_outside *outside; /* of a process or a core; NULL: of a snapshot */
    const struct uf_reach *reach;            /* NULL unless asked for */
    const struct uf_dominators *dominators;  /* NULL unless asked for */
    const char *path;                        /* -o as given; NULL: standard output */
    /* For a format that writes further files beside `path`: it appends their names, each ended by a newline. */
    struct uf_text *also;
    /* Asked now and then, through uf_export_stopped(): false when the user has interrupted. May be NULL. */
    bool (*go_on)(void *context);
    void *go_on_context;
};

/* Writes the heap. Failures of the sink show at its commit, which is the caller's. */
typedef enum uf_code uf_export_write(const struct uf_export_input *input, struct uf_sink *sink,
                                     struct uf_error *err);

struct uf_export_format {
    const char *name;        /* of --to */
    const char *description; /* one line: what reads it */
    const char
        *look; /* a command that opens it, the file's name comes behind; NULL: there is none */
    const char *where; /* in words, where it is opened; NULL: `look` says it */
    unsigned needs;    /* enum uf_export_needs */
    bool streams;      /* may be written to standard output */
    bool contents; /* has texts, keys and numbers of the program in it, not only names of code */
    uf_export_write *write;
};

extern const struct uf_export_format uf_export_formats[];
extern const size_t uf_export_format_count;

/* NULL: there is none of this name. */
const struct uf_export_format *uf_export_format_find(const char *name);
/* "heapsnapshot, pprof, json" */
void uf_export_format_list(struct uf_text *ret);

/* The user has interrupted, or the sink has failed: a writer that is asked for much looks at this every few
 * thousand objects, and then just returns UF_OK; the caller knows. */
bool uf_export_stopped(const struct uf_export_input *input, const struct uf_sink *sink);

#endif
