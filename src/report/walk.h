/* walk.h - draws a walk over references: the path that holds something, or a cycle.
 *
 *     held by  module shop
 *                .STORE          shop.Store
 *                  ._sessions    dict, 5,012 entries   <-- grows here
 *                    ['9f3c']    shop.Session
 *
 * One reference to a line, each a step deeper, what it leads to in a column of
 * its own. A long walk is shortened in the middle, never at the marked line. What
 * is only guessed to be a reference says so.
 */
#ifndef UF_REPORT_WALK_H
#define UF_REPORT_WALK_H

#include "analysis/result.h"
#include "report/page.h"

struct uf_walk {
    const char *label; /* "held by" */
    const char *start; /* what the first reference goes out from; clean */
    const struct uf_path_step *steps;
    size_t count;
    const char *mark;   /* what is said behind the suspect reference: "grows here" */
    const char *growth; /* added to what the suspect leads to: "+1 per call"; may be empty */
    bool closed;        /* the last step leads back to the start */
};

void uf_walk_draw(struct uf_page *page, size_t indent, size_t column, const struct uf_walk *walk);

/* An object in one phrase, from its preview and its type: "dict, 5,012 entries", "str 'x'". */
void uf_walk_describe(struct uf_text *ret, const struct uf_path_step *step);

#endif
