/* gzip.h - compresses what goes into a sink, in the format of gzip(1) (RFC 1952).
 *
 * zlib's own memory comes from base/mem.h: nothing of it calls malloc. The same
 * bytes give the same file: no time and no name are in its header. Failures of
 * the sink are the sink's; {0} is a released writer.
 */
#ifndef UF_EXPORT_GZIP_H
#define UF_EXPORT_GZIP_H

#include "base/error.h"
#include "base/sink.h"

#include <zlib.h>

struct uf_gzip {
    z_stream stream;
    struct uf_sink *sink;
    bool open, failed;
};

enum uf_code uf_gzip_open(struct uf_gzip *gzip, struct uf_sink *sink, struct uf_error *err);
void uf_gzip_add(struct uf_gzip *gzip, const void *bytes, size_t len);
/* Writes the rest. UF_ENOMEM, UF_EINTERNAL. */
enum uf_code uf_gzip_finish(struct uf_gzip *gzip, struct uf_error *err);
void uf_gzip_release(struct uf_gzip *gzip);

#endif
