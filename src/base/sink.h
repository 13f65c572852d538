/* sink.h - writes a file from front to back, so that it is whole or not there.
 *
 *     struct uf_sink sink;
 *     if (uf_sink_open(&sink, path, err))
 *         return err->code;
 *     uf_sink_add_z(&sink, "...");
 *     ...
 *     enum uf_code code = uf_sink_commit(&sink, err);
 *     uf_sink_release(&sink);
 *
 * Bytes go through a buffer of fixed size into a temporary file beside the
 * final name (mode 0600; it has no name, and goes with its writer, where the file
 * system can do that, else "unfreed-XXXXXX.partial"); uf_sink_commit() puts it in
 * place when it is whole and on the disk. Without a commit uf_sink_release() removes
 * it: a file that stood under the name before is untouched after any failure.
 * A symbolic link is followed; what is no regular file (/dev/stdout, a pipe) is
 * written to directly.
 *
 * The first failed system call is remembered, further writing does nothing, and
 * the commit says so. {0} is a released sink. Makes no use of the heap but one
 * block of base/mem.h.
 */
#ifndef UF_BASE_SINK_H
#define UF_BASE_SINK_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UF_SINK_ROOM 4096 /* most that may be asked for by uf_sink_room() */

struct uf_sink {
    char *buffer;
    size_t used;       /* bytes in the buffer */
    uint64_t written;  /* bytes before those in the buffer */
    int os_errno;      /* of the first failure; 0: none */
    int fd;            /* -1: none */
    char *path, *temp; /* the final name and the present one; temp is NULL for what is no file */
    bool nameless;     /* the present name is not given yet */
    struct uf_text *text;
};

/* On failure (UF_EIO, UF_ENOMEM) the sink is released and nothing was changed. */
enum uf_code uf_sink_open(struct uf_sink *sink, const char *path, struct uf_error *err);
/* Writes to what the descriptor leads to, through a copy of it; `name` is for messages. */
enum uf_code uf_sink_open_fd(struct uf_sink *sink, int fd, const char *name, struct uf_error *err);
/* Writes behind `text` instead, which the caller keeps and releases. */
enum uf_code uf_sink_open_text(struct uf_sink *sink, struct uf_text *text, struct uf_error *err);

void uf_sink_add(struct uf_sink *sink, const void *bytes, size_t len);
void uf_sink_add_z(struct uf_sink *sink, const char *string);
/* At most UF_SINK_ROOM bytes come of it. */
void uf_sink_printf(struct uf_sink *sink, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* For those who write in place: room for `len` bytes (UF_SINK_ROOM at most), never NULL, valid until the
 * next call; then how many of them were filled. */
char *uf_sink_room(struct uf_sink *sink, size_t len);
void uf_sink_took(struct uf_sink *sink, size_t len);

uint64_t uf_sink_offset(const struct uf_sink *sink); /* bytes added so far */
/* Nothing more will be written: a long piece of work may stop here, and lets the commit say why. */
bool uf_sink_failed(const struct uf_sink *sink);

/* The file stands under its name, or UF_EIO (UF_ENOMEM for a text). Release it in either case. */
enum uf_code uf_sink_commit(struct uf_sink *sink, struct uf_error *err);
void uf_sink_release(struct uf_sink *sink);

#endif
