#include "pyext/native_watch.h"

#include "pyext/python.h"
#include "pyext/python_stack.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <unwind.h>

#define DOMAINS 3

struct range {
    uint64_t start, end;
};

struct domain {
    PyMemAllocatorEx old;
    PyMemAllocatorDomain domain;
};

static struct {
    const struct uf_preload *preload;
    struct uf_preload_hooks hooks;
    struct uf_native_store *store;
    const struct uf_layout_runtime *layout;
    uint64_t base;       /* the frame that the engine runs in: nothing outside it is the target's */
    struct range own[2]; /* code of the engine and of the preloaded library */
    struct range interpreter;
    struct range eval; /* code of the interpreter's loop: native frames are walked up to it */
    uint32_t call, births;
    bool recording;
} watch;

static struct domain domains[DOMAINS];

/* --- stacks ------------------------------------------------------------------------------------ */

struct image_search {
    uint64_t address;
    struct range found;
};

static int find_image(struct dl_phdr_info *image, size_t size, void *context)
{
    struct image_search *search = context;
    (void)size;
    for (int i = 0; i < image->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &image->dlpi_phdr[i];
        uint64_t start = image->dlpi_addr + segment->p_vaddr;
        if (segment->p_type != PT_LOAD || search->address - start >= segment->p_memsz)
            continue;
        search->found = (struct range){start, start + segment->p_memsz};
        return 1;
    }
    return 0;
}

/* The segment of code in which `address` lies. */
static struct range code_around(uint64_t address)
{
    struct image_search search = {.address = address};
    dl_iterate_phdr(find_image, &search);
    return search.found;
}

static bool within(const struct range *range, uint64_t address)
{
    return address - range->start < range->end - range->start;
}

