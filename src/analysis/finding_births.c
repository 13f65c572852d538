/* finding_births.c - where the objects of a finding were allocated: the site of most of them. */
#include "analysis/findings_private.h"

#include <string.h>

#define SITES_MAX 256 /* different ones that are counted; of more, those met first */

struct site_count {
    uint32_t site;
    size_t count, earlier;
};

struct tally {
    struct site_count sites[SITES_MAX];
    size_t len, born;
};

static void count_birth(struct tally *tally, const struct uf_birth *birth)
{
    size_t i = 0;
    tally->born++;
    if (birth->site == UF_SITE_NONE)
        return;
    while (i < tally->len && tally->sites[i].site != birth->site)
        i++;
    if (i == SITES_MAX)
        return;
    if (i == tally->len)
        tally->sites[tally->len++] = (struct site_count){.site = birth->site};
    tally->sites[i].count++;
    tally->sites[i].earlier += birth->earlier;
}

static const struct site_count *most_frequent(const struct tally *tally)
{
    const struct site_count *most = NULL;
    for (size_t i = 0; i < tally->len; i++)
        if (!most || tally->sites[i].count > most->count)
            most = &tally->sites[i];
    return most;
}

static enum uf_code add_frame(uf_stack_frames *frames, const struct uf_birth_frame *from,
                              struct uf_error *err)
{
    struct uf_stack_frame frame = {.line = from->line};
    frame.file = from->file ? uf_mem_strdup(from->file) : NULL;
    frame.function = from->function ? uf_mem_strdup(from->function) : NULL;
    bool whole = (frame.file || !from->file) && (frame.function || !from->function);
    if (whole && !uf_vec_push(frames, frame))
        return UF_OK;
    uf_mem_free(frame.file);
    uf_mem_free(frame.function);
    return uf_error_nomem(err);
}

enum uf_code uf_finding_set_site(const struct uf_births *births, uint32_t site,
                                 struct uf_finding *finding, struct uf_error *err)
{
    struct uf_birth_frame frames[UF_BIRTHS_FRAMES_MAX];
    size_t count = births->frames(births->context, site, frames, UF_BIRTHS_FRAMES_MAX);
    enum uf_code code = UF_OK;
    uf_stack_frames_release(&finding->allocated_at);
    for (size_t i = 0; i < count && !code; i++)
        code = add_frame(&finding->allocated_at, &frames[i], err);
    return code;
}

static enum uf_code say_unknown(struct uf_finding *finding, const char *why, struct uf_error *err)
{
    uf_mem_free(finding->allocated_at_unknown);
    finding->allocated_at_unknown = uf_mem_strdup(why);
    return finding->allocated_at_unknown ? UF_OK : uf_error_nomem(err);
}

static enum uf_code tell(const struct uf_view *view, const struct tally *tally,
                         struct uf_finding *finding, struct uf_error *err)
{
    const struct site_count *most = most_frequent(tally);
    if (most) {
        finding->allocated_at_earlier = most->earlier * 2 > most->count;
        return uf_finding_set_site(view->births, most->site, finding, err);
    }
    return say_unknown(finding,
                       tally->born > 0 ? "no Python code was running where it was allocated"
                                       : "none of what stayed was allocated in the watched calls",
                       err);
}

enum uf_code uf_finding_fill_births(const struct uf_view *view, const uf_node *nodes, size_t count,
                                    struct uf_finding *finding, struct uf_error *err)
{
    struct tally tally = {.len = 0};
    struct uf_birth birth;
    if (!view->births)
        return UF_OK;
    for (size_t i = 0; i < count; i++)
        if (view->births->find(view->births->context, view->graph->address[nodes[i]], &birth))
            count_birth(&tally, &birth);
    return tell(view, &tally, finding, err);
}

enum uf_code uf_load_fill_births(const struct uf_load *load, const uf_node_list *shown,
                                 const struct uf_view *view, struct uf_finding *finding,
                                 struct uf_error *err)
{
    const struct uf_births *births = view->births;
    struct tally tally = {.len = 0};
    struct uf_birth birth;
    for (size_t i = 0; i < shown->len && births; i++)
        if (births->find(births->context, view->graph->address[shown->at[i]], &birth))
            count_birth(&tally, &birth);
    if (tally.len > 0)
        return tell(view, &tally, finding, err);
    tally = (struct tally){.len = 0};
    if (finding->kind != UF_KIND_GROWING || !births)
        return uf_finding_fill_births(view, load->members.at, load->members.len, finding, err);
    /* what came into it; else the memory that it moved to */
    const struct uf_graph *graph = view->graph;
    for (size_t i = 0; i < load->members.len; i++)
        if (births->find(births->context, graph->address[load->members.at[i]], &birth))
            count_birth(&tally, &birth); /* a text is made anew when it gets longer */
    for (size_t i = 0; i < load->members.len; i++) {
        uf_node member = load->members.at[i];
        for (uint32_t e = graph->edge_start[member]; e < graph->edge_start[member + 1]; e++)
            if (births->find(births->context, graph->address[graph->edge_target[e]], &birth))
                count_birth(&tally, &birth);
    }
    for (size_t i = 0; i < load->members.len && tally.len == 0; i++)
        if (births->find_held(births->context, graph->address[load->members.at[i]], &birth))
            count_birth(&tally, &birth);
    return tell(view, &tally, finding, err);
}
