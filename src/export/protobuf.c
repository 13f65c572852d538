#include "export/protobuf.h"

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

void uf_protobuf_varint(struct uf_text *ret, uint64_t value)
{
    char bytes[UF_VARINT_MAX];
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[len++] = (char)(value | 0x80);
    bytes[len++] = (char)value;
    uf_text_add(ret, bytes, len);
}

void uf_protobuf_number(struct uf_text *ret, unsigned field, uint64_t value)
{
    if (value == 0)
        return;
    uf_protobuf_varint(ret, (uint64_t)field << 3 | WIRE_VARINT);
    uf_protobuf_varint(ret, value);
}

void uf_protobuf_bytes(struct uf_text *ret, unsigned field, const char *bytes, size_t len)
{
    uf_protobuf_varint(ret, (uint64_t)field << 3 | WIRE_BYTES);
    uf_protobuf_varint(ret, len);
    uf_text_add(ret, bytes, len);
}