static struct range range_of_eval(void)
{
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;
    void *eval = dlsym(RTLD_DEFAULT, "_PyEval_EvalFrameDefault");
    if (!eval || !dladdr1(eval, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol)
        return (struct range){0};
    uint64_t start = (uint64_t)(uintptr_t)eval;
    return (struct range){start, start + symbol->st_size};
}

struct trace {
    uint64_t *at;
    uint32_t count;
};

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *argument)
{
    struct trace *trace = argument;
    uint64_t address = (uint64_t)_Unwind_GetIP(context);
    if (address == 0 || within(&watch.eval, address))
        return _URC_END_OF_STACK;
    if (within(&watch.own[0], address) || within(&watch.own[1], address))
        return _URC_NO_REASON;
    trace->at[trace->count++] = address;
    return trace->count < UF_NATIVE_FRAMES_MAX ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static uint32_t stack_now(void)
{
    uint64_t native[UF_NATIVE_FRAMES_MAX], python[UF_NATIVE_PYTHON_MAX * 2];
    struct trace trace = {.at = native};
    _Unwind_Backtrace(add_frame, &trace);
    uint32_t count = uf_python_stack_read(watch.layout, watch.base, python, UF_NATIVE_PYTHON_MAX);
    return uf_native_store_stack(watch.store, &(struct uf_native_stack){
                                                  .native = native,
                                                  .native_count = trace.count,
                                                  .python = python,
                                                  .python_count = count,
                                              });
}

/* --- hooks ------------------------------------------------------------------------------------- */

static uint32_t call_now(void)
{
    return __atomic_load_n(&watch.call, __ATOMIC_RELAXED);
}

static uint32_t next_birth(void)
{
    return __atomic_add_fetch(&watch.births, 1, __ATOMIC_RELAXED);
}

static uint64_t key_of(enum uf_preload_kind kind, uint64_t key)
{
    return kind == UF_PRELOAD_DESCRIPTOR ? key | UF_NATIVE_DESCRIPTOR_KEY
           : kind == UF_PRELOAD_THREAD   ? key | UF_NATIVE_THREAD_KEY
                                         : key;
}

_Static_assert(sizeof(struct uf_native_block) <= sizeof((struct uf_preload_mark){0}.words),
               "a mark has room for a block");

static void put_in_mark(struct uf_preload_mark *mark, const struct uf_native_block *block)
{
    memcpy(mark->words, block, sizeof *block);
    mark->known = true;
}

/* A block that goes on living elsewhere, or with another size, is what it was; one of before all calls
 * counts with what it gains. */
static void go_on(struct uf_native_block *block, const struct uf_preload_mark *mark)
{
    struct uf_native_block old = {.older = true};
    uint32_t call = block->call;
    int64_t gain = (int64_t)mark->new_bytes - (int64_t)mark->old_bytes;
    if (mark->known)
        memcpy(&old, mark->words, sizeof old);
    block->older = old.older;
    block->grown = old.grown;
    block->last_grown = old.last_grown;
    if (old.older) {
        int64_t sum = (int64_t)old.bytes + gain;
        block->bytes = sum > 1 ? (uint64_t)sum : 1;
    } else {
        block->call = old.call;
        block->order = old.order;
    }
    if (gain > 0 && call != 0 && call != old.last_grown && block->grown < UINT16_MAX) {
        block->grown++;
        block->last_grown = call;
    }
    if (block->call == 0)
        block->call = old.call;
}

static void on_born(void *context, enum uf_preload_kind kind, uint64_t key, uint64_t bytes,
                    const struct uf_preload_mark *mark)
{
    static const uint8_t kinds[] = {
        [UF_PRELOAD_HEAP] = UF_NATIVE_HEAP,
        [UF_PRELOAD_MAPPING] = UF_NATIVE_MAPPING,
        [UF_PRELOAD_DESCRIPTOR] = UF_NATIVE_DESCRIPTOR,
        [UF_PRELOAD_THREAD] = UF_NATIVE_THREAD,
    };
    (void)context;
    struct uf_native_block block = {
        .key = key_of(kind, key),
        .bytes = bytes,
        .call = call_now(),
        .order = next_birth(),
        .kind = kinds[kind],
    };
    if (mark && mark->moved) {
        go_on(&block, mark);
    } else if (mark && mark->known) { /* a thread, which another one started */
        struct uf_native_block start;
        memcpy(&start, mark->words, sizeof start);
        block.call = start.call;
        block.stack = start.stack;
    }
    if (block.key == 0 || block.call == 0)
        return;
    if (kind != UF_PRELOAD_THREAD)
        block.stack = stack_now();
    uf_native_store_add(watch.store, &block);
}

static void on_lost(void *context, enum uf_preload_kind kind, uint64_t key,
                    struct uf_preload_mark *mark)
{
    struct uf_native_block block;
    (void)context;
    if (uf_native_store_take(watch.store, key_of(kind, key), &block) && mark)
        put_in_mark(mark, &block);
}

static void on_starting(void *context, struct uf_preload_mark *mark)
{
    (void)context;
    put_in_mark(mark, &(struct uf_native_block){.stack = stack_now(), .call = call_now()});
}

/* --- Python's allocators ----------------------------------------------------------------------- */

/* The stack is wanted where an extension asked. PyMem_Malloc and its kin end in a jump to us (CPython
 * Objects/obmalloc.c), so that the return address is of who called them; where they do not, it is the
 * interpreter's, and the stack is left out. */
static void python_born(const struct domain *domain, void *block, size_t bytes, const void *caller)
{
    uint32_t call = call_now();
    if (!block || !watch.recording || call == 0)
        return;
    bool object = domain->domain == PYMEM_DOMAIN_OBJ;
    struct uf_native_block born = {
        .key = (uint64_t)(uintptr_t)block,
        .bytes = bytes ? bytes : 1,
        .call = call,
        .order = next_birth(),
        .kind = object ? UF_NATIVE_OBJECT : UF_NATIVE_PYTHON,
    };
    if (!object && !within(&watch.interpreter, (uint64_t)(uintptr_t)caller) &&
        *watch.preload->hush() == 0)
        born.stack = stack_now();
    uf_native_store_add(watch.store, &born);
}

static void python_lost(void *block)
{
    struct uf_native_block gone;
    if (block && watch.recording)
        (void)uf_native_store_take(watch.store, (uint64_t)(uintptr_t)block, &gone);
}

static void *python_malloc(void *context, size_t bytes)
{
    const struct domain *domain = context;
    int *hush = watch.preload->hush();
    ++*hush;
    void *block = domain->old.malloc(domain->old.ctx, bytes);
    --*hush;
    python_born(domain, block, bytes, __builtin_return_address(0));
    return block;
}

static void *python_calloc(void *context, size_t count, size_t bytes)
{
    const struct domain *domain = context;
    int *hush = watch.preload->hush();
    ++*hush;
    void *block = domain->old.calloc(domain->old.ctx, count, bytes);
    --*hush;
    python_born(domain, block, count * bytes, __builtin_return_address(0));
    return block;
}

static void *python_realloc(void *context, void *old, size_t bytes)
{
    const struct domain *domain = context;
    int *hush = watch.preload->hush();
    python_lost(old); /* when it fails, the old one is no longer known: it counts for nothing */
    ++*hush;
    void *block = domain->old.realloc(domain->old.ctx, old, bytes);
    --*hush;
    python_born(domain, block, bytes, __builtin_return_address(0));
    return block;
}

static void python_free(void *context, void *block)
{
    const struct domain *domain = context;
    int *hush = watch.preload->hush();
    python_lost(block);
    ++*hush;
    domain->old.free(domain->old.ctx, block);
    --*hush;
}

static void put_in(void)
{
    static const PyMemAllocatorDomain all[DOMAINS] = {PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM,
                                                      PYMEM_DOMAIN_OBJ};
    for (int i = 0; i < DOMAINS; i++) {
        PyMemAllocatorEx now;
        PyMem_GetAllocator(all[i], &now);
        if (now.malloc == python_malloc)
            continue; /* from the last time: somebody stood above it then */
        domains[i] = (struct domain){.old = now, .domain = all[i]};
        now = (PyMemAllocatorEx){&domains[i], python_malloc, python_calloc, python_realloc,
                                 python_free};
        PyMem_SetAllocator(all[i], &now);
    }
}

/* Where somebody else has put hooks above ours meanwhile, ours stay, and only hand on. */
static void take_out(void)
{
    for (int i = DOMAINS - 1; i >= 0; i--) {
        PyMemAllocatorEx now;
        PyMem_GetAllocator(domains[i].domain, &now);
        if (now.malloc == python_malloc)
            PyMem_SetAllocator(domains[i].domain, &domains[i].old);
    }
}

/* --- a watch ----------------------------------------------------------------------------------- */

void uf_native_watch_start(const struct uf_preload *preload, struct uf_native_store *store,
                           const struct uf_layout_runtime *layout)
{
    watch.preload = preload;
    watch.store = store;
    watch.layout = layout;
    watch.base = uf_python_stack_top(layout);
    watch.call = 0;
    watch.own[0] = code_around((uint64_t)(uintptr_t)on_born);
    watch.own[1] = code_around((uint64_t)(uintptr_t)preload->set_hooks);
    watch.interpreter = code_around((uint64_t)(uintptr_t)PyEval_EvalCode);
    watch.eval = range_of_eval();
    watch.hooks =
        (struct uf_preload_hooks){.born = on_born, .lost = on_lost, .starting = on_starting};
    (void)stack_now(); /* the unwinder's first walk may take memory */
    watch.recording = true;
    put_in();
    preload->set_hooks(&watch.hooks);
}

void uf_native_watch_call(uint32_t call)
{
    __atomic_store_n(&watch.call, call, __ATOMIC_RELAXED);
}

void uf_native_watch_hush(bool hushed)
{
    *watch.preload->hush() += hushed ? 1 : -1;
}

void uf_native_watch_stop(void)
{
    watch.preload->set_hooks(NULL);
    take_out();
    watch.recording = false;
}
