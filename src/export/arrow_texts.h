/* arrow_texts.h - texts as Arrow lays them out: a column of strings, or a dictionary.
 *
 * Text n is bytes[offsets[n] .. offsets[n + 1] - 1]. Always valid UTF-8:
 * consumers may rely on it, and not all that a heap holds is (a str may hold
 * lone surrogates, a damaged process anything).
 */
#ifndef UF_EXPORT_ARROW_TEXTS_H
#define UF_EXPORT_ARROW_TEXTS_H

#include "base/error.h"
#include "base/vec.h"

struct uf_arrow_texts {
    UF_VEC(int32_t) offsets; /* one more than texts; none before uf_arrow_texts_init() */
    UF_VEC(char) bytes;
};

/* {0} is a released one. UF_ENOMEM. */
enum uf_code uf_arrow_texts_init(struct uf_arrow_texts *texts, size_t expected,
                                 struct uf_error *err);
/* Appends a text; each byte that belongs to no UTF-8 character becomes U+FFFD. UF_ENOMEM; UF_ELIMIT: more
 * than 2^31 - 1 bytes in all. After a failure the texts are as before. */
enum uf_code uf_arrow_texts_add(struct uf_arrow_texts *texts, const char *text, size_t len,
                                struct uf_error *err);
size_t uf_arrow_texts_count(const struct uf_arrow_texts *texts);
void uf_arrow_texts_release(struct uf_arrow_texts *texts);

#endif
