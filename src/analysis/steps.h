/* steps.h - references and objects in words: the steps of a path or of a closed walk.
 *
 * The hop over an attribute dictionary is merged with what follows: an instance
 * whose __dict__ has the key 'x' holds `.x`.
 */
#ifndef UF_ANALYSIS_STEPS_H
#define UF_ANALYSIS_STEPS_H

#include "analysis/reach.h"
#include "analysis/result.h"
#include "base/text.h"
#include "graph/births.h"
#include "graph/names.h"

/* One capture, looked at. */
struct uf_view {
    const struct uf_graph *graph;
    const struct uf_reach *reach;
    const struct uf_names *names;
    const struct uf_births *births; /* NULL: allocations were not watched */
};

/* The name of reference `edge` (global index) of `source`; `in_dict`: source is the attribute
 * dictionary of what stood before. */
void uf_step_name(const struct uf_view *view, uf_node source, uint32_t edge, bool in_dict,
                  struct uf_ref_name *ret);
/* ["name"] of an attribute dictionary as .name, if it is a name; else nothing changes. */
bool uf_step_as_attribute(struct uf_ref_name *name);

/* "dict, 5,012 entries", "'9f3c...'", "<shop.Session>". */
void uf_step_object_text(const struct uf_view *view, uf_node node, struct uf_text *ret);

/* Writes `edge` behind an expression, with a space where Python would not write it at once. */
void uf_step_append(struct uf_text *expression, const char *edge);

/* A step with copies of the texts; 0, or -1 when memory is out (then `ret` is empty). */
int uf_step_make(const struct uf_view *view, uf_node node, const char *edge, const char *generic,
                 bool suspect, struct uf_path_step *ret);
void uf_step_release(struct uf_path_step *step);

/* "5,012" */
void uf_step_number(struct uf_text *ret, uint64_t number);

/* A path, root first. */
struct uf_path {
    UF_VEC(uf_node) nodes;
    UF_VEC(uint32_t) edges; /* the reference that leads to each node; UINT32_MAX to the first */
    uint32_t root; /* index into graph->roots of what holds the first; UINT32_MAX: nothing */
};
/* The one that `reach` found. */
enum uf_code uf_path_to(struct uf_path *path, const struct uf_reach *reach, uf_node node,
                        struct uf_error *err);
void uf_path_release(struct uf_path *path);

/* What a root is called: "module shop", "thread MainThread", "interpreter: atexit", "native
 * code". */
void uf_path_root_text(const struct uf_view *view, uf_node root_node, struct uf_text *ret);
/* The same of what holds the first node of a path. */
void uf_path_start_text(const struct uf_view *view, const struct uf_path *path,
                        struct uf_text *ret);
/* The path's first `count` nodes as an expression: "shop.STORE._sessions"; "local 'y' of f()". */
void uf_path_expression(const struct uf_view *view, const struct uf_path *path, size_t count,
                        struct uf_text *ret);
/* Appends the path's steps to finding->path, the one to `suspect` (place on the path) marked. A
 * long path loses its middle, never what surrounds the suspect. */
enum uf_code uf_path_steps(const struct uf_view *view, const struct uf_path *path, size_t suspect,
                           struct uf_finding *finding, struct uf_error *err);
/* Is node i of the path an attribute dictionary that is merged with what follows? */
bool uf_path_is_dict_hop(const struct uf_view *view, const struct uf_path *path, size_t i);

#endif
