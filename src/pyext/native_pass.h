/* native_pass.h - the pass that finds where native memory, descriptors and threads that pile up came from.
 *
 * Some calls under watch (native_watch.h); what survives them is attributed
 * (native_owners.h) and grouped by where it was born (native/sites.h). Names of
 * native frames are looked up when the findings are written (native_findings.h).
 */
#ifndef UF_PYEXT_NATIVE_PASS_H
#define UF_PYEXT_NATIVE_PASS_H

#include "analysis/result.h"
#include "native/sites.h"

struct uf_session;

/* One place at which something piles up. */
struct uf_native_place {
    struct uf_site site;
    uf_stack_frames python; /* innermost first */
    char *holder;           /* type of the object that holds it all; NULL: nothing does */
};

/* What the pass found; session->native, NULL when it was not run. */
struct uf_native {
    struct uf_native_store *store; /* for the native frames */
    uint32_t calls;
    double bytes_owned;                    /* per call: of what was left and goes with objects */
    UF_VEC(struct uf_native_place) places; /* worst first */
};

/* Runs the pass when it is worth it: descriptors, threads, mappings or native bytes grow. 0, or -1 when
 * the session must stop. Leaves no capture. */
int uf_native_pass(struct uf_session *session);
void uf_native_release(struct uf_native *native);

#endif
