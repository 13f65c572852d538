/* format.h - the numbers of the snapshot format: docs/snapshot-format.md says what they mean.
 *
 *     header | chunk | padding | chunk | padding | ... | table of contents | trailer
 */
#ifndef UF_SNAPSHOT_FORMAT_H
#define UF_SNAPSHOT_FORMAT_H

#include <stdint.h>

#define UF_FORMAT_VERSION 1
#define UF_FORMAT_MAGIC "\x89UNF\r\n\x1a\n" /* 8 bytes; a transfer as text or as 7 bits spoils it */
#define UF_FORMAT_END "END\n"

#define UF_FORMAT_ALIGN 8 /* chunks begin at multiples of it */
#define UF_FORMAT_CHUNKS_MAX 1024

struct uf_format_header {
    char magic[8];
    uint32_t version;
    uint32_t crc; /* of the bytes before it */
};

struct uf_format_entry {
    uint32_t id;
    uint32_t crc; /* of the chunk and the padding behind it */
    uint64_t offset, length;
};

struct uf_format_trailer {
    uint64_t toc_offset;
    uint64_t file_bytes;
    uint32_t chunk_count;
    uint32_t toc_crc;
    uint32_t crc; /* of the bytes before it */
    char end[4];
};

_Static_assert(sizeof(struct uf_format_header) == 16, "as docs/snapshot-format.md says");
_Static_assert(sizeof(struct uf_format_entry) == 24, "as docs/snapshot-format.md says");
_Static_assert(sizeof(struct uf_format_trailer) == 32, "as docs/snapshot-format.md says");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the file is read in place");

#define UF_CHUNK_ID(a, b, c, d)                                                                    \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/* Every file has each of these, though many are mostly empty. */
#define UF_CHUNK_META UF_CHUNK_ID('m', 'e', 't', 'a')
#define UF_CHUNK_COUNTS UF_CHUNK_ID('c', 'n', 't', 's')
#define UF_CHUNK_STRINGS UF_CHUNK_ID('s', 't', 'r', 's')
#define UF_CHUNK_TYPES UF_CHUNK_ID('t', 'y', 'p', 's')
#define UF_CHUNK_ROOTS UF_CHUNK_ID('r', 'o', 'o', 't')
#define UF_CHUNK_DEGREE UF_CHUNK_ID('d', 'e', 'g', 'r')
#define UF_CHUNK_DEGREE_BIG UF_CHUNK_ID('d', 'e', 'g', '+')
#define UF_CHUNK_TARGET UF_CHUNK_ID('e', 'd', 'g', 'e')
#define UF_CHUNK_GUESSED UF_CHUNK_ID('g', 'u', 'e', 's')
#define UF_CHUNK_SIZE UF_CHUNK_ID('s', 'i', 'z', 'e')
#define UF_CHUNK_SIZE_BIG UF_CHUNK_ID('s', 'i', 'z', '+')
#define UF_CHUNK_FLAGS UF_CHUNK_ID('f', 'l', 'a', 'g')
#define UF_CHUNK_TYPE UF_CHUNK_ID('t', 'y', 'p', 'e')
#define UF_CHUNK_ADDRESS UF_CHUNK_ID('a', 'd', 'd', 'r')
#define UF_CHUNK_ADDRESS_PART UF_CHUNK_ID('a', 'd', 'd', '+')
#define UF_CHUNK_ADDRESS_PARTS UF_CHUNK_ID('a', 'd', 'd', 't')
#define UF_CHUNK_COUNT UF_CHUNK_ID('r', 'e', 'f', 'c')
#define UF_CHUNK_COUNT_BIG UF_CHUNK_ID('r', 'e', 'f', '+')
#define UF_CHUNK_SHAPE UF_CHUNK_ID('s', 'h', 'a', 'p')
#define UF_CHUNK_SHAPE_BIG UF_CHUNK_ID('s', 'h', 'a', '+')
#define UF_CHUNK_SHAPE_LISTS UF_CHUNK_ID('s', 'h', 'a', 'l')
#define UF_CHUNK_SHAPES UF_CHUNK_ID('s', 'h', 'a', 's')
#define UF_CHUNK_SHAPE_STRINGS UF_CHUNK_ID('s', 'h', 'a', 't')
#define UF_CHUNK_TEXT_BITS UF_CHUNK_ID('t', 'x', 't', 'b')
#define UF_CHUNK_TEXT_BLOCKS UF_CHUNK_ID('t', 'x', 't', 'i')
#define UF_CHUNK_TEXTS UF_CHUNK_ID('t', 'e', 'x', 't')
#define UF_CHUNK_BOUNDS UF_CHUNK_ID('b', 'o', 'u', 'n')

/* What stands in a narrow column where the value is in the table behind it. */
#define UF_DEGREE_BIG 255
#define UF_SIZE_BIG_16 65535
#define UF_COUNT_BIG 254
#define UF_COUNT_IMMORTAL_8 255
#define UF_SHAPE_BIG 255

#define UF_TYPES_NARROW 65536  /* up to so many types the column of types has 16 bits, else 32 */
#define UF_PARTS_NARROW 256    /* up to so many high parts of addresses their column has 8 bits, else 16 */
#define UF_ADDRESS_SHIFT 3     /* objects lie at multiples of 8 */
#define UF_ADDRESS_PART_MAX (1 << 13) /* addresses are below 2^48: base/index.h */

/* A record of `text`: the number of its bytes and the bytes; or this, the object's length as a varint
 * (7 bits a byte, low ones first, bit 7: more follow), the number of the text's bytes and the bytes. */
#define UF_TEXT_LENGTH 255
#define UF_TEXT_MAX 254 /* bytes of a text */
#define UF_VARINT_MAX 10
#define UF_TEXTS_PER_BLOCK 64

/* Chunk `cnts`. */
struct uf_format_counts {
    uint32_t nodes, edges, types, roots, guessed, shapes;
    uint32_t shape_parts; /* of all heads and tails */
    uint32_t texts;       /* nodes that have one */
};

/* Chunks `deg+`, `ref+`, `sha+`: ascending by node. */
struct uf_format_exception {
    uint32_t node, value;
};

/* Chunks `siz+` and `boun`: ascending by node. */
struct uf_format_wide {
    uint64_t value;
    uint32_t node, zero;
};

struct uf_format_type {
    uint64_t address;
    uint32_t name, node;
};

struct uf_format_root {
    uint32_t node, name, label, surplus, kind;
};

/* Chunk `shas`: the shapes, then all parts, one shape's head and tail behind the other's. */
struct uf_format_shape {
    uint32_t head_count, tail_count;
    uint32_t same_text, same_generic;
    uint8_t rule, same_kind, zero[2];
};

struct uf_format_part {
    uint32_t text, generic, kind;
};

#endif
