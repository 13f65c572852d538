/* holders.h - all references that hold what a finding is about, where one to each is not enough. */
#ifndef UF_ANALYSIS_HOLDERS_H
#define UF_ANALYSIS_HOLDERS_H

#include "analysis/edges.h"
#include "analysis/findings_private.h"

/* The references by which all that stays holds members: what stays is what lives on when no
 * reference leads to a member any more. If cutting these frees all members, and they are few for
 * each, *enough is true and `cuts`, freed[] and the figures tell of them; else these are as they
 * were. */
enum uf_code uf_holders_cut_all(const struct uf_load *load, const struct uf_search *search,
                                uf_edge_vec *cuts, uint8_t *freed, uint64_t *objects,
                                uint64_t *bytes, bool *enough, struct uf_error *err);

/* Enters those of one member as candidates of the finding, and into its advice. */
enum uf_code uf_holders_tell(const struct uf_load *load, const struct uf_search *search,
                             const uf_edge_vec *cuts, struct uf_finding *finding,
                             struct uf_error *err);

#endif
