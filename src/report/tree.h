/* tree.h - a dominator tree, as a person and as a program read it (docs/tree-json.md). */
#ifndef UF_REPORT_TREE_H
#define UF_REPORT_TREE_H

#include "analysis/tree.h"
#include "report/heap.h"

struct uf_tree_report {
    const struct uf_tree *tree;
    const struct uf_view *view; /* that it was made from */
    struct uf_report_heap heap;
    bool from_object; /* the tree begins at objects that were asked for, not at the roots */
};

void uf_tree_text(struct uf_text *ret, const struct uf_tree_report *report,
                  const struct uf_report_form *form);
/* Schema unfreed.tree/1; ends with a newline. */
void uf_tree_json(struct uf_text *ret, const struct uf_tree_report *report);

/* "module shop.STORE._sessions": the names on the way down to a row. */
void uf_tree_row_path(struct uf_text *ret, const struct uf_tree *tree, uint32_t row);

#endif
