#include "symbols/symbols.h"

#include "base/mem.h"
#include "base/vec.h"

#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUILD_ID_MAX 64

/* __cxa_demangle of the C++ library, if there is one (Itanium C++ ABI, 3.4). */
typedef char *(*demangle_call)(const char *mangled, char *buffer, size_t *len, int *status);

struct uf_symbols {
    Dwfl *dwfl;
    void *cxx; /* the C++ library, when the process has it */
    demangle_call demangle;
    UF_VEC(char *) names; /* demangled */
};

/* The debug file that belongs to a build id, as distributions lay them out. elfutils' own search would
 * ask a server when DEBUGINFOD_URLS is set. */
static int find_debug_file(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
                           const char *file, const char *link, GElf_Word crc, char **ret)
{
    const unsigned char *id;
    GElf_Addr at;
    (void)user, (void)name, (void)base, (void)file, (void)link, (void)crc;
    int len = dwfl_module_build_id(module, &id, &at);
    if (len < 2 || len > BUILD_ID_MAX)
        return -1;
    char path[sizeof "/usr/lib/debug/.build-id/" + BUILD_ID_MAX * 2 + sizeof "/.debug"];
    size_t used = (size_t)snprintf(path, sizeof path, "/usr/lib/debug/.build-id/%02x/", id[0]);
    for (int i = 1; i < len; i++)
        used += (size_t)snprintf(path + used, sizeof path - used, "%02x", id[i]);
    (void)snprintf(path + used, sizeof path - used, ".debug");
    *ret = NULL;
    return open(path, O_RDONLY | O_CLOEXEC);
}

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_linux_proc_find_elf,
    .find_debuginfo = find_debug_file,
};

enum uf_code uf_symbols_open(struct uf_symbols **ret, struct uf_error *err)
{
    struct uf_symbols *symbols = uf_mem_zalloc(sizeof *symbols);
    *ret = NULL;
    if (!symbols)
        return uf_error_nomem(err);
    symbols->dwfl = dwfl_begin(&callbacks);
    if (!symbols->dwfl || dwfl_linux_proc_report(symbols->dwfl, getpid()) != 0 ||
        dwfl_report_end(symbols->dwfl, NULL, NULL) != 0) {
        const char *why = dwfl_errmsg(-1);
        uf_symbols_close(symbols);
        return uf_error_set(err, UF_EUNSUPPORTED, "the mapped libraries cannot be listed: %s",
                            why ? why : "unknown reason");
    }
    symbols->cxx = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_NOLOAD);
    *(void **)&symbols->demangle =
        dlsym(symbols->cxx ? symbols->cxx : RTLD_DEFAULT, "__cxa_demangle");
    *ret = symbols;
    return UF_OK;
}

void uf_symbols_close(struct uf_symbols *symbols)
{
    if (!symbols)
        return;
    if (symbols->dwfl)
        dwfl_end(symbols->dwfl);
    if (symbols->cxx)
        dlclose(symbols->cxx);
    for (size_t i = 0; i < symbols->names.len; i++)
        uf_mem_free(symbols->names.at[i]);
    uf_vec_release(&symbols->names);
    uf_mem_free(symbols);
}

/* "core::alloc::h0123456789abcdef" without the hash, which changes with every build (Rust's older
 * mangling ends its names with one). */
static void cut_rust_hash(char *name)
{
    char *hash = strrchr(name, ':');
    if (hash && hash > name && hash[-1] == ':' && hash[1] == 'h' && strlen(hash + 2) == 16 &&
        strspn(hash + 2, "0123456789abcdef") == 16)
        hash[-1] = '\0';
}

/* "f(int, g())" becomes "f": what stands in the last parentheses, and "const" behind them. */
static void cut_parameters(char *name)
{
    char *end = strrchr(name, ')');
    int depth = 0;
    if (!end || strchr(end, ':')) /* of a type or a namespace within the name */
        return;
    for (char *at = end; at > name; at--) {
        depth += *at == ')' ? 1 : *at == '(' ? -1 : 0;
        if (depth == 0) {
            *at = '\0';
            return;
        }
    }
}

