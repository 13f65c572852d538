#include "native/store.h"

#include <pthread.h>
#include <stdlib.h>

struct head {
    uint32_t first_word, hash;
    uint16_t native_count, python_count;
};

struct uf_native_store {
    pthread_mutex_t lock;
    struct uf_native_block *slots; /* open addressing, linear probing; key 0 = free */
    size_t slot_mask, live, live_max;
    struct head *stacks; /* from number 1 */
    size_t stack_count, stack_max;
    uint32_t *stack_slots; /* hash table of numbers */
    size_t stack_slot_mask;
    uint64_t *words;
    size_t word_count, word_max;
    uint64_t dropped;
};

static size_t power_of_two(size_t least)
{
    size_t size = 64;
    while (size < least)
        size *= 2;
    return size;
}

enum uf_code uf_native_store_create(struct uf_native_store **ret, size_t keys, size_t stacks,
                                    size_t words, struct uf_error *err)
{
    struct uf_native_store *store = uf_mem_zalloc(sizeof *store);
    *ret = NULL;
    if (!store)
        return uf_error_nomem(err);
    size_t slots = power_of_two(keys + keys / 3);
    store->slot_mask = slots - 1;
    store->live_max = slots / 4 * 3;
    store->stack_max = stacks;
    store->stack_slot_mask = power_of_two(stacks * 2) - 1;
    store->word_max = words;
    store->slots = uf_mem_zalloc(slots * sizeof *store->slots);
    store->stacks = uf_mem_zalloc((stacks + 1) * sizeof *store->stacks);
    store->stack_slots = uf_mem_zalloc((store->stack_slot_mask + 1) * sizeof *store->stack_slots);
    store->words = uf_mem_zalloc(words * sizeof *store->words);
    pthread_mutex_init(&store->lock, NULL);
    if (!store->slots || !store->stacks || !store->stack_slots || !store->words) {
        uf_native_store_destroy(store);
        return uf_error_nomem(err);
    }
    *ret = store;
    return UF_OK;
}

void uf_native_store_destroy(struct uf_native_store *store)
{
    if (!store)
        return;
    pthread_mutex_destroy(&store->lock);
    uf_mem_free(store->slots);
    uf_mem_free(store->stacks);
    uf_mem_free(store->stack_slots);
    uf_mem_free(store->words);
    uf_mem_free(store);
}

static uint64_t mix(uint64_t word)
{
    word ^= word >> 32;
    word *= UINT64_C(0x9e3779b97f4a7c15);
    return word ^ word >> 29;
}

/* The blocks of a page lie near each other, in their order, as their births and deaths do: a slot that
 * was touched lately costs little. Pages are spread. */
static size_t home(const struct uf_native_store *store, uint64_t key)
{
    if (key >= UF_NATIVE_THREAD_KEY)
        return (size_t)mix(key) & store->slot_mask;
    return (size_t)(mix(key >> 12) * 128 + (key >> 5 & 127)) & store->slot_mask;
}

/* The slot of `key`, or the free one where it belongs. */
static size_t find(const struct uf_native_store *store, uint64_t key)
{
    size_t at = home(store, key);
    while (store->slots[at].key && store->slots[at].key != key)
        at = (at + 1) & store->slot_mask;
    return at;
}

void uf_native_store_add(struct uf_native_store *store, const struct uf_native_block *block)
{
    pthread_mutex_lock(&store->lock);
    size_t at = find(store, block->key);
    if (store->slots[at].key) {
        store->slots[at] = *block;
    } else if (store->live < store->live_max) {
        store->slots[at] = *block;
        store->live++;
    } else {
        store->dropped++;
    }
    pthread_mutex_unlock(&store->lock);
}

/* Closes the gap at `gap`: whatever was pushed behind its home by what is gone moves up. */
static void close_gap(struct uf_native_store *store, size_t gap)
{
    size_t at = gap;
    for (;;) {
        at = (at + 1) & store->slot_mask;
        if (!store->slots[at].key)
            break;
        size_t wanted = home(store, store->slots[at].key);
        /* it may move only if its home does not lie between the gap and it */
        if (((at - wanted) & store->slot_mask) >= ((at - gap) & store->slot_mask)) {
            store->slots[gap] = store->slots[at];
            gap = at;
        }
    }
    store->slots[gap].key = 0;
}

