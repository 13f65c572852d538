/* write_private.h - the parts of the writer. Each writes its chunks, in the order of the file. */
#ifndef UF_SNAPSHOT_WRITE_PRIVATE_H
#define UF_SNAPSHOT_WRITE_PRIVATE_H

#include "snapshot/emit.h"
#include "snapshot/write.h"

struct uf_writing {
    const struct uf_snapshot_content *content;
    struct uf_emit *emit;
    struct uf_format_counts counts;
};

/* write_columns.c: references, types, roots, strings, counts, addresses. UF_EINVAL: an address is no object's. */
enum uf_code uf_write_graph(struct uf_writing *writing, struct uf_error *err);
/* write_forms.c: what most objects of a type share, and their shapes' numbers. UF_ENOMEM. */
enum uf_code uf_write_forms(struct uf_writing *writing, struct uf_error *err);
/* write_shapes.c: the shapes; after the forms. */
void uf_write_shapes(struct uf_writing *writing);
/* write_texts.c: texts, lengths, bounds. UF_ENOMEM. */
enum uf_code uf_write_texts(struct uf_writing *writing, struct uf_error *err);
/* meta.c */
void uf_write_meta(struct uf_writing *writing);

#endif
