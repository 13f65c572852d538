#include "base/nearest.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Edits (insert, delete, replace, swap of neighbours) that lead from one word to the other. */
static size_t edits(const char *a, const char *b)
{
    enum { MAX = 32 };
    size_t rows[3][MAX + 1], a_len = strlen(a), b_len = strlen(b);
    if (a_len > MAX || b_len > MAX)
        return SIZE_MAX;
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        before[j] = last[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
        size_t *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[b_len];
}

const char *uf_nearest(const char *word, const char *const *names)
{
    const char *nearest = NULL;
    size_t least = strlen(word) / 3 + 1;
    for (; *names; names++) {
        size_t n = edits(word, *names);
        if (n <= least) {
            least = n ? n - 1 : 0; /* the next one has to be nearer */
            nearest = *names;
        }
    }
    return nearest;
}
