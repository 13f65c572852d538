/* nearest.h - what a mistyped word was probably meant to be. Also declared in unfreed.h, for the program. */
#ifndef UF_BASE_NEAREST_H
#define UF_BASE_NEAREST_H

/* The name that `word` was probably meant to be, or NULL; `names` ends with NULL. Words of more than 32
 * bytes are not compared. */
const char *uf_nearest(const char *word, const char *const *names);

#endif
