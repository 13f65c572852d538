/* jsonlines.h - a heap as JSON, one object to a line (docs/export-json.md). */
#ifndef UF_EXPORT_JSONLINES_H
#define UF_EXPORT_JSONLINES_H

#include "export/formats.h"

/* Needs the dominators; memory for one line at a time. UF_ENOMEM. */
enum uf_code uf_export_jsonlines(const struct uf_export_input *input, struct uf_sink *sink,
                                 struct uf_error *err);

#endif
