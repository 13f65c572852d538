/* random.h - the same numbers in every run: xorshift64 (Marsaglia 2003). */
#ifndef UF_TESTS_UNIT_RANDOM_H
#define UF_TESTS_UNIT_RANDOM_H

#include <stdint.h>

static uint64_t random_state = UINT64_C(88172645463325252);

static inline void random_seed(uint64_t seed)
{
    random_state = seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
}

static inline uint64_t random_number(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}

/* 0 .. below-1 */
static inline uint64_t random_below(uint64_t below)
{
    return (random_number() >> 11) % below;
}

#endif
