/* read_private.h - the parts of the reader.
 *
 *     container.c  bytes, table of contents, checksums: knows nothing of what chunks mean
 *     forms.c      type, shape, size, degree, flags of nodes; columns.c addresses and counts;
 *     edges.c      references; tables.c types, roots, strings
 *     texts.c      texts and lengths of nodes; shapes.c shapes; names.c what is made of both
 *
 * Nothing read from the file is used before it was bounded. Columns that have the same form in memory
 * point into the mapping: never write to them, never free them.
 */
#ifndef UF_SNAPSHOT_READ_PRIVATE_H
#define UF_SNAPSHOT_READ_PRIVATE_H

#include "snapshot/format.h"
#include "snapshot/snapshot.h"

struct uf_chunk {
    uint32_t id, crc;
    const uint8_t *at; /* aligned to UF_FORMAT_ALIGN */
    uint64_t length;   /* the padding is behind it */
    bool checked;      /* the checksum is right */
};

struct uf_container {
    const uint8_t *bytes;
    size_t len;
    bool mapped;
    struct uf_chunk *chunks;
    uint32_t chunk_count;
};

/* On failure nothing is held. */
enum uf_code uf_container_open(struct uf_container *container, const char *path,
                               struct uf_error *err);
enum uf_code uf_container_open_memory(struct uf_container *container, const void *bytes, size_t len,
                                      struct uf_error *err);
void uf_container_release(struct uf_container *container);

/* A chunk of `count` items, checked; UF_ECORRUPT if it is missing, damaged or of another length. */
enum uf_code uf_container_items(struct uf_container *container, uint32_t id, size_t item_bytes,
                                uint64_t count, const void **ret, struct uf_error *err);
/* A chunk of as many items as there are, fewer than 2^32. */
enum uf_code uf_container_all(struct uf_container *container, uint32_t id, size_t item_bytes,
                              uint32_t *count, const void **ret, struct uf_error *err);
/* A chunk of any length. */
enum uf_code uf_container_bytes(struct uf_container *container, uint32_t id, uint64_t *len,
                                const void **ret, struct uf_error *err);
/* Checks all chunks that were not checked yet. */
enum uf_code uf_container_verify(struct uf_container *container, struct uf_error *err);

/* "the snapshot is damaged: ..." */
enum uf_code uf_damaged(struct uf_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* shapes.c */
#define UF_NAMES_MAX                                                                               \
    ((size_t)1 << 27) /* of shapes: their numbers have room for a kind beside them */

struct uf_file_shapes {
    const struct uf_format_shape *shapes;
    const struct uf_format_part *parts;
    uint32_t *first_part; /* by shape, and the end */
};

/* forms.c */
struct uf_file_forms {
    const uint16_t *of; /* by node */
    const struct uf_format_form *at;
    uint32_t count;
    const struct uf_format_form_own *own;
    uint32_t own_count;
};

/* texts.c */
struct uf_file_texts {
    const uint64_t *bits;   /* by node: has it a record? */
    uint32_t *before;       /* records of the nodes before each group of 512 */
    const uint64_t *blocks; /* where each block of records begins */
    uint32_t block_count;
    const uint8_t *records;
    uint64_t bytes; /* of all records */
    const struct uf_format_bound *bounds;
    uint32_t bound_count;
};

/* One record. */
struct uf_file_text {
    char at[UF_TEXT_MAX + 1];
    size_t len;     /* 0: it has no text */
    int64_t length; /* -1: not kept */
};

/* Generic names that rules make. */
enum uf_generic {
    UF_GENERIC_UNKNOWN,
    UF_GENERIC_INDEX,
    UF_GENERIC_ITEM,
    UF_GENERIC_KEY,
    UF_GENERIC_MEMBER,
    UF_GENERIC_FIXED
};

struct uf_snapshot {
    struct uf_container container;
    struct uf_format_counts counts;
    struct uf_meta meta;
    unsigned loaded; /* enum uf_snapshot_parts */
    struct uf_graph graph;
    struct uf_file_forms forms;
    struct uf_file_shapes shapes;
    struct uf_file_texts texts;
    struct uf_strings names;    /* of shapes, and generic names made of keys */
    struct uf_map attribute_of; /* key's node + 1 -> number of the generic name of its value */
    uint32_t generic_numbers[UF_GENERIC_FIXED];
    struct uf_names interface;
};

enum uf_code uf_load_address(struct uf_snapshot *snapshot, struct uf_error *err);
enum uf_code uf_load_type(struct uf_snapshot *snapshot, struct uf_error *err);
enum uf_code uf_load_count(struct uf_snapshot *snapshot, struct uf_error *err);
enum uf_code uf_load_forms(struct uf_snapshot *snapshot, struct uf_error *err);
enum uf_code uf_load_edges(struct uf_snapshot *snapshot, struct uf_error *err);
enum uf_code uf_load_tables(struct uf_snapshot *snapshot, struct uf_error *err);
enum uf_code uf_load_strings(struct uf_snapshot *snapshot, uint32_t chunk, struct uf_strings *ret,
                             struct uf_error *err);
enum uf_code uf_load_shapes(struct uf_snapshot *snapshot, struct uf_error *err);
enum uf_code uf_load_texts(struct uf_snapshot *snapshot, struct uf_error *err);
enum uf_code uf_load_names(struct uf_snapshot *snapshot, struct uf_error *err);

/* The texts of `ret` point into `bytes`. False: it is damaged. */
bool uf_read_meta(struct uf_meta *meta, const char *bytes, size_t len);

/* The number of the node's shape, or UF_SHAPE_NOMEM where there is none. */
uint32_t uf_file_shape(const struct uf_snapshot *snapshot, uf_node node);
/* False: there is no record for the node. */
bool uf_file_text(const struct uf_snapshot *snapshot, uf_node node, struct uf_file_text *ret);
int64_t uf_file_bound(const struct uf_snapshot *snapshot, uf_node node);

#endif
