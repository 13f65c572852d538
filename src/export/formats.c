#include "export/formats.h"

#include "export/arrow_export.h"
#include "export/heapsnapshot.h"
#include "export/jsonlines.h"
#include "export/pprof.h"

#include <string.h>

const struct uf_export_format uf_export_formats[] = {
    {.name = "heapsnapshot",
     .description = "the Memory tab of Chrome's DevTools, and memlab",
     .where = "in Chrome: F12, Memory, Load profile",
     .needs = UF_EXPORT_REACH,
     .streams = true,
     .contents = true,
     .write = uf_export_heapsnapshot},
    {.name = "pprof",
     .description = "what retains how much, for go tool pprof and speedscope",
     .look = "go tool pprof -top -cum",
     .needs = UF_EXPORT_REACH | UF_EXPORT_DOMINATORS,
     .streams = true,
     .write = uf_export_pprof},
    {.name = "arrow",
     .description = "tables for DuckDB, polars, pandas: objects, references, types",
     .needs = UF_EXPORT_DOMINATORS,
     .contents = true,
     .write = uf_export_arrow},
    {.name = "json",
     .description = "JSON lines, an object to a line, for jq and scripts",
     .look = "head -n 3",
     .needs = UF_EXPORT_DOMINATORS,
     .streams = true,
     .contents = true,
     .write = uf_export_jsonlines},
};
const size_t uf_export_format_count = sizeof uf_export_formats / sizeof *uf_export_formats;

const struct uf_export_format *uf_export_format_find(const char *name)
{
    for (size_t i = 0; i < uf_export_format_count; i++)
        if (strcmp(uf_export_formats[i].name, name) == 0)
            return &uf_export_formats[i];
    return NULL;
}

void uf_export_format_list(struct uf_text *ret)
{
    for (size_t i = 0; i < uf_export_format_count; i++)
        uf_text_printf(ret, "%s%s", i > 0 ? ", " : "", uf_export_formats[i].name);
}

bool uf_export_stopped(const struct uf_export_input *input, const struct uf_sink *sink)
{
    return uf_sink_failed(sink) || (input->go_on && !input->go_on(input->go_on_context));
}
