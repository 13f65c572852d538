/* baseline.h - ids of findings that are known already, from a file.
 *
 * The file is either an earlier `unfreed check --json` report, of which
 * findings[].id count, or plain text with one id per line (empty lines and
 * lines that start with '#' do not count). A report that is cut off or not
 * JSON is refused as a whole: half a baseline would fail somebody's build for
 * findings that they had accepted.
 */
#ifndef UF_CLI_BASELINE_H
#define UF_CLI_BASELINE_H

#include "options.h"

#include <stdbool.h>
#include <stddef.h>

struct uf_baseline {
    struct uf_texts ids;
    struct uf_texts files; /* the memory that the ids are in */
};

/* Adds the ids of the file. False after a complaint; the baseline is as before then. */
bool uf_baseline_read(struct uf_baseline *baseline, const char *path);
void uf_baseline_release(struct uf_baseline *baseline);

/* The same for a file in memory: NULL, or what is wrong with it and in which line. The ids point
 * into `bytes`, which is decoded in place; bytes[len] has to be writable. `ids` is as before when
 * something is wrong. */
const char *uf_baseline_parse(char *bytes, size_t len, struct uf_texts *ids, size_t *line);

#endif
