#define Py_BUILD_CORE 1
#include <Python.h>
#include <frameobject.h>
#include <pycore_interp.h>
#include <pycore_runtime.h>
#if PY_VERSION_HEX >= 0x030d0000
#include <pycore_freelist.h>
#endif

#include "pyext/freelists.h"
#include "track/blocks.h"

#include <string.h>

enum kind { TUPLES, FLOATS, LISTS, DICTS, OTHERS, KINDS, NO_KIND = KINDS };

/* One freelist: a chain, or an array where `chain` is NULL, and how many wait in it. */
#if PY_VERSION_HEX >= 0x030e0000
typedef Py_ssize_t count;
#else
typedef int count;
#endif
struct freelist {
    enum kind kind;
    void **chain;
    count *waiting;
};

#define CHAIN(member) ((void **)(void *)&(member))

#if PY_VERSION_HEX >= 0x030e0000

/* All have one form; code that pushes asks for a size from 0 to the most, code that pops for a chain
 * (_PyFreeList_Push() and _PyFreeList_PopNoStats(), pycore_freelist.h). */
#define SHUT (-1)
#define FREELISTS (sizeof(struct _Py_freelists) / sizeof(struct _Py_freelist))

static struct freelist freelist_at(size_t number)
{
    struct _Py_freelists *lists = &PyInterpreterState_Main()->object_state.freelists;
    struct _Py_freelist *list = (struct _Py_freelist *)(void *)lists + number;
    return (struct freelist){OTHERS, &list->freelist, &list->size};
}

static bool can_be_shut(enum kind kind)
{
    (void)kind;
    return true;
}

#elif PY_VERSION_HEX >= 0x030d0000

#define SHUT (-1)
#define FREELISTS (PyTuple_NFREELISTS + 4)

static struct freelist freelist_at(size_t number)
{
    struct _Py_object_freelists *lists = &PyInterpreterState_Main()->object_state.freelists;
    switch (number) {
    case 0:
        return (struct freelist){FLOATS, CHAIN(lists->floats.items), &lists->floats.numfree};
    case 1:
        return (struct freelist){LISTS, NULL, &lists->lists.numfree};
    case 2:
        return (struct freelist){DICTS, NULL, &lists->dicts.numfree};
    case 3:
        return (struct freelist){DICTS, NULL, &lists->dictkeys.numfree};
    default:
        return (struct freelist){TUPLES, CHAIN(lists->tuples.items[number - 4]),
                                 &lists->tuples.numfree[number - 4]};
    }
}

static bool can_be_shut(enum kind kind)
{
    return kind != OTHERS;
}

#else

/* Code that pushes asks whether fewer than the most wait, code that pops for a chain (CPython 3.10
 * Objects/tupleobject.c and floatobject.c; the same in 3.11 and 3.12). Lists and dicts lie in arrays:
 * there the count alone decides both. */
#define SHUT (1 << 30)
#if PY_VERSION_HEX >= 0x030b0000
#define FIRST_TUPLES 0
#define TUPLE_LISTS PyTuple_NFREELISTS
#else
#define FIRST_TUPLES 1 /* [0] is the empty tuple */
#define TUPLE_LISTS (PyTuple_MAXSAVESIZE - 1)
#endif
#define FREELISTS (TUPLE_LISTS + 1)

static struct freelist freelist_at(size_t number)
{
    PyInterpreterState *interpreter = PyInterpreterState_Main();
    if (number == 0)
        return (struct freelist){FLOATS, CHAIN(interpreter->float_state.free_list),
                                 &interpreter->float_state.numfree};
    number = number - 1 + FIRST_TUPLES;
    return (struct freelist){TUPLES, CHAIN(interpreter->tuple.free_list[number]),
                             &interpreter->tuple.numfree[number]};
}

static bool can_be_shut(enum kind kind)
{
    return kind != OTHERS;
}

#endif

/* By kind, a bit per call. */
static uint8_t was_open[KINDS][UF_CALLS_MAX / 8];

static bool is_shut(const struct freelist *list)
{
    return *list->waiting == SHUT && (!list->chain || !*list->chain);
}

void uf_freelists_shut(void)
{
    for (size_t i = 0; i < FREELISTS; i++) {
        struct freelist list = freelist_at(i);
        if (*list.waiting == 0 && (!list.chain || !*list.chain))
            *list.waiting = SHUT;
    }
}

void uf_freelists_check(uint32_t call)
{
    for (size_t i = 0; i < FREELISTS; i++) {
        struct freelist list = freelist_at(i);
        if (!is_shut(&list))
            was_open[list.kind][call / 8] |= (uint8_t)(1U << call % 8);
    }
}

void uf_freelists_open(void)
{
    for (size_t i = 0; i < FREELISTS; i++) {
        struct freelist list = freelist_at(i);
        if (is_shut(&list))
            *list.waiting = 0;
    }
}

void uf_freelists_forget(void)
{
    memset(was_open, 0, sizeof was_open);
}

