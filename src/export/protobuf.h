/* protobuf.h - the wire format of Protocol Buffers, as far as a writer needs it.
 *
 * Fields are appended to a text buffer, whose `failed` says that memory was out.
 * Facts: protobuf.dev, "Encoding": a field is a varint of number << 3 | type;
 * type 0 is a varint of 7 bits at a time, least first; type 2 a length and so
 * many bytes. Fields that are 0 may be left out.
 */
#ifndef UF_EXPORT_PROTOBUF_H
#define UF_EXPORT_PROTOBUF_H

#include "base/text.h"

#include <stdint.h>

#define UF_VARINT_MAX 10 /* bytes of a 64-bit number */

void uf_protobuf_varint(struct uf_text *ret, uint64_t value);
/* Nothing for a value of 0, which is what a reader assumes. */
void uf_protobuf_number(struct uf_text *ret, unsigned field, uint64_t value);
void uf_protobuf_bytes(struct uf_text *ret, unsigned field, const char *bytes, size_t len);

#endif
