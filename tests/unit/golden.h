/* golden.h - compares a text with the file in golden/ beside this one.
 *
 * UNFREED_GOLDEN=write rewrites the files; read the difference before you keep it.
 */
#ifndef UF_TESTS_UNIT_GOLDEN_H
#define UF_TESTS_UNIT_GOLDEN_H

#include "test.h"

#include <stdbool.h>
#include <stdlib.h>

#define GOLDEN_BYTES 65536

static inline void expect_golden(const char *name, const char *text)
{
    static char expected[GOLDEN_BYTES];
    const char *mode = getenv("UNFREED_GOLDEN");
    const char *slash = strrchr(__FILE__, '/');
    char path[512];
    snprintf(path, sizeof path, "%.*sgolden/%s", slash ? (int)(slash - __FILE__) + 1 : 0, __FILE__,
             name);
    bool write = mode && strcmp(mode, "write") == 0;
    FILE *file = fopen(path, write ? "w" : "r");
    EXPECT(file != NULL);
    if (!file)
        return;
    if (write)
        fputs(text, file);
    else
        expected[fread(expected, 1, sizeof expected - 1, file)] = '\0';
    fclose(file);
    if (!write)
        EXPECT_TEXT(text, expected);
}

#endif
