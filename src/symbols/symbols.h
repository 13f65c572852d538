/* symbols.h - what an address of this process is called: library, symbol, file and line.
 *
 * For reports, after all measuring: elfutils reads files and takes memory from
 * malloc. Names come from the symbol tables of what is mapped, and of separate
 * debug files under /usr/lib/debug/.build-id where they are installed; nothing
 * is ever fetched over the network. C++ and Rust names are demangled when the
 * process has a C++ library loaded.
 *
 * Texts belong to the reader and live as long as it does.
 */
#ifndef UF_SYMBOLS_SYMBOLS_H
#define UF_SYMBOLS_SYMBOLS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uf_symbols;

struct uf_symbol {
    const char *library; /* path of the mapped file; NULL: the address is in none */
    const char *symbol;  /* NULL: the library has no name for it */
    uint64_t offset;     /* behind the symbol; without one, in the library */
    const char *file;    /* NULL: no debug information */
    uint32_t line;       /* 0: unknown */
};

/* Lists what is mapped now. UF_EUNSUPPORTED where it cannot be read. */
enum uf_code uf_symbols_open(struct uf_symbols **ret, struct uf_error *err);
void uf_symbols_close(struct uf_symbols *symbols);

/* The functions that `address` is in, innermost first, at most `most`; their number. With debug
 * information the inlined ones are told apart, else there is one at most; 0: it is in no library.
 * `return_address`: the address is behind a call, whose line is meant. */
size_t uf_symbols_find(struct uf_symbols *symbols, uint64_t address, bool return_address,
                       struct uf_symbol *ret, size_t most);

#endif
