/* python.h - which interpreter runs the target, and what it is told to do first. */
#ifndef UF_CLI_PYTHON_H
#define UF_CLI_PYTHON_H

#include <stdbool.h>
#include <stddef.h>

/* Fills in the path of the interpreter: `given` (--python: a program, the name of one on PATH, or an
 * environment's folder; may be NULL), else the one beside this program, that is of the environment
 * that unfreed is installed in, else VIRTUAL_ENV's, else PATH's. False after a complaint. */
bool uf_python_choose(const char *given, char *ret, size_t size);

/* The argument of `python -c`. It imports the engine and gives it control; when the interpreter
 * cannot be used it says why in one line of standard error and ends with UF_EXIT_USAGE. */
extern const char uf_python_bootstrap[];

#endif
