/* arrow_file.h - an Arrow stream into a file of Arrow's IPC file format ("Feather 2").
 *
 *     "ARROW1" 0 0 | schema | dictionaries | batches | end of stream | footer | its length | "ARROW1"
 *
 * Each message is 0xffffffff, the length of its metadata, the metadata (a
 * FlatBuffer, arrow_message.h), then its body; all bodies and buffers begin at
 * multiples of 64, so that a reader can map the file and copy nothing. Written
 * from front to back, batch by batch. The dictionary of a column is written
 * once, from the first batch: a stream whose batches have different ones is
 * refused (UF_EUNSUPPORTED), as the format has no way to replace one.
 */
#ifndef UF_EXPORT_ARROW_FILE_H
#define UF_EXPORT_ARROW_FILE_H

#include "base/sink.h"
#include "export/arrow_abi.h"

/* Reads `stream` to its end, does not release it, does not commit the sink. `go_on` (may be NULL) is asked
 * after each batch: false ends the file there, and whoever said so knows. UF_ENOMEM, UF_EUNSUPPORTED,
 * UF_EIO with what the stream said; a sink that fails says so when it is committed. */
enum uf_code uf_arrow_file_write(struct uf_sink *sink, struct ArrowArrayStream *stream,
                                 bool (*go_on)(void *context), void *context, struct uf_error *err);

#endif
