/* A program that looks like a CPython and is none that can be read: the memory that a build of it would have at
 * the beginning of its runtime, for tests of what is refused and how.
 *
 *     pretender VERSION_HEX FREE_THREADED     says "null", waits for the end of its standard input
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* CPython 3.13 Include/internal/pycore_debug_offsets.h: struct _Py_DebugOffsets begins like this */
struct {
    char cookie[8];
    uint64_t version, free_threaded;
    uint64_t rest[1000];
} _PyRuntime; // NOLINT

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    memcpy(_PyRuntime.cookie, "xdebugpy", sizeof _PyRuntime.cookie);
    _PyRuntime.version = strtoull(argv[1], NULL, 16);
    _PyRuntime.free_threaded = strtoull(argv[2], NULL, 10);
    puts("null");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return 0;
}
