/* process_findings.c - findings that the process tells: descriptors, threads, tasks, memory of C code. */
#include "pyext/kind_findings.h"
#include "pyext/native_findings.h"
#include "pyext/readings.h"
#include "pyext/session.h"

#define NATIVE_LEAST_BYTES 48   /* per call; one small block of malloc with its header */
#define NATIVE_LEAST_SHARE 0.05 /* of what grows on the Python side beside it */
#define NATIVE_PER_THREAD 65536 /* a thread's own state; its stack is mapped, not from malloc */

static struct uf_finding *add_finding(struct uf_session *session, enum uf_finding_kind kind,
                                      const struct uf_growth *growth, const char *type)
{
    struct uf_finding finding;
    uf_finding_init(&finding);
    finding.kind = kind;
    finding.severity = UF_SEVERITY_LEAK;
    finding.type = uf_mem_strdup(type);
    finding.confidence = growth->confidence;
    finding.id = uf_mem_printf("%s:%s::%s", uf_kind_name(kind), type, session->target.function);
    if (!finding.type || !finding.id || uf_vec_push(&session->result.findings, finding)) {
        uf_finding_release(&finding);
        uf_error_nomem(&session->error);
        uf_session_fault(session);
        return NULL;
    }
    return &session->result.findings.at[session->result.findings.len - 1];
}

/* Growth of native bytes. NULL: none, or memory is out. */
static struct uf_finding *find_process_growth(struct uf_session *session, const uf_series *series,
                                              enum uf_finding_kind kind, const char *type)
{
    if (series->len < 2)
        return NULL;
    struct uf_growth growth = uf_growth_judge(series->at, series->len);
    if (growth.kind != UF_GROWTH_TREND)
        return NULL;
    struct uf_finding *finding = add_finding(session, kind, &growth, type);
    if (!finding)
        return NULL;
    finding->bytes_per_call = growth.per_call;
    finding->bytes = series->at[series->len - 1].value - series->at[0].value;
    return finding;
}

static bool native_growth_is_its_own(const struct uf_session *session)
{
    double native = session->result.per_call.native_bytes - session->lost_malloc_bytes;
    double python = session->result.per_call.python_bytes;
    if (session->result.per_call.threads > 0 &&
        native <= session->result.per_call.threads * NATIVE_PER_THREAD)
        return false;
    return native >= NATIVE_LEAST_BYTES && (!(python > 0) || native >= python * NATIVE_LEAST_SHARE);
}

int uf_process_findings(struct uf_session *session)
{
    if (uf_task_findings(session) || uf_thread_findings(session) || uf_descriptor_findings(session))
        return -1;
    bool explained;
    if (uf_native_findings(session, &explained))
        return -1;
    if (!explained && native_growth_is_its_own(session)) {
        struct uf_finding *finding =
            find_process_growth(session, &session->native_bytes, UF_KIND_NATIVE, "malloc");
        if (finding) {
            finding->fix_advice =
                uf_mem_strdup("memory that C code took from malloc and did not give back: look at "
                              "the extension modules that the call uses");
            if (uf_native_fill_site(session, finding, UF_NATIVE_HEAP))
                return -1;
        }
    }
    return session->stop == UF_STOP_FAULT ? -1 : 0;
}
