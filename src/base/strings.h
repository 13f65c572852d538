/* strings.h - interned strings: equal texts get the same small number.
 *
 * Number 0 is always the empty string. Texts are copied and live until
 * release; they may hold any byte but NUL. {0} is a valid empty pool.
 */
#ifndef UF_BASE_STRINGS_H
#define UF_BASE_STRINGS_H

#include <stddef.h>
#include <stdint.h>

#define UF_STRING_NONE UINT32_MAX

struct uf_strings {
    char *bytes; /* all texts, each ended by NUL */
    size_t bytes_len, bytes_cap;
    uint32_t *starts; /* number -> offset in bytes */
    size_t count, starts_cap;
    uint32_t *slots; /* hash table of numbers + 1 */
    size_t slots_cap;
};

/* The number of `text` (`len` bytes), entering it if it is new; UF_STRING_NONE when memory is out. */
uint32_t uf_strings_add(struct uf_strings *pool, const char *text, size_t len);
uint32_t uf_strings_add_z(struct uf_strings *pool, const char *text);
/* Its number if it was entered before, else UF_STRING_NONE. */
uint32_t uf_strings_find(const struct uf_strings *pool, const char *text, size_t len);
/* Valid until the next add. */
const char *uf_strings_get(const struct uf_strings *pool, uint32_t number);
void uf_strings_release(struct uf_strings *pool);

#endif
