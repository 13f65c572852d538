/* frames.h - frames: of threads, of frame objects, of generators and their kin.
 *
 * One description serves all versions: on 3.10 a frame is the frame object
 * itself, from 3.11 on a struct of the interpreter that a thread's stack, a
 * generator or a frame object owns. Reading creates nothing: a frame object
 * that Python code has not asked for does not exist and is not made.
 */
#ifndef UF_CPYTHON_FRAMES_H
#define UF_CPYTHON_FRAMES_H

#include "cpython/code.h"

enum uf_frame_owner {
    UF_FRAME_OF_THREAD,
    UF_FRAME_OF_GENERATOR,
    UF_FRAME_OF_OBJECT,
    UF_FRAME_OF_NONE
};

struct uf_frame {
    uint64_t address;
    uint64_t previous;                                          /* caller's frame, or 0 */
    uint64_t code, function, globals, builtins, locals, object; /* 0 = none */
    uint64_t slots;                                             /* address of the first local */
    uint32_t slot_count; /* locals and, where it is known, the stack above them */
    uint8_t owner;       /* enum uf_frame_owner */
    bool executing; /* its stack is in registers of the interpreter loop: only locals are read */
    bool function_counted, code_counted; /* the frame owns a reference to it */
    struct uf_code_info info;            /* address 0 when there is no code object */
    int64_t offset_bytes;                /* of the present instruction in the code */
};

/* False when the frame cannot be read or makes no sense. */
bool uf_frame_read(const struct uf_heap *heap, uint64_t address, struct uf_frame *ret);

/* The line that it has come to; the function's first when it has none. */
int uf_frame_line(const struct uf_heap *heap, const struct uf_frame *frame);

/* What a slot holds, without tag bits; 0 = empty. *counted: the slot owns its reference. */
uint64_t uf_frame_slot(const struct uf_heap *heap, const struct uf_frame *frame, uint32_t index,
                       bool *counted);

/* "local 'y' of f() at app.py:12"; without the line when `generic`; a slot above the locals is a
 * "temporary value of f() at ...". Returns the length, cut to size - 1. */
size_t uf_frame_slot_name(const struct uf_heap *heap, const struct uf_frame *frame, uint32_t index,
                          bool generic, char *ret, size_t size);
/* "f() at app.py:12", or "f()" when `generic`. */
size_t uf_frame_place(const struct uf_heap *heap, const struct uf_frame *frame, bool generic,
                      char *ret, size_t size);

/* References of a frame object, and of a generator, coroutine or asynchronous generator, in
 * canonical order; 0, or -1 when memory is out. What a thread owns (the locals of a frame that
 * still runs) is not among them, as in tp_traverse. */
int uf_frame_object_refs(const struct uf_heap *heap, uint64_t object, uf_refs *refs);

enum uf_generator_kind { UF_GENERATOR, UF_COROUTINE, UF_ASYNC_GENERATOR };
int uf_generator_refs(const struct uf_heap *heap, uint64_t object, enum uf_generator_kind kind,
                      uf_refs *refs);

/* What the ordinal-th reference of such an object is called: a local as above (*is_local set), or a
 * field ("caller's frame", "function", "code"). False when there is no such reference. */
struct uf_frame_ref_name {
    bool is_local;
    char text[200], generic[96];
};
bool uf_frame_object_ref_name(const struct uf_heap *heap, uint64_t object, uint32_t ordinal,
                              struct uf_frame_ref_name *ret);
bool uf_generator_ref_name(const struct uf_heap *heap, uint64_t object, enum uf_generator_kind kind,
                           uint32_t ordinal, struct uf_frame_ref_name *ret);

/* All that such names hang on: equal keys of objects of the same type, equal names for each ordinal. Which of
 * the places that may hold a reference do, in their order; and the frame's code and how far it has come. */
#define UF_FRAME_KEY_WORDS 8
struct uf_frame_key {
    uint64_t code;
    int64_t offset_bytes;
    uint32_t places; /* more than UF_FRAME_KEY_WORDS * 64: there is no key */
    uint32_t count;  /* of references */
    uint64_t held[UF_FRAME_KEY_WORDS];
};
bool uf_frame_object_key(const struct uf_heap *heap, uint64_t object, struct uf_frame_key *ret);
bool uf_generator_key(const struct uf_heap *heap, uint64_t object, enum uf_generator_kind kind,
                      struct uf_frame_key *ret);

#endif
