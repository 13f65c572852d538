/* tally.h - named counts read at the same moments as the groups: which sort of thing grows.
 *
 *     uf_tally_begin(&tally, calls, err);
 *     for each thing: uf_tally_count(&tally, "socket to 127.0.0.1:*", err);
 *     uf_tally_end(&tally, err);
 *
 * Every sort has a point for every reading: 0 where it was not counted. A
 * reading after as many calls as the one before replaces it. Beyond
 * UF_TALLY_SORTS_MAX sorts, new ones are counted together as UF_TALLY_OTHERS.
 * {0} is empty.
 */
#ifndef UF_ANALYSIS_TALLY_H
#define UF_ANALYSIS_TALLY_H

#include "analysis/growth.h"
#include "base/error.h"
#include "base/strings.h"
#include "base/vec.h"

#define UF_TALLY_SORTS_MAX 256
#define UF_TALLY_OTHERS "others"

struct uf_tally_sort {
    uint32_t name; /* in tally->names */
    double now;
    UF_VEC(struct uf_growth_point) points;
};

struct uf_tally {
    struct uf_strings names;
    UF_VEC(struct uf_tally_sort) sorts;
    UF_VEC(uint32_t) calls; /* of each reading */
};

enum uf_code uf_tally_begin(struct uf_tally *tally, uint32_t calls, struct uf_error *err);
enum uf_code uf_tally_count(struct uf_tally *tally, const char *name, struct uf_error *err);
enum uf_code uf_tally_end(struct uf_tally *tally, struct uf_error *err);
void uf_tally_release(struct uf_tally *tally);

const char *uf_tally_name(const struct uf_tally *tally, size_t sort);
/* The number of a sort counted before, or SIZE_MAX. */
size_t uf_tally_find(const struct uf_tally *tally, const char *name);
struct uf_growth uf_tally_judge(const struct uf_tally *tally, size_t sort);
/* How many more there are than at the first reading. */
double uf_tally_gain(const struct uf_tally *tally, size_t sort);

#endif
