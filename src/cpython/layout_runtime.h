/* layout_runtime.h - where the runtime, its collector, threads, frames and code objects keep their fields.
 *
 * Offsets within an interpreter's or a thread's state exceed 16 bits, so they
 * are 32 bits wide here, and UF_NO_OFFSET marks a field that a version lacks.
 * Object pointers that the interpreter owns are data too: a table of
 * (structure, offset, name), so that walking them knows no version.
 */
#ifndef UF_CPYTHON_LAYOUT_RUNTIME_H
#define UF_CPYTHON_LAYOUT_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#define UF_NO_OFFSET UINT32_MAX
#define UF_GC_GENERATIONS 3

/* How the bytes of a code object's line table are to be read. */
enum uf_line_table {
    UF_LINES_UNKNOWN,
    UF_LINES_STEPS, /* 3.8, 3.9: co_lnotab: (code bytes, signed line delta), delta first to count */
    UF_LINES_PAIRS, /* 3.10: (code bytes, signed line delta), Objects/lnotab_notes.txt */
    UF_LINES_LOCATIONS, /* 3.11+: location entries, Objects/locations.md */
};

/* What a field of the interpreter or of a thread holds. */
enum uf_field_form {
    UF_FIELD_OBJECT,       /* `count` owned object pointers one behind the other; NULL is allowed */
    UF_FIELD_CACHED_NAMES, /* the method cache: `count` entries of `stride` bytes, the name of each is
                            * owned (its value is borrowed) */
    UF_FIELD_POINTERS, /* pointer to an array of owned object pointers; its length is the signed word
                            * at offset `length` of the same structure */
};

/* One owned reference (or several alike) with the name that people understand. */
struct uf_root_field {
    uint32_t offset; /* from the start of the structure */
    uint32_t length; /* UF_FIELD_POINTERS */
    uint32_t count;
    uint16_t stride;
    uint8_t form;      /* enum uf_field_form */
    const char *name;  /* the root: "codecs" */
    const char *label; /* which part of it: "search functions"; NULL = none */
};

struct uf_layout_runtime {
    /* struct pyruntimestate */
    struct {
        uint32_t interpreters_head;
        uint32_t main_thread; /* ident of the first thread (unsigned long) */
        uint32_t gc;          /* 3.8: struct _gc_runtime_state, embedded; later the interpreter's */
        const struct uf_root_field *fields;
    } runtime;

    /* struct _is */
    struct {
        uint32_t bytes; /* of the whole */
        uint32_t next;
        uint32_t id;                        /* int64: 0 is the first one */
        uint32_t threads_head;              /* newest thread state first */
        uint32_t gc;                        /* 3.9+: struct _gc_runtime_state, embedded */
        uint32_t modules;                   /* sys.modules */
        uint32_t interned;                  /* 3.12+: dict of interned strings */
        const struct uf_root_field *fields; /* ended by one whose name is NULL */
        /* 3.10 to 3.13: array of pointers to {func, args, kwargs}, and its length (int) */
        uint32_t atexit_callbacks, atexit_count;
        /* Fields of static builtin types that live here, not in the type (3.12+): an array of
         * structs {type, dict, subclasses} per kind of static type. */
        struct {
            uint32_t at, max, stride, type, dict, subclasses;
        } static_types[2];
    } interpreter;

    /* struct _gc_runtime_state; offsets from its start */
    struct {
        uint32_t enabled, debug, collecting; /* int */
        uint32_t generations; /* UF_GC_GENERATIONS of struct gc_generation, youngest first */
        uint32_t permanent;
        uint32_t generation_size;
        uint32_t threshold, count; /* int, within a generation */
        uint32_t garbage, callbacks;
        uint32_t head_next, head_prev, head_size; /* PyGC_Head */
        /* Bits of _gc_next and _gc_prev that are no part of the address. */
        uint64_t next_flags, prev_flags;
        /* How often each generation was collected. 3.15+ keeps the last few collections of each in a ring,
         * whose newest item has the count; the rings lie behind a pointer. */
        struct {
            uint32_t at; /* of the counts, or of the pointer to the rings */
            uint32_t generation[UF_GC_GENERATIONS]; /* from there: its (first) item */
            uint32_t newest[UF_GC_GENERATIONS]; /* from there: int8, number of the newest item */
            uint32_t item_bytes, collections;   /* of an item; Py_ssize_t in it */
            bool rings;
        } stats;
    } gc;

