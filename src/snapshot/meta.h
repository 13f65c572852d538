/* meta.h - what a snapshot says of the process and of the capture, beside the heap. */
#ifndef UF_SNAPSHOT_META_H
#define UF_SNAPSHOT_META_H

#include <stdbool.h>
#include <stdint.h>

/* Texts belong to who fills the struct (the writer's caller; of a file read, the snapshot). NULL: not
 * known. Figures that were not measured are UF_META_UNKNOWN. */
#define UF_META_UNKNOWN UINT64_MAX

struct uf_meta {
    const char *unfreed;        /* version that wrote it */
    const char *python;         /* "3.11.7" */
    const char *implementation; /* "cpython" */
    const char *platform;
    const char *executable;
    const char *command_line;
    uint64_t pid;
    uint64_t
        process_started_ns; /* CLOCK_REALTIME; two snapshots with the same pid and this are of one process */
    uint64_t taken_ns; /* CLOCK_REALTIME, when the heap stood still */
    uint64_t pause_ns; /* how long the process stood still */
    uint64_t capture_ns, write_ns;
    uint64_t rss_bytes;
    uint64_t tracked, frozen;   /* as len(gc.get_objects()) and gc.get_freeze_count() */
    uint64_t threshold[3];      /* of the collector */
    uint64_t collector_enabled; /* 0 or 1 */
    uint64_t collections[3];    /* so far, by generation */
    bool redacted;              /* contents were left out */
};

#endif
