/* arrow_export.h - a heap as three Arrow files: `unfreed export --to arrow` (docs/sql.md). */
#ifndef UF_EXPORT_ARROW_EXPORT_H
#define UF_EXPORT_ARROW_EXPORT_H

#include "export/formats.h"

/* The table of objects goes into the sink, those of references and types into files beside it, whose names
 * go into input->also: heap.arrow, heap.references.arrow, heap.types.arrow. Needs the dominators and
 * input->path. UF_ENOMEM, UF_EIO. */
enum uf_code uf_export_arrow(const struct uf_export_input *input, struct uf_sink *sink,
                             struct uf_error *err);

#endif
