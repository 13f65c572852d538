/* pprof.h - a heap as a profile: functions are what retains, callers are dominators (docs/export-pprof.md). */
#ifndef UF_EXPORT_PPROF_H
#define UF_EXPORT_PPROF_H

#include "export/formats.h"

/* Needs reach and dominators. UF_ENOMEM, UF_EINTERNAL. */
enum uf_code uf_export_pprof(const struct uf_export_input *input, struct uf_sink *sink,
                             struct uf_error *err);

#endif
