/* The program's own report where the interpreter cannot give one: the target did not return. */
#include "unfreed.h"

#include "report/report.h"

#include "base/mem.h"

#include <string.h>

static bool fill(struct uf_check_result *result, struct uf_channel *channel, const char *python,
                 const char *why)
{
    const struct uf_check_request *request = uf_channel_request(channel);
    const char *spec = request->spec ? uf_channel_text(channel, request->spec) : NULL;
    uint32_t calls = uf_channel_progress(channel)->calls;

    /* How many of the calls were for warm-up is known only until the first measured one. */
    if (uf_channel_state(channel) <= UF_STATE_WARMUP)
        result->calls_warmup = calls;
    else
        result->calls_measured = calls;
    result->verdict = UF_UNDECIDED;
    result->unfreed_version = uf_mem_strdup(UNFREED_VERSION);
    result->evidence = uf_mem_strdup(why ? why : "the target did not return");
    result->stopped_because = uf_mem_strdup(why ? why : "the target did not return");
    bool whole = result->unfreed_version && result->evidence && result->stopped_because;
    if (spec)
        whole = (result->spec = uf_mem_strdup(spec)) && whole;
    if (python)
        whole = (result->python = uf_mem_strdup(python)) && whole;
    return whole;
}

char *uf_report_undecided(struct uf_channel *channel, const char *python, const char *why,
                          size_t *len)
{
    const struct uf_check_request *request = uf_channel_request(channel);
    struct uf_report_style style = {
        .width = request->width, .color = request->color, .quiet = request->quiet};
    struct uf_check_result result;
    struct uf_text text = {0};

    uf_check_result_init(&result);
    if (!fill(&result, channel, python, why))
        text.failed = true;
    else if (request->json)
        uf_report_json(&text, &result);
    else
        uf_report_text(&text, &result, &style);
    uf_check_result_release(&result);
    if (text.failed)
        uf_text_release(&text);
    *len = text.len;
    return text.at;
}

void uf_report_free(char *report)
{
    uf_mem_free(report);
}
