#include "analysis/weight.h"

#include "base/mem.h"

enum { IN_SET = 1, BELOW_SET = 2, FREE_OF_SET = 4, COUNTED = 8 };

/* Whether a node strictly above `node` is in the set. Each node on the way up learns the answer,
 * so that all questions together visit it only once. */
static bool has_member_above(const struct uf_dominators *d, uint8_t *state, uf_node node)
{
    uf_node top = node;
    unsigned answer = state[top] & (BELOW_SET | FREE_OF_SET);
    while (!answer) {
        uf_node above = d->idom[top];
        if (above == UF_NODE_NONE) {
            answer = FREE_OF_SET;
        } else if (state[above] & IN_SET) {
            answer = BELOW_SET;
        } else {
            top = above;
            answer = state[top] & (BELOW_SET | FREE_OF_SET);
        }
    }
    for (uf_node n = node; n != top; n = d->idom[n])
        state[n] |= (uint8_t)answer;
    state[top] |= (uint8_t)answer;
    return answer == BELOW_SET;
}

/* The state of all nodes, of which the members are marked; NULL after a failure. */
static uint8_t *mark_members(const struct uf_dominators *dominators, const uf_node *set,
                             size_t count, enum uf_code *code, struct uf_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (set[i] >= dominators->node_count) {
            *code = uf_error_set(err, UF_EINVAL, "a node of the set is not in the graph");
            return NULL;
        }
    }
    uint8_t *state = uf_mem_zalloc(dominators->node_count);
    *code = state ? UF_OK : uf_error_nomem(err);
    for (size_t i = 0; i < count && state; i++)
        state[set[i]] |= IN_SET;
    return state;
}

enum uf_code uf_retained_of_set(const struct uf_dominators *dominators, const uf_node *set,
                                size_t count, uint64_t *retained_bytes, uint64_t *retained_objects,
                                struct uf_error *err)
{
    enum uf_code code;
    uint8_t *state = mark_members(dominators, set, count, &code, err);
    if (!state)
        return code;
    *retained_bytes = *retained_objects = 0;
    for (size_t i = 0; i < count; i++) {
        uf_node node = set[i];
        if (state[node] & COUNTED || has_member_above(dominators, state, node))
            continue;
        state[node] |= COUNTED;
        *retained_bytes += dominators->retained[node];
        *retained_objects += dominators->retained_objects[node];
    }
    uf_mem_free(state);
    return UF_OK;
}

enum uf_code uf_topmost_of_set(const struct uf_dominators *dominators, uf_node *set, size_t *count,
                               struct uf_error *err)
{
    enum uf_code code;
    size_t kept = 0;
    uint8_t *state = mark_members(dominators, set, *count, &code, err);
    if (!state)
        return code;
    for (size_t i = 0; i < *count; i++) {
        uf_node node = set[i];
        if (state[node] & COUNTED || has_member_above(dominators, state, node))
            continue;
        state[node] |= COUNTED;
        set[kept++] = node;
    }
    *count = kept;
    uf_mem_free(state);
    return UF_OK;
}
