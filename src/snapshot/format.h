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
#define UF_CHUNK_TARGET UF_CHUNK_ID('e', 'd', 'g', 'e')
#define UF_CHUNK_GUESSED UF_CHUNK_ID('g', 'u', 'e', 's')
#define UF_CHUNK_FORM UF_CHUNK_ID('f', 'o', 'r', 'm')
#define UF_CHUNK_FORM_OWN UF_CHUNK_ID('f', 'o', 'r', '+')
#define UF_CHUNK_FORMS UF_CHUNK_ID('f', 'o', 'r', 't')
#define UF_CHUNK_COUNT UF_CHUNK_ID('r', 'e', 'f', 'c')
#define UF_CHUNK_COUNT_BIG UF_CHUNK_ID('r', 'e', 'f', '+')
#define UF_CHUNK_ADDRESS UF_CHUNK_ID('a', 'd', 'd', 'r')
#define UF_CHUNK_ADDRESS_PARTS UF_CHUNK_ID('a', 'd', 'd', '+')
#define UF_CHUNK_SHAPES UF_CHUNK_ID('s', 'h', 'a', 'p')
#define UF_CHUNK_SHAPE_STRINGS UF_CHUNK_ID('s', 'h', 'a', 't')
#define UF_CHUNK_TEXT_BITS UF_CHUNK_ID('t', 'x', 't', 'b')
#define UF_CHUNK_TEXT_BLOCKS UF_CHUNK_ID('t', 'x', 't', 'i')
#define UF_CHUNK_TEXTS UF_CHUNK_ID('t', 'e', 'x', 't')
#define UF_CHUNK_BOUNDS UF_CHUNK_ID('b', 'o', 'u', 'n')

/* Chunk `cnts`. */
struct uf_format_counts {
    uint32_t nodes, edges, types, roots, guessed, shapes;
    uint32_t shape_parts; /* of all heads and tails */
    uint32_t texts;       /* nodes that have a record */
};

struct uf_format_type {
    uint64_t address;
    uint32_t name, node;
};

/* Chunk `root`: records of a byte, the kind and which of the last two follow, and varints: object, name,
 * label, surplus. */
#define UF_ROOT_HAS_LABEL 0x40
#define UF_ROOT_HAS_SURPLUS 0x80

/* Chunk `form`: 16 bits per node, the number of its form in `fort`; objects of a type mostly have one of a
 * few. UF_FORM_OWN: the node has one of its own, the next in `for+`. */
#define UF_FORM_OWN 65535

struct uf_format_form {
    uint32_t type, shape, size, degree;
    uint8_t flags, zero[3];
};

/* Chunk `for+`, ascending by node. */
struct uf_format_form_own {
    uint64_t size;
    uint32_t node, type, shape, degree;
    uint8_t flags, zero[7];
};

/* Chunk `refc`: 8 bits per node. UF_COUNT_BIG: it is in `ref+`, ascending by node. */
#define UF_COUNT_BIG 254
#define UF_COUNT_IMMORTAL_8 255

struct uf_format_count {
    uint32_t node, count;
};

/* Chunk `addr`: bits 3..34 of each address, 32 bits. Chunk `add+`: bits 35..47, 16 bits for each group of
 * nodes that share them; UF_PARTS_TWO: two of them and a bit for each node of a group; UF_PARTS_DIFFER: each
 * node of the group has its own behind it. */
#define UF_ADDRESS_SHIFT 3
#define UF_ADDRESS_PART_SHIFT 35
#define UF_ADDRESS_PART_MAX (1 << 13) /* addresses are below 2^48: graph/index.h */
#define UF_PARTS_GROUP 64
#define UF_PARTS_TWO 65534
#define UF_PARTS_DIFFER 65535

/* Chunk `shap`: the shapes, then all parts, one shape's head and tail behind the other's. */
struct uf_format_shape {
    uint32_t head_count, tail_count;
    uint32_t same_text, same_generic;
    uint8_t rule, same_kind, zero[2];
};

struct uf_format_part {
    uint32_t text, generic, kind;
};

/* Chunk `text`: records, each begun by a byte that says what follows. A varint has 7 bits in each byte, low
 * ones first; bit 7: more follow. Of 'abc' only abc is kept. */
#define UF_TEXT_QUOTED 100 /* 0..99: so many bytes of text. 100..199: of a text within quotes */
#define UF_TEXT_CUT 200    /* 200..249: the object's length, then so many bytes: 'abc...' */
#define UF_TEXT_LONG 250   /* the number of bytes, the bytes */
#define UF_TEXT_LENGTH                                                                             \
    255 /* the object's length, then such a byte again, but no UF_TEXT_CUT or _LENGTH */
/* What a first byte of the text below 0x20 stands for, with what closes it. */
#define UF_TEXT_OPENINGS                                                                           \
    {                                                                                              \
        {"<function ", ">"}, {"<code ", ">"},     {"<class '", "'>"},                              \
        {"<module '", "'>"}, {"<built-in ", ">"}, {"<method ", ">"},                               \
    }
#define UF_TEXT_OPENING_COUNT 6
#define UF_TEXT_MAX 254 /* bytes of a text, quotes included */
#define UF_TEXTS_PER_BLOCK 64

/* Chunk `boun`, ascending by node. */
struct uf_format_bound {
    uint64_t bound;
    uint32_t node, zero;
};

#endif
