/* set_aside.c - findings that the user knows of: --ignore and --baseline. */
#include "pyext/session.h"

#include <string.h>

/* `*` stands for any text and `?` for one character; brackets stand for themselves, since ids hold [*]. */
static bool matches(const char *pattern, const char *id)
{
    const char *star = NULL, *retry = NULL;
    while (*id) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = id;
        } else if (*pattern == *id || *pattern == '?') {
            pattern++;
            id++;
        } else if (star) {
            pattern = star;
            id = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

/* --ignore gives patterns; --baseline holds whole ids. */
static bool is_set_aside(const struct uf_session *session, const char *id)
{
    const struct uf_check_request *request = session->request;
    const char *text = request->ignore_count ? uf_channel_text(session->channel, request->ignores)
                                             : NULL;
    for (uint32_t i = 0; i < request->ignore_count; i++, text += strlen(text) + 1)
        if (matches(text, id))
            return true;
    text = request->baseline_count ? uf_channel_text(session->channel, request->baseline) : NULL;
    for (uint32_t i = 0; i < request->baseline_count; i++, text += strlen(text) + 1)
        if (strcmp(text, id) == 0)
            return true;
    return false;
}

void uf_set_findings_aside(struct uf_session *session)
{
    struct uf_check_result *result = &session->result;
    size_t kept = 0;
    for (size_t i = 0; i < result->findings.len; i++) {
        struct uf_finding *finding = &result->findings.at[i];
        if (is_set_aside(session, finding->id)) {
            uf_finding_release(finding);
            result->findings_ignored++;
        } else {
            result->findings.at[kept++] = *finding;
        }
    }
    result->findings.len = kept;
}
