/* steps_json.h - a walk over references as JSON: [{object, type, edge, suspect}, ...], in every schema. */
#ifndef UF_REPORT_STEPS_JSON_H
#define UF_REPORT_STEPS_JSON_H

#include "analysis/result.h"
#include "report/json.h"

void uf_steps_json(struct uf_json *json, const char *key, const struct uf_path_step *steps,
                   size_t count);

#endif
