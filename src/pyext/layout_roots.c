/* Which object pointers the runtime, an interpreter and a thread own, with the names people know.
 *
 * Source: Include/internal/pycore_interp.h (3.14+: pycore_interp_structs.h), pycore_runtime.h,
 * pycore_tstate.h and cpython/pystate.h of each version, read against interpreter_clear() and
 * PyThreadState_Clear() of Python/pystate.c: what is cleared there is owned. Left out on purpose:
 * free lists and slice_cache (dead objects), callable_cache and func_state (borrowed),
 * executors (owned by their code objects), static singletons.
 */
#include "pyext/layout_headers.h"

#include "pyext/layout_runtime.h"

#define FIELDS(structure, member, form_, count_, name_, label_)                                    \
    {                                                                                              \
        .offset = (uint32_t)offsetof(structure, member),                                           \
        .count = (uint32_t)(count_),                                                               \
        .form = (form_),                                                                           \
        .name = (name_),                                                                           \
        .label = (label_),                                                                         \
    }
#define INTERP(member, name, label)                                                                \
    FIELDS(PyInterpreterState, member, UF_FIELD_OBJECT, 1, name, label)
#define INTERP_ARRAY(member, name, label)                                                          \
    FIELDS(PyInterpreterState, member, UF_FIELD_OBJECT,                                            \
           sizeof(((PyInterpreterState *)0)->member) / sizeof(PyObject *), name, label)
#define THREAD(member, label) FIELDS(PyThreadState, member, UF_FIELD_OBJECT, 1, "", label)

#if PY_VERSION_HEX < 0x030c0000
#define MODULES(member) member
#define TYPE_CACHE type_cache
#else
#define MODULES(member) imports.member
#define TYPE_CACHE types.type_cache
#endif
#if PY_VERSION_HEX < 0x030d0000
#define CODECS(member) codec_##member
#else
#define CODECS(member) codecs.member
#endif

const struct uf_root_field uf_interpreter_fields_self[] = {
    INTERP(MODULES(modules), "sys.modules", NULL),
    INTERP(sysdict, "sys", "its dict"),
    INTERP(builtins, "builtins", "its dict"),
    INTERP(MODULES(modules_by_index), "extension modules", NULL),
    INTERP(MODULES(importlib), "importlib", NULL),
    INTERP(MODULES(import_func), "import", "__import__"),
    INTERP(CODECS(search_path), "codecs", "search functions"),
    INTERP(CODECS(search_cache), "codecs", "cache"),
    INTERP(CODECS(error_registry), "codecs", "error handlers"),
    INTERP(dict, "interpreter dict", NULL),
    INTERP(builtins_copy, "builtins", "copy"),
#if PY_VERSION_HEX >= 0x030c0000
    INTERP(sysdict_copy, "sys", "copy"),
#endif
#if PY_VERSION_HEX >= 0x030e0000
    INTERP(atexit.callbacks, "atexit", "callbacks"),
#endif
#ifdef HAVE_FORK
    INTERP(before_forkers, "at-fork", "before"),
    INTERP(after_forkers_parent, "at-fork", "after in parent"),
    INTERP(after_forkers_child, "at-fork", "after in child"),
#endif
    INTERP(warnings.filters, "warnings", "filters"),
    INTERP(warnings.once_registry, "warnings", "once registry"),
    INTERP(warnings.default_action, "warnings", "default action"),
#if PY_VERSION_HEX >= 0x030e0000
    INTERP(warnings.context, "warnings", "context variable"),
#endif
    INTERP(audit_hooks, "audit hooks", NULL),
#if PY_VERSION_HEX >= 0x03090000
    INTERP(gc.garbage, "gc.garbage", NULL),
    INTERP(gc.callbacks, "gc.callbacks", NULL),
#endif
#if PY_VERSION_HEX >= 0x030a0000
    INTERP(exc_state.errnomap, "errno exceptions", NULL),
#endif
#if PY_VERSION_HEX >= 0x030b0000
    INTERP(exc_state.PyExc_ExceptionGroup, "exception group type", NULL),
#endif
#if PY_VERSION_HEX >= 0x03090000 && PY_VERSION_HEX < 0x030b0000
    INTERP_ARRAY(small_ints, "constants", "small int"),
#endif
#if PY_VERSION_HEX >= 0x030a0000 && PY_VERSION_HEX < 0x030b0000
    INTERP(bytes.empty_string, "constants", "empty bytes"),
    INTERP_ARRAY(bytes.characters, "constants", "one-byte bytes"),
    INTERP(unicode.empty_string, "constants", "empty str"),
    INTERP_ARRAY(unicode.latin1, "constants", "one-character str"),
    INTERP(tuple.free_list[0], "constants", "empty tuple"),
#endif
#if PY_VERSION_HEX >= 0x030a0000 /* static variables before, all of these */
    {.offset = (uint32_t)offsetof(PyInterpreterState, unicode.ids.array),
     .length = (uint32_t)offsetof(PyInterpreterState, unicode.ids.size),
     .form = UF_FIELD_POINTERS,
     .name = "constants",
     .label = "identifier"},
    FIELDS(PyInterpreterState, ast.AST_type, UF_FIELD_OBJECT,
           (sizeof(struct ast_state) - offsetof(struct ast_state, AST_type)) / sizeof(PyObject *),
           "ast", NULL),
#endif
#if PY_VERSION_HEX >= 0x030c0000
    INTERP(cached_objects.interned_strings, "interned", NULL),
    INTERP(cached_objects.objreduce, "constants", "object.__reduce__"),
#if PY_VERSION_HEX < 0x030e0000
    /* str_replace_inf, called _unused_str_replace_inf in later releases of 3.13 */
    {.offset = (uint32_t)(offsetof(PyInterpreterState, cached_objects.objreduce) - sizeof(void *)),
     .count = 1,
     .form = UF_FIELD_OBJECT,
     .name = "constants",
     .label = "ast"},
#endif
    INTERP(cached_objects.generic_type, "typing", "Generic"),
    INTERP(cached_objects.typevar_type, "typing", "TypeVar"),
    INTERP(cached_objects.typevartuple_type, "typing", "TypeVarTuple"),
    INTERP(cached_objects.paramspec_type, "typing", "ParamSpec"),
    INTERP(cached_objects.paramspecargs_type, "typing", "ParamSpecArgs"),
    INTERP(cached_objects.paramspeckwargs_type, "typing", "ParamSpecKwargs"),
#if PY_VERSION_HEX >= 0x030e0000
    INTERP(cached_objects.constevaluator_type, "typing", "constant evaluator"),
    INTERP_ARRAY(common_consts, "constants", NULL),
#endif
#if PY_VERSION_HEX >= 0x030f0000
    INTERP(cached_objects.dict_descriptor, "constants", "__dict__ descriptor"),
    INTERP(cached_objects.weakref_descriptor, "constants", "__weakref__ descriptor"),
    INTERP(imports.lazy_import_func, "import", "__lazy_import__"),
    INTERP(imports.lazy_imports_filter, "import", "lazy import filter"),
    INTERP(imports.lazy_modules, "import", "lazy modules"),
    INTERP(imports.lazy_pending_submodules, "import", "lazy submodules"),
#endif
    INTERP_ARRAY(monitoring_callables, "sys.monitoring", "callback"),
    INTERP_ARRAY(monitoring_tool_names, "sys.monitoring", "tool name"),
#endif
#if PY_VERSION_HEX >= 0x030c0000 && PY_VERSION_HEX < 0x030d0000
    INTERP(interpreter_trampoline, "constants", "interpreter trampoline"),
#endif
#if PY_VERSION_HEX >= 0x030e0000
    INTERP(xi.exceptions.PyExc_NotShareableError, "exception types", NULL),
#elif PY_VERSION_HEX >= 0x030d0000
    INTERP(xi.PyExc_NotShareableError, "exception types", NULL),
#endif
#if PY_VERSION_HEX >= 0x030f0000
    INTERP(xi.pickle.dumps, "pickle", "dumps"),
    INTERP(xi.pickle.loads, "pickle", "loads"),
#endif
#if PY_VERSION_HEX >= 0x030a0000
    {.offset = (uint32_t)(offsetof(PyInterpreterState, TYPE_CACHE.hashtable) +
                          offsetof(struct type_cache_entry, name)),
     .count = 1 << MCACHE_SIZE_EXP,
     .stride = (uint16_t)sizeof(struct type_cache_entry),
     .form = UF_FIELD_CACHED_NAMES,
     .name = "type cache"},
#endif
    {.name = NULL},
};

