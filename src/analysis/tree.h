/* tree.h - the dominator tree as a person can read it: from the largest down, like beside like.
 *
 * A row is a set of objects: one, or many of the same type that their
 * dominators hold in the same way ("5,012 x shop.Session at [*]"). Below a row
 * stands what its objects alone keep alive: what hangs directly below any of
 * them, taken together again. An object that retains a tenth or more of what
 * the row above does stands by itself. The hop over an attribute dictionary is
 * left out, as in paths. What stands below three rows of its own name and type
 * joins the last of them: a linked list is a few rows, however long.
 *
 * Rows are made largest first until there are enough of them; what is left out
 * is summed up in the row above. Rows stand with what is below them behind
 * them, the largest first.
 */
#ifndef UF_ANALYSIS_TREE_H
#define UF_ANALYSIS_TREE_H

#include "analysis/domtree.h"
#include "analysis/steps.h"

enum uf_tree_held {
    UF_TREE_ROOT,    /* by a root of the graph: "module shop" */
    UF_TREE_DIRECT,  /* by the row above, by the reference `name` */
    UF_TREE_SEVERAL, /* by several references, none of which alone keeps it alive */
    UF_TREE_START,   /* where the tree begins */
};

struct uf_tree_row {
    uint32_t parent; /* row; UINT32_MAX: none */
    uint32_t depth;  /* 0: no row above */
    enum uf_tree_held held;
    char *name; /* held by a root or directly: as Python would write it, [*] for many; else NULL */
    uint32_t type;   /* name of the type, in graph->strings */
    uf_node example; /* of several the one that retains most */
    bool folded; /* what is held by the same name below these objects is among them, at any depth */
    uint64_t objects; /* that the row stands for */
    uint64_t bytes;   /* their own */
    uint64_t retained_objects, retained_bytes;
    /* Left out below this row: sets like rows, and what they retain. */
    uint64_t more_rows, more_objects, more_bytes;
};

struct uf_tree {
    UF_VEC(struct uf_tree_row) rows;
    uint64_t retained_objects, retained_bytes;    /* of all: what the start retains */
    uint64_t more_rows, more_objects, more_bytes; /* left out at the top */
};

struct uf_tree_limits {
    size_t rows;
    uint32_t depth; /* so many levels */
};

/* Begins at all roots, or at `start` (`count` objects of one type, alive; then there is one row at the top).
 * Needs view->graph, names, and reach for the names of roots. On failure `tree` is {0}. */
enum uf_code uf_tree_build(struct uf_tree *tree, const struct uf_view *view,
                           const struct uf_dominators *dominators, const uf_node *start,
                           size_t count, const struct uf_tree_limits *limits, struct uf_error *err);
void uf_tree_release(struct uf_tree *tree);

#endif