    /* struct _ts */
    struct {
        uint32_t next;
        uint32_t interpreter; /* whose thread it is */
        uint32_t thread_id;   /* unsigned long */
        uint32_t cframe;      /* 3.11, 3.12: pointer to the struct that holds current_frame */
        uint32_t
            frame; /* before 3.11: PyFrameObject *; 3.11, 3.12: within the cframe; 3.13+: here */
        const struct uf_root_field *fields;
    } thread;

    /* struct _frame: a frame object */
    struct {
        uint32_t back, trace;
        uint32_t frame;                      /* 3.11+: struct _PyInterpreterFrame * */
        uint32_t extra_locals, locals_cache; /* 3.13+ */
        uint32_t overwritten_fast_locals;    /* 3.14+ */
        /* before 3.11: all in the object itself */
        uint32_t generator, value_stack;
        uint32_t stack_depth; /* 3.10: int, -1 while executing */
        uint32_t
            stack_pointer;  /* 3.8, 3.9: behind the last value; NULL: executing, or at its end */
        uint32_t executing; /* 3.8, 3.9: char */
    } frame_object;

    /* struct _PyInterpreterFrame (3.11+), or the same fields of a frame object (before) */
    struct {
        uint32_t code, function, globals, builtins, locals, object, previous;
        uint32_t instruction; /* pointer to code unit; before 3.11: f_lasti (int) */
        /* int: offset from locals_start; UF_NO_OFFSET where a pointer is kept */
        uint32_t stack_top;
        uint32_t stack_pointer; /* 3.14+: pointer behind the last value, NULL while executing */
        uint32_t owner;         /* char */
        uint32_t locals_start;  /* localsplus */
        uint8_t tag_mask;       /* low bits of a value that are no part of the address (3.14+) */
        uint8_t borrowed_tag;   /* of these: set = not counted */
    } frame;

    /* enum _frameowner; from owned_by_interpreter on, a frame runs no Python code */
    int8_t owned_by_thread, owned_by_generator, owned_by_frame_object, owned_by_interpreter;

    /* PyGenObject and its kin */
    struct {
        uint32_t
            frame; /* before 3.11: PyFrameObject *; 3.11+: struct _PyInterpreterFrame, embedded */
        uint32_t code; /* before 3.12 */
        uint32_t name, qualname;
        uint32_t exc_state;
        uint32_t origin_or_finalizer; /* 3.11+ */
        uint32_t coroutine_origin,
            async_finalizer; /* before 3.11: separate, behind the common part */
        uint32_t state;      /* int8; 3.11+ */
        int8_t state_cleared;
    } generator;

    /* struct _err_stackitem */
    struct {
        uint32_t type, value, traceback; /* type and traceback: before 3.11 */
    } exc_item;

    /* PyCodeObject */
    struct {
        uint32_t first_line, nlocals, nlocalsplus, stack_size;
        uint32_t varnames, cellvars, freevars; /* before 3.11 */
        uint32_t localsplus_names, localsplus_kinds;
        uint32_t filename, name, qualname;
        uint32_t line_table;
        uint32_t code_bytes;      /* 3.11+: first code unit; before: the bytes object */
        uint8_t line_form;        /* enum uf_line_table */
        uint8_t instruction_unit; /* before 3.11: bytes that f_lasti counts in */
        /* bits of localsplus_kinds */
        uint8_t kind_cell, kind_free;
    } code;

    /* _Py_DebugOffsets, at the start of the runtime (3.13+): where in it the offset of a field is told,
     * 0 = not there (the table begins with a cookie). debug_offsets.c says which field. */
    struct {
        uint16_t bytes; /* of the table */
        uint16_t interpreters_head, interpreter_bytes, interpreter_id, interpreter_next,
            threads_head, gc, modules, thread_next, thread_interpreter, thread_frame, thread_id,
            frame_previous, frame_code, frame_instruction, frame_locals, frame_owner, frame_stack,
            code_filename, code_name, code_qualname, code_lines, code_first_line, code_locals,
            code_kinds, code_bytes, object_bytes, object_type, type_bytes, type_name, type_flags,
            type_basic_size, type_dict_offset, heap_type_bytes, cached_keys, tuple_items,
            list_items, list_bytes, set_used, set_table, set_mask, dict_bytes, dict_keys,
            dict_values, float_value, int_size, int_digits, bytes_data, str_state, str_length,
            ascii_bytes, compact_bytes, collecting, generator_name, generator_frame,
            generator_state;
    } told;
};

#endif
