/* sound.h - what is believed of memory that is not trusted (private to cpython and capture).
 *
 * A heap from outside may be damaged, caught in the middle of a change, or
 * made to mislead. Three rules hold for it; inside the process nothing here
 * costs or forbids anything.
 *
 *   - An object is what has a type, and a type is what uf_is_type() says.
 *   - A part of an object that cannot be read gives no references and leaves
 *     the object with a mark: its references are not called by their ordinals.
 *   - All work together is bounded by what can be read (uf_spend), however
 *     many objects claim the same memory. What does not end within it is damage.
 */
#ifndef UF_CPYTHON_SOUND_H
#define UF_CPYTHON_SOUND_H

#include "cpython/plan.h"

#define UF_BASIC_MAX (UINT64_C(1) << 24) /* of tp_basicsize: no object begins with as much */

/* Is there a type at `address`: readable, with sizes that can be, of a type that is `type` or derives
 * from it? */
bool uf_is_type(const struct uf_heap *heap, uint64_t address);

/* Takes so many steps from what may be done; false: there are no more. */
static inline bool uf_spend(const struct uf_heap *heap, uint64_t steps)
{
    bool enough = *heap->steps_left >= steps;
    *heap->steps_left -= enough ? steps : *heap->steps_left;
    return enough;
}

static inline bool uf_is_spent(const struct uf_heap *heap)
{
    return *heap->steps_left == 0;
}

/* Tells a chain that runs in a circle: Brent's algorithm, a landmark moved at every power of two. {0} before
 * the first. */
struct uf_circle {
    uint64_t landmark, steps, limit;
};

static inline bool uf_runs_in_circle(struct uf_circle *circle, uint64_t at)
{
    if (at == circle->landmark)
        return true;
    if (circle->steps++ == circle->limit) {
        circle->landmark = at;
        circle->limit = circle->limit * 2 + 1;
    }
    return false;
}

/* As many steps as at the beginning: for capturing, then for naming. */
void uf_heap_renew_steps(struct uf_heap *heap);

/* No object is larger than all that can be read. */
static inline bool uf_is_size(const struct uf_heap *heap, uint64_t bytes)
{
    return !heap->source->bytes || bytes <= heap->source->bytes;
}

/* Marks an object whose references are not all there; 0, or -1 when memory is out. */
int uf_heap_mark_cut(struct uf_heap *heap, uint64_t object);

static inline uint64_t uf_heap_cut_count(const struct uf_heap *heap)
{
    return heap->cut.len;
}

static inline bool uf_heap_is_cut(const struct uf_heap *heap, uint64_t object)
{
    return heap->cut.len && uf_map_get(&heap->cut, object) != UF_MAP_NONE;
}

#endif