const struct uf_root_field uf_runtime_fields_self[] = {
#if PY_VERSION_HEX < 0x03090000
    FIELDS(_PyRuntimeState, gc.garbage, UF_FIELD_OBJECT, 1, "gc.garbage", NULL),
    FIELDS(_PyRuntimeState, gc.callbacks, UF_FIELD_OBJECT, 1, "gc.callbacks", NULL),
#endif
    {.name = NULL},
};

const struct uf_root_field uf_thread_fields_self[] = {
    THREAD(dict, "thread dict"),
    THREAD(context, "context"),
    THREAD(c_profileobj, "profile function"),
    THREAD(c_traceobj, "trace function"),
#if PY_VERSION_HEX < 0x030c0000
    THREAD(curexc_type, "exception being raised: type"),
    THREAD(curexc_value, "exception being raised"),
    THREAD(curexc_traceback, "exception being raised: traceback"),
#else
    THREAD(current_exception, "exception being raised"),
#endif
#if PY_VERSION_HEX < 0x030b0000
    THREAD(exc_state.exc_type, "exception being handled: type"),
    THREAD(exc_state.exc_traceback, "exception being handled: traceback"),
#endif
    THREAD(exc_state.exc_value, "exception being handled"),
    THREAD(async_exc, "asynchronous exception"),
    THREAD(async_gen_firstiter, "async generator hook: firstiter"),
    THREAD(async_gen_finalizer, "async generator hook: finalizer"),
#if PY_VERSION_HEX < 0x030d0000
    /* A weak reference to the thread's lock (Modules/_threadmodule.c). */
    THREAD(on_delete_data, "thread lock"),
#else
    THREAD(threading_local_key, "threading.local key"),
    THREAD(threading_local_sentinel, "threading.local sentinel"),
    FIELDS(_PyThreadStateImpl, asyncio_running_loop, UF_FIELD_OBJECT, 1, "", "running event loop"),
#endif
#if PY_VERSION_HEX >= 0x030e0000
    FIELDS(_PyThreadStateImpl, asyncio_running_task, UF_FIELD_OBJECT, 1, "", "running task"),
#endif
#if PY_VERSION_HEX >= 0x030f0000
    FIELDS(_PyThreadStateImpl, lazy_imports, UF_FIELD_OBJECT, 1, "", "lazy imports"),
#endif
    {.name = NULL},
};
