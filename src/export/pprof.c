#include "export/pprof.h"

#include "analysis/retainers.h"
#include "export/profile.h"

#include <stdio.h>

#define STOP_EVERY 4096 /* samples between two looks at whether to go on */

/* No command line: people put passwords there, and a profile has no contents of the program in it. */
static void add_head(struct uf_profile *profile, const struct uf_meta *meta)
{
    char text[120];
    uf_profile_program(profile, meta->executable ? meta->executable : "python");
    uf_profile_comment(profile,
                       "objects by what retains them: cum is the retained size (what would be "
                       "freed with them), flat their own");
    snprintf(text, sizeof text, "Python %s, pid %llu", meta->python ? meta->python : "?",
             meta->pid == UF_META_UNKNOWN ? 0 : (unsigned long long)meta->pid);
    uf_profile_comment(profile, text);
}

static void add_sample(struct uf_profile *profile, const struct uf_retainers *retainers,
                       const uint32_t *location, uint32_t cell)
{
    uint32_t stack[UF_RETAINERS_DEPTH + 1];
    size_t depth = 0;
    const struct uf_retainers_cell *cells = retainers->cells.at;
    for (uint32_t c = cell; c != UF_RETAINERS_NONE && depth <= UF_RETAINERS_DEPTH;
         c = cells[c].parent)
        stack[depth++] = location[cells[c].frame];
    const struct uf_profile_weight weight = {
        cells[cell].objects, cells[cell].bytes,
        uf_strings_get(&retainers->strings, retainers->frames.at[cells[cell].frame].type)};
    uf_profile_sample(profile, stack, depth, &weight);
}

static enum uf_code write_profile(const struct uf_export_input *input,
                                  const struct uf_retainers *retainers, struct uf_sink *sink,
                                  struct uf_error *err)
{
    struct uf_profile profile;
    uint32_t *location = uf_mem_alloc((retainers->frames.len + 1) * sizeof *location);
    enum uf_code code = uf_profile_open(&profile, sink, err);
    if (!code && !location)
        code = uf_error_nomem(err);
    if (!code)
        add_head(&profile, input->meta);
    for (size_t f = 0; f < retainers->frames.len && !code; f++)
        location[f] = uf_profile_frame(
            &profile, uf_strings_get(&retainers->strings, retainers->frames.at[f].name), "", 0);
    for (uint32_t c = 0; c < retainers->cells.len && !code; c++) {
        if (retainers->cells.at[c].objects > 0)
            add_sample(&profile, retainers, location, c);
        if (c % STOP_EVERY == 0 && uf_export_stopped(input, sink))
            break;
    }
    if (!code)
        code = uf_profile_finish(
            &profile, input->meta->taken_ns == UF_META_UNKNOWN ? 0 : input->meta->taken_ns, err);
    uf_profile_release(&profile);
    uf_mem_free(location);
    return code;
}

enum uf_code uf_export_pprof(const struct uf_export_input *input, struct uf_sink *sink,
                             struct uf_error *err)
{
    const struct uf_view view = {
        .graph = input->graph, .reach = input->reach, .names = input->names};
    struct uf_signatures signatures;
    struct uf_retainers retainers;
    enum uf_code code = uf_signatures_build(&signatures, &view, err);
    if (code)
        return code;
    code = uf_retainers_build(&retainers, &view, input->dominators, &signatures, err);
    uf_signatures_release(&signatures);
    if (code)
        return code;
    if (!uf_export_stopped(input, sink))
        code = write_profile(input, &retainers, sink, err);
    uf_retainers_release(&retainers);
    return code;
}
