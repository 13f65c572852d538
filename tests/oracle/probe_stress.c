/* probe_stress.c - many threads allocate while the tracker's hooks go in and out. Not shipped. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "pyext/tracing.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { THREADS_MAX = 256, BLOCKS = 16, WITH_LOCK_EVERY = 50 };

struct block {
    unsigned char *at;
    size_t bytes;
};

struct worker {
    pthread_t thread;
    uint64_t random;
    bool with_lock; /* takes the interpreter lock for a while and allocates in its domains, too */
    bool broken;
    struct block blocks[BLOCKS]; /* raw memory; first and last byte hold a mark */
    uint64_t operations;
};

static struct worker workers[THREADS_MAX];
static bool halt;

static uint64_t next_random(struct worker *worker)
{
    worker->random ^= worker->random << 13;
    worker->random ^= worker->random >> 7;
    return worker->random ^= worker->random << 17;
}

static unsigned char mark_of(const struct worker *worker, const struct block *block)
{
    return (unsigned char)((size_t)(worker - workers) * 7 + block->bytes);
}

static void mark(struct worker *worker, struct block *block)
{
    block->at[0] = block->at[block->bytes - 1] = mark_of(worker, block);
}

static void check(struct worker *worker, const struct block *block)
{
    unsigned char expected = mark_of(worker, block);
    if (block->at[0] != expected || block->at[block->bytes - 1] != expected)
        worker->broken = true;
}

static void step(struct worker *worker)
{
    struct block *block = &worker->blocks[next_random(worker) % BLOCKS];
    size_t bytes = 1 + next_random(worker) % (next_random(worker) % 64 ? 600 : 100000);
    worker->operations++;
    if (!block->at) {
        block->at = next_random(worker) % 2 ? PyMem_RawMalloc(bytes) : PyMem_RawCalloc(bytes, 1);
    } else if (next_random(worker) % 3 == 0) {
        check(worker, block);
        unsigned char before = block->at[0];
        block->at = PyMem_RawRealloc(block->at, bytes);
        if (block->at && block->at[0] != before)
            worker->broken = true;
    } else {
        check(worker, block);
        PyMem_RawFree(block->at);
        block->at = NULL;
    }
    block->bytes = bytes;
    if (block->at)
        mark(worker, block);
}

static void step_with_lock(struct worker *worker)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *list = PyList_New(0), *number = PyLong_FromLong(123456);
    for (int i = 0; list && number && i < 10; i++) {
        void *block = PyMem_Malloc(next_random(worker) % 1000);
        PyList_Append(list, number);
        PyMem_Free(block);
    }
    Py_XDECREF(number);
    Py_XDECREF(list);
    PyGILState_Release(state);
}

static void *work(void *context)
{
    struct worker *worker = context;
    while (!__atomic_load_n(&halt, __ATOMIC_ACQUIRE)) {
        for (int i = 0; i < 20; i++)
            step(worker);
        if (worker->with_lock)
            step_with_lock(worker);
        usleep(5000 +
               (unsigned)next_random(worker) % 5000); /* the starts need the processor, too */
    }
    return NULL;
}