static enum kind kind_of(uint64_t address)
{
    const PyTypeObject *type = Py_TYPE((PyObject *)(uintptr_t)address); // NOLINT
#if PY_VERSION_HEX >= 0x030e0000
    const PyTypeObject *const with_freelists[] = {
        &PyLong_Type,     &PyFloat_Type,     &PyTuple_Type,     &PyList_Type,      &PyDict_Type,
        &PySlice_Type,    &PyRange_Type,     &PyMethod_Type,    &PyCFunction_Type, &PyCMethod_Type,
        &PyListIter_Type, &PyTupleIter_Type, &PyRangeIter_Type, &PyContext_Type,
    };
    for (size_t i = 0; i < sizeof with_freelists / sizeof *with_freelists; i++)
        if (type == with_freelists[i])
            return OTHERS; /* they are shut together, and open together */
    return NO_KIND;
#else
    return type == &PyTuple_Type                                                       ? TUPLES
           : type == &PyFloat_Type                                                     ? FLOATS
           : type == &PyList_Type                                                      ? LISTS
           : type == &PyDict_Type                                                      ? DICTS
           : type == &PySlice_Type || type == &PyContext_Type || type == &PyFrame_Type ? OTHERS
                                                                                       : NO_KIND;
#endif
}

bool uf_freelists_may_hold(uint64_t address, uint32_t call)
{
    enum kind kind = kind_of(address);
    if (kind == NO_KIND)
        return false;
    return !can_be_shut(kind) || (was_open[kind][call / 8] >> call % 8 & 1);
}

/* --- arrays ------------------------------------------------------------------------------------ */

#if PY_VERSION_HEX < 0x030d0000

struct array {
    void **at;
    int *waiting;
    size_t before; /* bytes of the block before what the array points to */
    int most;
    bool lists;
};

#define ARRAYS 3

static struct array array_at(size_t number)
{
    PyInterpreterState *interpreter = PyInterpreterState_Main();
    switch (number) {
    case 0:
        return (struct array){CHAIN(interpreter->list.free_list[0]), &interpreter->list.numfree,
                              sizeof(PyGC_Head), PyList_MAXFREELIST, true};
    case 1:
        return (struct array){CHAIN(interpreter->dict_state.free_list[0]),
                              &interpreter->dict_state.numfree, sizeof(PyGC_Head),
                              PyDict_MAXFREELIST, false};
    default:
        return (struct array){CHAIN(interpreter->dict_state.keys_free_list[0]),
                              &interpreter->dict_state.keys_numfree, 0, PyDict_MAXFREELIST, false};
    }
}

/* A list takes memory for its items right after it was taken from the array, and is tracked only
 * then (PyList_New(), Objects/listobject.c): this birth is its own, and the site is right. */
static bool is_being_made(const struct array *array, const void *block,
                          const struct uf_freelists_event *event)
{
    return array->lists && event->mem_calloc && ((const PyGC_Head *)block)->_gc_next == 0;
}

/* A block of the collector's is freed: as PyObject_GC_Del() does (Modules/gcmodule.c). */
static void uncount(void)
{
    struct gc_generation *youngest = &PyInterpreterState_Main()->gc.generations[0];
    if (youngest->count > 0)
        youngest->count--;
}

void uf_freelists_drain(struct uf_blocks *blocks, const struct uf_freelists_event *event,
                        void (*free_block)(void *block))
{
    for (size_t i = 0; i < ARRAYS; i++) {
        struct array array = array_at(i);
        int waiting = *array.waiting;
        *array.waiting = 0;
        for (int slot = 0; slot < array.most && array.at[slot]; slot++) {
            char *block = (char *)array.at[slot] - array.before;
            array.at[slot] = NULL;
            if (slot < waiting) {
                if (array.before)
                    uncount();
                free_block(block);
                continue;
            }
            /* Unless a collection has freed it, which leaves the same trace. */
            struct uf_block known;
            uint64_t address = (uint64_t)(uintptr_t)block;
            if (address != event->block && uf_blocks_at(blocks, address, &known))
                uf_blocks_reborn(blocks, address, event->site, event->call,
                                 slot == waiting && is_being_made(&array, block, event));
        }
    }
}

void uf_freelists_forget_arrays(void)
{
    for (size_t i = 0; i < ARRAYS; i++) {
        struct array array = array_at(i);
        for (int slot = *array.waiting; slot < array.most; slot++)
            array.at[slot] = NULL;
    }
}

#else

void uf_freelists_drain(struct uf_blocks *blocks, const struct uf_freelists_event *event,
                        void (*free_block)(void *block))
{
    (void)blocks, (void)event, (void)free_block;
}

#if PY_VERSION_HEX >= 0x030e0000

void uf_freelists_forget_arrays(void)
{
}

#else

static void forget_behind(void *items, int waiting, size_t most)
{
    void **at = items;
    for (size_t slot = waiting > 0 ? (size_t)waiting : 0; slot < most; slot++)
        at[slot] = NULL;
}

void uf_freelists_forget_arrays(void)
{
    struct _Py_object_freelists *lists = &PyInterpreterState_Main()->object_state.freelists;
    forget_behind(lists->lists.items, lists->lists.numfree, PyList_MAXFREELIST);
    forget_behind(lists->dicts.items, lists->dicts.numfree, PyDict_MAXFREELIST);
    forget_behind(lists->dictkeys.items, lists->dictkeys.numfree, PyDict_MAXFREELIST);
}

#endif

#endif
