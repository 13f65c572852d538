/* retainers.h - all objects by the chain of what retains them, as a profile has functions by who called them.
 *
 * Each object has a frame: what it is called and its type. Its stack is the
 * frames of its dominators, the outermost first, and its own at the end; above
 * those that no single object retains stands the kind of root, or
 * UF_RETAINERS_SHARED. Objects of equal stacks are counted in one cell:
 *
 *     module shop  >  shop.STORE (shop.Store)  >  shop.Store._sessions (dict)
 *                  >  shop.Store._sessions[*] (shop.Session)
 *
 * So the bytes of all cells that have a frame anywhere on their stacks are what
 * the objects of this frame retain together (weight.h says the same of the set
 * of them), and the bytes of the cells that end with it are their own.
 *
 * A frame is named after the type of its holder and the attribute, as a method is: all Sessions' `.user`
 * are one frame, whoever holds the sessions; globals after their module, classes' attributes after the
 * class, items after their container. Nothing of an object's contents is in a name.
 *
 * Besides:
 * - An attribute dictionary is part of its owner: it has its frame, and what is in it stands under the
 *   owner. A module's is mostly held by functions elsewhere too: it stands under the module all the same.
 * - A frame that comes again on a stack leads back to the cell above whose stack ends with it and has the
 *   same frames: a linked list is one cell, and no frame's sum changes by it.
 * - Below UF_RETAINERS_DEPTH frames, and once there are UF_RETAINERS_CELLS cells, an object joins the cell
 *   of its dominator: then, and only then, bytes below are shown as the dominator's own.
 * - What nothing reaches stands under UF_RETAINERS_GARBAGE; unfreed's own objects are not counted.
 *
 * Deterministic; O(nodes), 4 bytes a node, and what the cells take.
 */
#ifndef UF_ANALYSIS_RETAINERS_H
#define UF_ANALYSIS_RETAINERS_H

#include "analysis/dominators.h"
#include "analysis/signatures.h"
#include "base/map.h"
#include "base/vec.h"

#define UF_RETAINERS_DEPTH 200
#define UF_RETAINERS_CELLS (4u << 20)
#define UF_RETAINERS_NONE UINT32_MAX
#define UF_RETAINERS_SHARED "shared: no single object holds it"
#define UF_RETAINERS_GARBAGE "garbage: nothing holds it"
#define UF_RETAINERS_OWN "unfreed itself"

struct uf_retainers_frame {
    uint32_t name; /* text: what stands on the stack, the type included */
    uint32_t type; /* text: the type of the objects counted; 0 for the kinds of roots */
};

struct uf_retainers_cell {
    uint32_t parent; /* cell; UF_RETAINERS_NONE at the outermost. Below its own number */
    uint32_t frame;
    uint32_t depth;          /* frames on its stack */
    uint32_t distinct;       /* different ones among them */
    uint64_t objects, bytes; /* that have exactly this stack */
};

struct uf_retainers {
    struct uf_strings strings;
    UF_VEC(struct uf_retainers_frame) frames;
    UF_VEC(struct uf_retainers_cell) cells;
    uf_node node_count;
    uint32_t *of; /* by node: its cell; of unfreed's own: that under which stands what they hold */
};

/* On failure `retainers` is {0}. UF_ENOMEM. */
enum uf_code uf_retainers_build(struct uf_retainers *retainers, const struct uf_view *view,
                                const struct uf_dominators *dominators,
                                const struct uf_signatures *signatures, struct uf_error *err);
void uf_retainers_release(struct uf_retainers *retainers);

/* What the objects of each group are called, without their type: a number in `strings` by group. Frees
 * nothing that was in it. For uf_retainers_build() and tests. */
enum uf_code uf_retainers_names(struct uf_strings *strings, const struct uf_signatures *signatures,
                                const struct uf_graph *graph, uint32_t **ret, struct uf_error *err);

#endif
