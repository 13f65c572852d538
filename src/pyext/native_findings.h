/* native_findings.h - from places to findings: names of native frames, one finding per place. */
#ifndef UF_PYEXT_NATIVE_FINDINGS_H
#define UF_PYEXT_NATIVE_FINDINGS_H

#include "analysis/result.h"
#include "native/store.h"

struct uf_session;

/* Adds a finding of kind native for each place at which memory is lost or piles up. *explained: what
 * grew was looked at, so that no summary of the growth is needed. 0, or -1 when memory is out. */
int uf_native_findings(struct uf_session *session, bool *explained);
/* Fills allocated_at, or allocated_at_unknown, of a descriptor, thread or native finding from the worst
 * place of that kind. 0, or -1 when memory is out. */
int uf_native_fill_site(struct uf_session *session, struct uf_finding *finding,
                        enum uf_native_kind kind);

/* The same for some of the descriptors only: the place where most of those come from that `is` says yes
 * to. */
int uf_native_fill_descriptor_site(struct uf_session *session, struct uf_finding *finding,
                                   bool (*is)(void *context, int fd), void *context);

#endif
