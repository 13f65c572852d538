#include "report/steps_json.h"

void uf_steps_json(struct uf_json *json, const char *key, const struct uf_path_step *steps,
                   size_t count)
{
    uf_json_open_array(json, key, UF_JSON_LINES);
    for (size_t i = 0; i < count; i++) {
        uf_json_open_object(json, NULL, UF_JSON_INLINE);
        uf_json_text(json, "object", steps[i].object);
        uf_json_text(json, "type", steps[i].type);
        uf_json_text(json, "edge", steps[i].edge);
        uf_json_bool(json, "suspect", steps[i].suspect);
        uf_json_bool(json, "guessed", steps[i].guessed);
        uf_json_close(json);
    }
    uf_json_close(json);
}