static const char *readable(struct uf_symbols *symbols, const char *name)
{
    void (*give_back)(void *) = free; /* what __cxa_demangle returns is from malloc */
    int status = -1;
    if (!symbols->demangle || strncmp(name, "_Z", 2) != 0)
        return name;
    char *plain = symbols->demangle(name, NULL, NULL, &status);
    char *copy = status == 0 && plain ? uf_mem_strdup(plain) : NULL;
    give_back(plain);
    if (!copy || uf_vec_push(&symbols->names, copy)) {
        uf_mem_free(copy);
        return name;
    }
    cut_rust_hash(copy);
    cut_parameters(copy);
    return copy;
}

/* Puts the functions that were inlined at `address` in front of the one that holds it: ret[0] is that
 * one, with the place in the innermost. */
static size_t add_inlined(struct uf_symbols *symbols, Dwfl_Module *module, uint64_t address,
                          struct uf_symbol *ret, size_t most)
{
    Dwarf_Addr bias = 0;
    Dwarf_Die *unit = dwfl_module_addrdie(module, address, &bias), *scopes = NULL;
    int count = unit ? dwarf_getscopes(unit, address - bias, &scopes) : 0;
    Dwarf_Files *files = NULL;
    size_t filled = 1;
    void (*give_back)(void *) = free; /* what dwarf_getscopes returns is from malloc */
    if (count > 0)
        (void)dwarf_getsrcfiles(unit, &files, NULL);
    for (int i = 0; i < count && filled < most; i++) {
        Dwarf_Attribute attribute;
        Dwarf_Word file = 0, line = 0;
        if (dwarf_tag(&scopes[i]) == DW_TAG_subprogram)
            break;
        if (dwarf_tag(&scopes[i]) != DW_TAG_inlined_subroutine)
            continue;
        const char *linkage = NULL, *name = dwarf_diename(&scopes[i]);
        if (dwarf_attr_integrate(&scopes[i], DW_AT_linkage_name, &attribute))
            linkage = dwarf_formstring(&attribute);
        if (dwarf_attr(&scopes[i], DW_AT_call_file, &attribute))
            (void)dwarf_formudata(&attribute, &file);
        if (dwarf_attr(&scopes[i], DW_AT_call_line, &attribute))
            (void)dwarf_formudata(&attribute, &line);
        /* the function around it takes the last place, at the line of the call */
        ret[filled] = ret[filled - 1];
        ret[filled].file = files ? dwarf_filesrc(files, (size_t)file, NULL, NULL) : NULL;
        ret[filled].line = ret[filled].file ? (uint32_t)line : 0;
        ret[filled - 1].symbol = linkage ? readable(symbols, linkage) : name;
        ret[filled - 1].offset = 0;
        filled++;
    }
    give_back(scopes);
    return filled;
}

size_t uf_symbols_find(struct uf_symbols *symbols, uint64_t address, bool return_address,
                       struct uf_symbol *ret, size_t most)
{
    uint64_t wanted = address - (return_address ? 1 : 0);
    Dwfl_Module *module = most > 0 ? dwfl_addrmodule(symbols->dwfl, wanted) : NULL;
    if (!module)
        return 0;
    Dwarf_Addr start = 0;
    const char *main_file = NULL;
    const char *name = dwfl_module_info(module, NULL, &start, NULL, NULL, NULL, &main_file, NULL);
    ret[0] = (struct uf_symbol){.library = main_file ? main_file : name, .offset = address - start};
    GElf_Off offset = 0;
    GElf_Sym symbol;
    const char *known = dwfl_module_addrinfo(module, wanted, &offset, &symbol, NULL, NULL, NULL);
    if (known && *known) {
        ret[0].symbol = readable(symbols, known);
        ret[0].offset = offset + (return_address ? 1 : 0);
    }
    Dwfl_Line *line = dwfl_module_getsrc(module, wanted);
    int number = 0;
    if (line)
        ret[0].file = dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);
    ret[0].line = ret[0].file && number > 0 ? (uint32_t)number : 0;
    return line ? add_inlined(symbols, module, wanted, ret, most) : 1;
}
