/* output.h - the last step of every command: bytes to standard output, one line to standard error. */
#ifndef UF_CLI_OUTPUT_H
#define UF_CLI_OUTPUT_H

#include <stddef.h>

/* Writes "unfreed: " and the text as one line of standard error, in one write; control characters
 * become '?'. Returns `exit_code`, so that a command ends with `return uf_complain(...)`. */
int uf_complain(int exit_code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes to standard output and returns the exit code to end with: `exit_code` when all was written
 * or when the reader has gone (a closed pipe: said by nobody, as in other tools), else UF_EXIT_INPUT
 * after a complaint (full disk, standard output closed). */
int uf_output_write(const char *bytes, size_t len, int exit_code);

#endif