/* Lets `count` threads work, calls `meanwhile`, and waits for their end. */
static bool with_threads(int count, bool (*meanwhile)(void *), void *context)
{
    int started = 0;
    bool fine = true;
    halt = false;
    for (; started < count && fine; started++) {
        workers[started].with_lock = started % WITH_LOCK_EVERY == 0;
        workers[started].random = (uint64_t)started * 7919 + 88172645463325252;
        fine = pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0;
    }
    started -= !fine;
    fine = fine && meanwhile(context);
    __atomic_store_n(&halt, true, __ATOMIC_RELEASE);
    Py_BEGIN_ALLOW_THREADS;
    for (int i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    Py_END_ALLOW_THREADS;
    return fine;
}

static void let_them_work(void)
{
    Py_BEGIN_ALLOW_THREADS;
    usleep(200);
    Py_END_ALLOW_THREADS;
}

static bool in_and_out(void *context)
{
    int rounds = *(int *)context;
    for (int i = 0; i < rounds; i++) {
        struct uf_tracing *tracing;
        if (uf_tracing_start(&tracing, &(struct uf_tracing_options){.raw = true}, NULL))
            return false;
        let_them_work();
        if (i % 3 == 0)
            uf_tracing_stop(tracing);
        let_them_work();
        uf_tracing_free(tracing);
    }
    return true;
}

static bool watch(void *context)
{
    for (int i = 0; i < 200; i++)
        let_them_work();
    (void)context;
    return true;
}

struct found {
    uint64_t address, bytes;
    size_t times;
};

static int look_for(void *context, const struct uf_live_block *live)
{
    struct found *found = context;
    if (live->address == found->address) {
        found->times++;
        found->bytes = live->bytes;
    }
    return 0;
}

/* Every block that a thread holds, and that was taken while watched, is known with its size; what is
 * known in the raw domain, and was freed, is not. Returns the blocks that are right, or -1. */
static long compare(struct uf_tracing *tracing, int count)
{
    long right = 0;
    for (int w = 0; w < count; w += 7)
        for (int b = 0; b < BLOCKS; b++) {
            const struct block *block = &workers[w].blocks[b];
            struct found found = {.address = (uint64_t)(uintptr_t)block->at};
            if (!block->at)
                continue;
            uf_tracing_each_live(tracing, look_for, &found);
            if (found.times != 1 || found.bytes != block->bytes)
                return -1;
            right++;
        }
    return right;
}

static void free_all(int count)
{
    for (int w = 0; w < count; w++)
        for (int b = 0; b < BLOCKS; b++) {
            if (workers[w].blocks[b].at)
                check(&workers[w], &workers[w].blocks[b]);
            PyMem_RawFree(workers[w].blocks[b].at);
            workers[w].blocks[b].at = NULL;
        }
}

/* stress(threads, rounds) -> (operations, right): raises where a block was torn, lost or doubled. */
static PyObject *stress(PyObject *module, PyObject *args)
{
    int count, rounds;
    struct uf_error err;
    struct uf_tracing *tracing;
    uint64_t operations = 0;
    (void)module;
    if (!PyArg_ParseTuple(args, "ii", &count, &rounds))
        return NULL;
    if (count < 1 || count > THREADS_MAX)
        return PyErr_Format(PyExc_ValueError, "at most %d threads", THREADS_MAX);
    memset(workers, 0, sizeof workers);
    if (!with_threads(count, in_and_out, &rounds))
        return PyErr_Format(PyExc_RuntimeError, "the hooks did not go in");
    free_all(count);
    if (uf_tracing_start(&tracing, &(struct uf_tracing_options){.raw = true}, &err))
        return PyErr_Format(PyExc_RuntimeError, "%s", err.message);
    with_threads(count, watch, NULL);
    long right = compare(tracing, count);
    free_all(count);
    struct found none = {.address = 1};
    uf_tracing_each_live(tracing, look_for, &none);
    uf_tracing_free(tracing);
    for (int w = 0; w < count; w++) {
        operations += workers[w].operations;
        if (workers[w].broken)
            return PyErr_Format(PyExc_AssertionError, "memory of thread %d was torn", w);
    }
    if (right < 0)
        return PyErr_Format(PyExc_AssertionError, "a block was lost or has another size");
    return Py_BuildValue("(Kl)", (unsigned long long)operations, right);
}

static PyMethodDef methods[] = {
    {"stress", stress, METH_VARARGS, "stress(threads, rounds) -> (operations, blocks compared)"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "unfreed_probe_stress",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit_unfreed_probe_stress(void);
PyMODINIT_FUNC PyInit_unfreed_probe_stress(void)
{
    return PyModule_Create(&module);
}
