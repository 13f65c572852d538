/* profile.h - writes a profile as pprof reads it: a gzip file of one protobuf message.
 *
 *     uf_profile_open(&p, &sink, err);
 *     uf_profile_program(&p, "/usr/bin/python3");
 *     frames[0] = uf_profile_frame(&p, "inner", "", 0);
 *     frames[1] = uf_profile_frame(&p, "outer", "", 0);
 *     uf_profile_sample(&p, frames, 2, &(struct uf_profile_weight){objects, bytes, "dict"});
 *     uf_profile_finish(&p, time_ns, err);
 *     uf_profile_release(&p);
 *
 * The message is proto/profile.proto of github.com/google/pprof. Its two sample
 * types are inuse_objects/count and inuse_space/bytes, in that order, as Go's
 * own heap profiles have them; inuse_space is shown unless another is asked for.
 * Samples are written as they come; what is kept is one copy of each text. Want
 * of memory shows at uf_profile_finish(). {0} is a released profile.
 */
#ifndef UF_EXPORT_PROFILE_H
#define UF_EXPORT_PROFILE_H

#include "base/map.h"
#include "base/strings.h"
#include "export/gzip.h"

struct uf_profile {
    struct uf_gzip gzip;
    struct uf_strings strings;                    /* the message's string table */
    struct uf_map functions;                      /* (name, file) -> id, from 1 */
    struct uf_map locations;                      /* (function, line) -> id, from 1 */
    struct uf_text message, inner, framed, clean; /* in the making */
    bool failed;                                  /* memory was out */
};

struct uf_profile_weight {
    uint64_t objects, bytes;
    const char *type; /* the label "type" of the sample, or NULL */
};

enum uf_code uf_profile_open(struct uf_profile *profile, struct uf_sink *sink,
                             struct uf_error *err);
/* The program that it is about; to be said once. Without it pprof complains that it is not known. */
void uf_profile_program(struct uf_profile *profile, const char *file);
/* A line that `pprof -comments` shows. */
void uf_profile_comment(struct uf_profile *profile, const char *text);
/* The id of a place in a stack; equal places have equal ids. `file` may be empty, `line` 0. */
uint32_t uf_profile_frame(struct uf_profile *profile, const char *name, const char *file,
                          uint32_t line);
/* `frames`: innermost first. */
void uf_profile_sample(struct uf_profile *profile, const uint32_t *frames, size_t count,
                       const struct uf_profile_weight *weight);
/* `time_ns`: when it was taken (CLOCK_REALTIME), 0: not known. UF_ENOMEM, UF_EINTERNAL. */
enum uf_code uf_profile_finish(struct uf_profile *profile, uint64_t time_ns, struct uf_error *err);
void uf_profile_release(struct uf_profile *profile);

#endif