bool uf_native_store_take(struct uf_native_store *store, uint64_t key, struct uf_native_block *ret)
{
    pthread_mutex_lock(&store->lock);
    size_t at = find(store, key);
    bool found = store->slots[at].key != 0;
    if (found) {
        *ret = store->slots[at];
        close_gap(store, at);
        store->live--;
    }
    pthread_mutex_unlock(&store->lock);
    return found;
}

static uint32_t hash_of(const struct uf_native_stack *stack)
{
    uint64_t hash = stack->native_count * 131u + stack->python_count + 1;
    for (uint32_t i = 0; i < stack->native_count; i++)
        hash = mix(hash ^ stack->native[i]) + hash;
    for (uint32_t i = 0; i < stack->python_count * 2; i++)
        hash = mix(hash ^ stack->python[i]) + hash;
    return (uint32_t)(hash >> 32 ^ hash);
}

static bool same(const struct uf_native_store *store, const struct head *head,
                 const struct uf_native_stack *stack)
{
    const uint64_t *words = store->words + head->first_word;
    if (head->native_count != stack->native_count || head->python_count != stack->python_count)
        return false;
    for (uint32_t i = 0; i < stack->native_count; i++)
        if (*words++ != stack->native[i])
            return false;
    for (uint32_t i = 0; i < stack->python_count * 2; i++)
        if (*words++ != stack->python[i])
            return false;
    return true;
}

static uint32_t enter_stack(struct uf_native_store *store, const struct uf_native_stack *stack,
                            uint32_t hash, size_t slot)
{
    size_t wanted = stack->native_count + (size_t)stack->python_count * 2;
    if (store->stack_count >= store->stack_max || wanted > store->word_max - store->word_count) {
        store->dropped++;
        return 0;
    }
    uint32_t number = (uint32_t)++store->stack_count;
    store->stacks[number] = (struct head){
        .first_word = (uint32_t)store->word_count,
        .hash = hash,
        .native_count = (uint16_t)stack->native_count,
        .python_count = (uint16_t)stack->python_count,
    };
    uint64_t *words = store->words + store->word_count;
    for (uint32_t i = 0; i < stack->native_count; i++)
        *words++ = stack->native[i];
    for (uint32_t i = 0; i < stack->python_count * 2; i++)
        *words++ = stack->python[i];
    store->word_count += wanted;
    store->stack_slots[slot] = number;
    return number;
}

uint32_t uf_native_store_stack(struct uf_native_store *store, const struct uf_native_stack *stack)
{
    if (stack->native_count + stack->python_count == 0)
        return 0;
    uint32_t hash = hash_of(stack), number;
    pthread_mutex_lock(&store->lock);
    size_t slot = hash & store->stack_slot_mask;
    while ((number = store->stack_slots[slot]) != 0 &&
           (store->stacks[number].hash != hash || !same(store, &store->stacks[number], stack)))
        slot = (slot + 1) & store->stack_slot_mask;
    if (!number)
        number = enter_stack(store, stack, hash, slot);
    pthread_mutex_unlock(&store->lock);
    return number;
}

static int by_key(const void *a, const void *b)
{
    uint64_t x = ((const struct uf_native_block *)a)->key;
    uint64_t y = ((const struct uf_native_block *)b)->key;
    return (x > y) - (x < y);
}

enum uf_code uf_native_store_survivors(struct uf_native_store *store, uf_native_blocks *ret,
                                       struct uf_error *err)
{
    ret->len = 0;
    if (uf_vec_reserve(ret, store->live + 1))
        return uf_error_nomem(err);
    for (size_t i = 0; i <= store->slot_mask; i++)
        if (store->slots[i].key && ret->len < ret->cap)
            ret->at[ret->len++] = store->slots[i];
    if (ret->len > 1)
        qsort(ret->at, ret->len, sizeof *ret->at, by_key);
    return UF_OK;
}

struct uf_native_stack uf_native_store_frames(const struct uf_native_store *store, uint32_t stack)
{
    struct uf_native_stack frames = {0};
    if (stack == 0 || stack > store->stack_count)
        return frames;
    const struct head *head = &store->stacks[stack];
    frames.native = store->words + head->first_word;
    frames.native_count = head->native_count;
    frames.python = frames.native + head->native_count;
    frames.python_count = head->python_count;
    return frames;
}

uint64_t uf_native_store_dropped(const struct uf_native_store *store)
{
    return store->dropped;
}
