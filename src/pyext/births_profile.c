/* births_profile.c - `check --pprof`: the blocks that watched calls allocated and that nobody freed, by
 * the stacks that allocated them, as a profile (export/profile.h). */
#include "export/profile.h"
#include "pyext/session.h"
#include "pyext/tracing.h"

#include <stdio.h>

struct site_total {
    uint32_t site;
    uint64_t blocks, bytes;
};

struct totals {
    struct uf_map of; /* site + 1 -> index */
    UF_VEC(struct site_total) sites;
};

static int add_block(void *context, const struct uf_live_block *block)
{
    struct totals *totals = context;
    if (block->call == 0)
        return 0; /* between calls */
    uint32_t index = uf_map_get(&totals->of, (uint64_t)block->site + 1);
    if (index == UF_MAP_NONE) {
        index = (uint32_t)totals->sites.len;
        if (uf_vec_push(&totals->sites, ((struct site_total){.site = block->site})) ||
            uf_map_set(&totals->of, (uint64_t)block->site + 1, index))
            return -1;
    }
    totals->sites.at[index].blocks++;
    totals->sites.at[index].bytes += block->bytes;
    return 0;
}

static void add_sample(struct uf_profile *profile, const struct uf_births *births,
                       const struct site_total *total)
{
    struct uf_birth_frame frames[UF_BIRTHS_FRAMES_MAX];
    uint32_t stack[UF_BIRTHS_FRAMES_MAX];
    size_t count = births->frames(births->context, total->site, frames, UF_BIRTHS_FRAMES_MAX);
    for (size_t i = 0; i < count; i++)
        stack[i] = uf_profile_frame(profile, frames[i].function ? frames[i].function : "?",
                                    frames[i].file ? frames[i].file : "", frames[i].line);
    if (count == 0)
        stack[count++] = uf_profile_frame(profile, "(no Python code was running)", "", 0);
    uf_profile_sample(profile, stack, count,
                      &(struct uf_profile_weight){total->blocks, total->bytes, NULL});
}

static enum uf_code write_totals(const struct uf_session *session, const struct totals *totals,
                                 struct uf_sink *sink, struct uf_error *err)
{
    char text[300];
    struct uf_profile profile;
    const struct uf_births *births = uf_births_of((struct uf_session *)(uintptr_t)session);
    enum uf_code code = uf_profile_open(&profile, sink, err);
    if (!code) {
        uf_profile_program(&profile, "python");
        (void)snprintf(text, sizeof text,
                       "memory of Python's allocators that %u watched calls of %.100s allocated "
                       "and nobody freed",
                       session->births_calls,
                       uf_channel_text(session->channel, session->request->spec));
        uf_profile_comment(&profile, text);
        for (size_t i = 0; i < totals->sites.len; i++)
            add_sample(&profile, births, &totals->sites.at[i]);
        code = uf_profile_finish(&profile, 0, err);
    }
    uf_profile_release(&profile);
    return code ? code : uf_sink_commit(sink, err);
}

void uf_births_write_profile(struct uf_session *session)
{
    const char *path = uf_channel_text(session->channel, session->request->profile);
    struct totals totals = {0};
    struct uf_sink sink = {.fd = -1};
    struct uf_error err = {0};
    enum uf_code code = UF_OK;
    if (uf_tracing_each_live(session->tracing, add_block, &totals))
        code = uf_error_nomem(&err);
    if (!code)
        code = uf_sink_open(&sink, path, &err);
    if (!code) {
        code = write_totals(session, &totals, &sink, &err);
        uf_sink_release(&sink);
    }
    uf_map_release(&totals.of);
    uf_vec_release(&totals.sites);
    session->profile_written = code == UF_OK;
    if (code)
        uf_session_warn(session, "no profile was written: %s", err.message);
}
