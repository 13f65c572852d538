#include "symbols/symbols.h"

#include "test.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t address_of(void *(*function)(void))
{
    return (uint64_t)(uintptr_t)function;
}

static __attribute__((noinline)) void *return_address(void)
{
    return __builtin_return_address(0);
}

static __attribute__((noinline)) void *known_function(void)
{
    void *behind_the_call = return_address();
    __asm__ volatile("" ::: "memory"); /* no tail call */
    return behind_the_call;
}
static const uint32_t line_of_the_call = __LINE__ - 4;

static struct uf_symbols *symbols;

TEST(a_function_of_this_program_has_its_name_file_and_line)
{
    struct uf_symbol found[4];
    size_t count = uf_symbols_find(symbols, (uint64_t)(uintptr_t)known_function(), true, found, 4);
    EXPECT(count == 1);
    EXPECT(found[0].symbol && !strcmp(found[0].symbol, "known_function"));
    EXPECT(found[0].library && strstr(found[0].library, "test_symbols"));
    EXPECT(found[0].file && strstr(found[0].file, "test_symbols.c"));
    EXPECT(found[0].line == line_of_the_call);
    EXPECT(found[0].offset > 0 && found[0].offset < 200);
}

TEST(the_start_of_a_function_is_at_offset_0)
{
    struct uf_symbol found[4];
    EXPECT(uf_symbols_find(symbols, address_of(known_function), false, found, 4) == 1);
    EXPECT(found[0].offset == 0);
}

/* With something to do before and after, so that the call lies within it whatever the compiler moves. */
static inline __attribute__((always_inline)) void *inlined(void)
{
    static volatile int steps;
    steps++;
    void *behind_the_call = return_address();
    steps++;
    return behind_the_call;
}

static __attribute__((noinline)) void *holder(void)
{
    void *behind_the_call = inlined();
    __asm__ volatile("" ::: "memory");
    return behind_the_call;
}

TEST(an_inlined_function_comes_before_the_one_that_holds_it)
{
    struct uf_symbol found[4];
    size_t count = uf_symbols_find(symbols, (uint64_t)(uintptr_t)holder(), true, found, 4);
    EXPECT(count == 2);
    EXPECT(count == 2 && !strcmp(found[0].symbol, "inlined"));
    EXPECT(count == 2 && !strcmp(found[1].symbol, "holder"));
    EXPECT(count == 2 && found[0].line < found[1].line);
    EXPECT(uf_symbols_find(symbols, (uint64_t)(uintptr_t)holder(), true, found, 1) == 1);
}

TEST(a_function_of_the_c_library_has_its_library)
{
    struct uf_symbol found[4];
    EXPECT(uf_symbols_find(symbols, (uint64_t)(uintptr_t)getpagesize, false, found, 4) >= 1);
    EXPECT(found[0].library && strstr(found[0].library, "libc"));
    EXPECT(found[0].symbol && strstr(found[0].symbol, "getpagesize"));
}

TEST(an_address_in_no_library_has_no_name)
{
    struct uf_symbol found[4];
    /* the middle: its ends may lie in the last page of a library, which is rounded up */
    const size_t size = (size_t)64 << 20;
    void *room = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    EXPECT(room != MAP_FAILED);
    uint64_t middle = (uint64_t)(uintptr_t)room + size / 2;
    EXPECT(uf_symbols_find(symbols, middle, true, found, 4) == 0);
    EXPECT(uf_symbols_find(symbols, 1, true, found, 4) == 0);
    munmap(room, size);
}

int main(void)
{
    EXPECT(uf_symbols_open(&symbols, NULL) == UF_OK);
    RUN(a_function_of_this_program_has_its_name_file_and_line);
    RUN(the_start_of_a_function_is_at_offset_0);
    RUN(an_inlined_function_comes_before_the_one_that_holds_it);
    RUN(a_function_of_the_c_library_has_its_library);
    RUN(an_address_in_no_library_has_no_name);
    uf_symbols_close(symbols);
    return test_end();
}
