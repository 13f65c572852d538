/* words.h - all words that C code of this process may have written addresses to (see outside.h). */
#ifndef UF_CAPTURE_WORDS_H
#define UF_CAPTURE_WORDS_H

#include "memory/segments.h"

enum uf_words_place {
    UF_WORDS_DATA,   /* of a library: `library` is its path, valid during the visit */
    UF_WORDS_MALLOC, /* what malloc gave */
    UF_WORDS_SMALL,  /* a block of Python's small allocator, from block_start to block_end */
    UF_WORDS_FRAMES, /* a thread's stack, and its stack of frames (3.11 and later) */
};

/* Consecutive words; `words` is a copy. */
struct uf_words {
    uint64_t address;
    const uint64_t *words;
    size_t count;
    uint64_t block_start, block_end;
    const char *library;
    uint8_t place; /* enum uf_words_place */
};

/* Called for each run of words; not 0 ends the walk with it. */
typedef int (*uf_words_visit)(void *context, const struct uf_words *words);

/* What is not walked. */
struct uf_words_except {
    uint64_t images[2];  /* addresses in libraries whose data is left out; 0: none */
    uint64_t start, end; /* a range */
    uint64_t bytes_max;  /* in all */
};

/* Walks the data of libraries, then the rest by ascending address; *complete: all there is. The engine's
 * own memory is left out. Returns 0, or what a visit returned; -1 when memory is out. */
int uf_words_each(const struct uf_segments *segments, const struct uf_words_except *except,
                  uf_words_visit visit, void *context, bool *complete);

/* Bytes of the chunk that malloc gave out at `address`; 0: it is not the beginning of one. */
uint64_t uf_words_chunk(const struct uf_segments *segments, int memory, uint64_t address);

#endif
