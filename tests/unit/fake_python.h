/* fake_python.h - a runtime with interpreters, threads and collector's lists, as little as validate.c and calibrate.c look
 * at, written into bytes that stand for another program's memory. */
#ifndef UF_TESTS_FAKE_PYTHON_H
#define UF_TESTS_FAKE_PYTHON_H

#include "memory/ranges.h"
#include "target/python.h"

#include <string.h>

#define FAKE_BASE UINT64_C(0x10000)
#define FAKE_RUNTIME FAKE_BASE
#define FAKE_INTERPRETER(n) (FAKE_BASE + 0x1000 + (uint64_t)(n) * 0x1000)
#define FAKE_THREAD(n) (FAKE_BASE + 0x8000 + (uint64_t)(n) * 0x100)
#define FAKE_OBJECT(n) (FAKE_BASE + 0xa000 + (uint64_t)(n) * 0x40) /* behind a head of 16 bytes */
#define FAKE_TYPE (FAKE_BASE + 0xc000)
#define FAKE_BYTES 0x10000

enum { NEXT = 0, ID = 8, THREADS = 16, GC = 64 };          /* of an interpreter */
enum { THREAD_NEXT = 0, THREAD_INTERPRETER = 8 };          /* of a thread */
enum { GENERATIONS = 8, STRIDE = 24, PERMANENT = 8 + 80 }; /* of the collector's state */
enum { TYPE_FLAGS = 16, TYPE_SUBCLASS = 4 };

struct fake {
    _Alignas(8) unsigned char bytes[FAKE_BYTES];
    struct uf_ranges ranges;
    struct uf_mappings mappings;
    struct uf_outside_memory memory;
    struct uf_python python;
};

static inline void fake_set(struct fake *fake, uint64_t address, uint64_t value)
{
    memcpy(fake->bytes + (address - FAKE_BASE), &value, sizeof value);
}

/* A list of objects first .. first + count - 1. */
static inline void fake_list(struct fake *fake, uint64_t head, int first, int count)
{
    uint64_t at = head;
    for (int i = 0; i < count; i++) {
        uint64_t next = FAKE_OBJECT(first + i);
        fake_set(fake, next + 16 + 8, FAKE_TYPE);
        fake_set(fake, at, next);
        fake_set(fake, next + 8, at);
        at = next;
    }
    fake_set(fake, at, head);
    fake_set(fake, head + 8, at);
}

static inline void fake_collector(struct fake *fake, uint64_t interpreter, uint64_t gc)
{
    for (int i = 0; i < 3; i++)
        fake_list(fake, interpreter + gc + GENERATIONS + (uint64_t)i * STRIDE, i * 10, i * 3);
    fake_list(fake, interpreter + gc + PERMANENT, 40, 0);
}

/* Interpreters 0 .. count - 1, newest first in the runtime's list; each with one thread. Only the first has
 * objects. */
static inline void fake_open(struct fake *fake, int count)
{
    memset(fake, 0, sizeof *fake);
    fake_set(fake, FAKE_TYPE + 8, FAKE_TYPE);
    fake_set(fake, FAKE_TYPE + TYPE_FLAGS, TYPE_SUBCLASS);
    fake_set(fake, FAKE_RUNTIME, FAKE_INTERPRETER(count - 1));
    for (int i = 0; i < count; i++) {
        uint64_t interpreter = FAKE_INTERPRETER(i);
        fake_set(fake, interpreter + NEXT, i ? FAKE_INTERPRETER(i - 1) : 0);
        fake_set(fake, interpreter + ID, (uint64_t)i);
        fake_set(fake, interpreter + THREADS, FAKE_THREAD(i));
        fake_set(fake, FAKE_THREAD(i) + THREAD_INTERPRETER, interpreter);
        if (i == 0)
            fake_collector(fake, interpreter, GC);
        for (uint64_t list = 0; i > 0 && list < 4; list++)
            fake_list(fake, interpreter + GC + GENERATIONS + list * STRIDE + (list == 3 ? 8 : 0), 0,
                      0);
    }
    uf_ranges_add(&fake->ranges, FAKE_BASE, fake->bytes, sizeof fake->bytes, NULL);
    uf_ranges_seal(&fake->ranges, NULL);
    fake->memory =
        (struct uf_outside_memory){.mappings = &fake->mappings, .source = &fake->ranges.source};
    fake->python.memory = &fake->memory;
    fake->python.location.runtime = FAKE_RUNTIME;
    struct uf_layout_runtime *r = &fake->python.layout.runtime;
    r->interpreter.bytes = 0x200;
    r->interpreter.next = NEXT;
    r->interpreter.id = ID;
    r->interpreter.threads_head = THREADS;
    r->interpreter.gc = GC;
    r->thread.interpreter = THREAD_INTERPRETER;
    r->gc.generations = GENERATIONS;
    r->gc.generation_size = STRIDE;
    r->gc.permanent = PERMANENT;
    r->gc.head_prev = 8;
    r->gc.head_size = 16;
    r->gc.next_flags = r->gc.prev_flags = 3;
    struct uf_layout_objects *lay = &fake->python.layout.objects;
    lay->object.type = 8;
    lay->type.flags = TYPE_FLAGS;
    lay->type.type_bytes = 64;
    lay->type.flag_type_subclass = TYPE_SUBCLASS;
}

static inline void fake_close(struct fake *fake)
{
    uf_python_release(&fake->python);
    uf_ranges_release(&fake->ranges);
}

#endif
