/* kind_findings.h - findings of descriptors, threads and tasks, each told once.
 *
 * What leaves a descriptor open leaves a Python object too: findings.c has
 * told that object as retained. Here the two become one finding: the object's
 * (its path, figures and fix) when the object is nothing but the descriptor's,
 * thread's or task's other face (a socket, a Thread, a Future); else both stay,
 * and the descriptor's gets the path that leads to it through the object.
 */
#ifndef UF_PYEXT_KIND_FINDINGS_H
#define UF_PYEXT_KIND_FINDINGS_H

#include "pyext/session.h"

/* The findings told so far of which a resource may be the other face. */
struct uf_faces {
    struct uf_session *session;
    enum uf_finding_kind kind;
    const struct uf_growth *growth; /* of the sort */
    double count;                   /* how many there are more than at first */
    const char *sort;               /* part of the id */
    const char *type;
    /* objects of this sort that are new, one byte per node; NULL: none is known */
    const uint8_t *node_is_new;
    uf_node newest; /* the one to show a path to; UF_NODE_NONE: none is known */
    /* Is the object at this node nothing but a face of such a resource? */
    bool (*is_face)(const struct uf_faces *faces, uf_node node);
    const char
        *root; /* of threads: "thread poller"; what stands on their stacks is a face; or NULL */
    void *context;
};

/* The finding of one sort: a retained one turned into it, or a new one at the end of the list. NULL when
 * memory is out (the session's error is set). Texts of the kind and the advice are the caller's to set. */
struct uf_finding *uf_faces_tell(const struct uf_faces *faces);

/* The Python type of a node is, or derives from, the one named. */
bool uf_node_derives(const struct uf_session *session, uf_node node, const char *type);
/* The referent of a weak reference among the nodes; UF_NODE_NONE: none, or it is no weak reference. */
uf_node uf_node_referent(const struct uf_session *session, uf_node node);

/* descriptor_findings.c, thread_findings.c, task_findings.c; 0, or -1 with the session's error set. */
int uf_descriptor_findings(struct uf_session *session);
int uf_thread_findings(struct uf_session *session);
int uf_task_findings(struct uf_session *session);

/* Copies a stack entry to the end of a finding's frames; nonzero when memory is out. For uf_stack_visit. */
int uf_take_frame(void *context, const struct uf_stack_entry *entry);
/* Sets a text of a finding; the old one is freed. */
void uf_set_text(char **text, const char *value);

#endif
