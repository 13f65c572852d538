/* preference.h - which of several references a person can best do without.
 *
 * From the best to the worst:
 *   1. a frame's local that holds an exception (the next reference is `.__traceback__`)
 *   2. another local, but not `self` and `cls`
 *   3. an instance's attribute, also as an entry of its attribute dictionary
 *   4. a closure's cell
 *   5. an entry of a container
 *   6. an exception's `.__traceback__`, `.__context__`, `.__cause__`; locals `self` and `cls`
 *   7. other references, and whatever an object holds that cannot be changed (a tuple, a partial)
 *   8. the interpreter's and a type's own: `.tb_frame`, `.f_back`, `.__mro__`, `.__globals__`, ...
 * Among equals one whose name says that it points back (`.parent`, `._owner`, `.prev`); then the
 * text without keys and lines decides, so that the choice is the same in every run.
 */
#ifndef UF_ANALYSIS_PREFERENCE_H
#define UF_ANALYSIS_PREFERENCE_H

#include "graph/names.h"

#define UF_PREFERENCE_CHANGEABLE 6 /* up to this one: written in the program */
#define UF_PREFERENCE_LAST 8

struct uf_preference {
    unsigned rank;                                          /* 1: best; UF_PREFERENCE_LAST: worst */
    bool points_back;                                       /* by its name */
    char generic[sizeof((struct uf_ref_name *)0)->generic]; /* of an attribute: its name */
};

/* Of one reference, given the names of the ones before and after it on the cycle (NULL: none). */
struct uf_preference uf_preference_of(const struct uf_ref_name *name,
                                      const struct uf_ref_name *before,
                                      const struct uf_ref_name *after);

/* Takes back what is said of a reference when its source, of this type, cannot be changed. */
void uf_preference_of_fixed(struct uf_preference *preference, const char *source_type);

/* Below 0: a is to be taken rather than b. */
int uf_preference_compare(const struct uf_preference *a, const struct uf_preference *b);

#endif
