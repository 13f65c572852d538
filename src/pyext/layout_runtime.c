/* The runtime half of the layout row, from the headers of the interpreter that we are compiled for.
 *
 * To add a version: compile; where a field is gone or new, add an #if here, in layout_roots.c, and
 * where cpython/frames.c and roots.c read it.
 */
#include "pyext/layout_headers.h"

#include "pyext/layout_runtime.h"

#define AT(structure, member) (uint32_t)offsetof(structure, member)
#define SIZE(structure) (uint32_t)sizeof(structure)

#define TOLD(member) (uint16_t)offsetof(_Py_DebugOffsets, member)

typedef struct _PyInterpreterFrame interpreter_frame;
typedef struct _gc_runtime_state gc_state;

#if PY_VERSION_HEX >= 0x030c0000
#if PY_VERSION_HEX >= 0x030d0000
typedef managed_static_type_state static_type_state;
#define STATIC_TYPES(set)                                                                          \
    {.at = AT(PyInterpreterState, types.set.initialized),                                          \
     .max = (uint32_t)(sizeof(((PyInterpreterState *)0)->types.set.initialized) /                  \
                       sizeof(static_type_state)),                                                 \
     .stride = SIZE(static_type_state),                                                            \
     .type = AT(static_type_state, type),                                                          \
     .dict = AT(static_type_state, tp_dict),                                                       \
     .subclasses = AT(static_type_state, tp_subclasses)}
#else
typedef static_builtin_state static_type_state;
#endif
#endif

const struct uf_layout_runtime uf_layout_runtime_self = {
    .runtime =
        {
            .interpreters_head = AT(_PyRuntimeState, interpreters.head),
            .main_thread = AT(_PyRuntimeState, main_thread),
#if PY_VERSION_HEX < 0x03090000
            .gc = AT(_PyRuntimeState, gc),
#else
            .gc = UF_NO_OFFSET,
#endif
            .fields = uf_runtime_fields_self,
        },
    .interpreter =
        {
            .bytes = SIZE(PyInterpreterState),
            .next = AT(PyInterpreterState, next),
            .id = AT(PyInterpreterState, id),
#if PY_VERSION_HEX < 0x03090000
            .gc = UF_NO_OFFSET,
#else
            .gc = AT(PyInterpreterState, gc),
#endif
#if PY_VERSION_HEX < 0x030b0000
            .threads_head = AT(PyInterpreterState, tstate_head),
#else
            .threads_head = AT(PyInterpreterState, threads.head),
#endif
#if PY_VERSION_HEX < 0x030c0000
            .modules = AT(PyInterpreterState, modules),
            .interned = UF_NO_OFFSET,
            .static_types = {{.at = UF_NO_OFFSET}, {.at = UF_NO_OFFSET}},
#else
            .modules = AT(PyInterpreterState, imports.modules),
            .interned = AT(PyInterpreterState, cached_objects.interned_strings),
#if PY_VERSION_HEX < 0x030d0000
            .static_types = {{.at = AT(PyInterpreterState, types.builtins),
                              .max = _Py_MAX_STATIC_BUILTIN_TYPES,
                              .stride = SIZE(static_type_state),
                              .type = AT(static_type_state, type),
                              .dict = AT(static_type_state, tp_dict),
                              .subclasses = AT(static_type_state, tp_subclasses)},
                             {.at = UF_NO_OFFSET}},
#else
            .static_types = {STATIC_TYPES(builtins), STATIC_TYPES(for_extensions)},
#endif
#endif
#if PY_VERSION_HEX >= 0x030a0000 && PY_VERSION_HEX < 0x030e0000
            .atexit_callbacks = AT(PyInterpreterState, atexit.callbacks),
            .atexit_count = AT(PyInterpreterState, atexit.ncallbacks),
#else
            .atexit_callbacks = UF_NO_OFFSET,
            .atexit_count = UF_NO_OFFSET,
#endif
            .fields = uf_interpreter_fields_self,
        },
    .gc =
        {
            .enabled = AT(gc_state, enabled),
            .debug = AT(gc_state, debug),
            .collecting = AT(gc_state, collecting),
#ifdef _PyGC_NEXT_MASK_OLD_SPACE_1
            /* The incremental collector (3.14.0 and some later ones): young, old[2], one behind the other. */
            .generations = AT(gc_state, young),
#else
            .generations = AT(gc_state, generations),
#endif
            .permanent = AT(gc_state, permanent_generation),
            .generation_size = SIZE(struct gc_generation),
            .threshold = AT(struct gc_generation, threshold),
            .count = AT(struct gc_generation, count),
            .garbage = AT(gc_state, garbage),
            .callbacks = AT(gc_state, callbacks),
            .head_next = AT(PyGC_Head, _gc_next),
            .head_prev = AT(PyGC_Head, _gc_prev),
            .head_size = SIZE(PyGC_Head),
            .next_flags = 3,
            .prev_flags = 3,
            .stats =
                {
                    .at = AT(gc_state, generation_stats),
#if PY_VERSION_HEX < 0x030f0000
                    .generation = {0, SIZE(struct gc_generation_stats),
                                   2 * SIZE(struct gc_generation_stats)},
                    .newest = {UF_NO_OFFSET, UF_NO_OFFSET, UF_NO_OFFSET},
#else
                    .generation = {AT(struct gc_stats, young.items),
                                   AT(struct gc_stats, old[0].items),
                                   AT(struct gc_stats, old[1].items)},
                    .newest = {AT(struct gc_stats, young.index), AT(struct gc_stats, old[0].index),
                               AT(struct gc_stats, old[1].index)},
                    .rings = true,
#endif
                    .item_bytes = SIZE(struct gc_generation_stats),
                    .collections = AT(struct gc_generation_stats, collections),
                },
        },
    .thread =
        {
            .next = AT(PyThreadState, next),
            .interpreter = AT(PyThreadState, interp),
            .thread_id = AT(PyThreadState, thread_id),
#if PY_VERSION_HEX < 0x030b0000
            .cframe = UF_NO_OFFSET,
            .frame = AT(PyThreadState, frame),
#elif PY_VERSION_HEX < 0x030d0000
            .cframe = AT(PyThreadState, cframe),
            .frame = AT(_PyCFrame, current_frame),
#else
            .cframe = UF_NO_OFFSET,
            .frame = AT(PyThreadState, current_frame),
#endif
            .fields = uf_thread_fields_self,
        },
    .frame_object =
        {
            .back = AT(struct _frame, f_back),
            .trace = AT(struct _frame, f_trace),
#if PY_VERSION_HEX < 0x030b0000
            .frame = UF_NO_OFFSET,
            .generator = AT(struct _frame, f_gen),
            .value_stack = AT(struct _frame, f_valuestack),
#else
            .frame = AT(struct _frame, f_frame),
            .generator = UF_NO_OFFSET,
            .value_stack = UF_NO_OFFSET,
#endif
#if PY_VERSION_HEX < 0x030a0000
            .stack_pointer = AT(struct _frame, f_stacktop),
            .executing = AT(struct _frame, f_executing),
#else
            .stack_pointer = UF_NO_OFFSET,
            .executing = UF_NO_OFFSET,
#endif
#if PY_VERSION_HEX >= 0x030a0000 && PY_VERSION_HEX < 0x030b0000
            .stack_depth = AT(struct _frame, f_stackdepth),
#else
            .stack_depth = UF_NO_OFFSET,
#endif
#if PY_VERSION_HEX < 0x030d0000
            .extra_locals = UF_NO_OFFSET,
            .locals_cache = UF_NO_OFFSET,
#else
            .extra_locals = AT(struct _frame, f_extra_locals),
            .locals_cache = AT(struct _frame, f_locals_cache),
#endif
#if PY_VERSION_HEX < 0x030e0000
            .overwritten_fast_locals = UF_NO_OFFSET,
#else
            .overwritten_fast_locals = AT(struct _frame, f_overwritten_fast_locals),
#endif
        },
    .frame =
        {
#if PY_VERSION_HEX < 0x030b0000
            .code = AT(struct _frame, f_code),
            .function = UF_NO_OFFSET,
            .globals = AT(struct _frame, f_globals),
            .builtins = AT(struct _frame, f_builtins),
            .locals = AT(struct _frame, f_locals),
            .object = UF_NO_OFFSET,
            .previous = AT(struct _frame, f_back),
            .instruction = AT(struct _frame, f_lasti),
            .stack_top = UF_NO_OFFSET,
            .stack_pointer = UF_NO_OFFSET,
            .owner = UF_NO_OFFSET,
            .locals_start = AT(struct _frame, f_localsplus),
#else
#if PY_VERSION_HEX < 0x030c0000
            .function = AT(interpreter_frame, f_func),
#else
            .function = AT(interpreter_frame, f_funcobj),
#endif
#if PY_VERSION_HEX < 0x030d0000
            .code = AT(interpreter_frame, f_code),
            .instruction = AT(interpreter_frame, prev_instr),
#else
            .code = AT(interpreter_frame, f_executable),
            .instruction = AT(interpreter_frame, instr_ptr),
#endif
            .globals = AT(interpreter_frame, f_globals),
            .builtins = AT(interpreter_frame, f_builtins),
            .locals = AT(interpreter_frame, f_locals),
            .object = AT(interpreter_frame, frame_obj),
            .previous = AT(interpreter_frame, previous),
#if PY_VERSION_HEX < 0x030e0000
            .stack_top = AT(interpreter_frame, stacktop),
            .stack_pointer = UF_NO_OFFSET,
#else
            .stack_top = UF_NO_OFFSET,
            .stack_pointer = AT(interpreter_frame, stackpointer),
            .tag_mask = 3,
            .borrowed_tag = 1,
#endif
            .owner = AT(interpreter_frame, owner),
            .locals_start = AT(interpreter_frame, localsplus),
#endif
        },
    /* enum _frameowner */
    .owned_by_thread = 0,
    .owned_by_generator = 1,
    .owned_by_frame_object = 2,
#if PY_VERSION_HEX < 0x030c0000
    .owned_by_interpreter = INT8_MAX,
#else
    /* From this value on (FRAME_OWNED_BY_CSTACK, FRAME_OWNED_BY_INTERPRETER) a frame runs no Python. */
    .owned_by_interpreter = 3,
#endif
    .generator =
        {
            .name = AT(PyGenObject, gi_name),
            .qualname = AT(PyGenObject, gi_qualname),
            .exc_state = AT(PyGenObject, gi_exc_state),
#if PY_VERSION_HEX < 0x030b0000
            .frame = AT(PyGenObject, gi_frame),
            .coroutine_origin = AT(PyCoroObject, cr_origin),
            .async_finalizer = AT(PyAsyncGenObject, ag_finalizer),
            .origin_or_finalizer = UF_NO_OFFSET,
            .state = UF_NO_OFFSET,
#else
            .frame = AT(PyGenObject, gi_iframe),
            .coroutine_origin = UF_NO_OFFSET,
            .async_finalizer = UF_NO_OFFSET,
            .origin_or_finalizer = AT(PyGenObject, gi_origin_or_finalizer),
            .state = AT(PyGenObject, gi_frame_state),
            .state_cleared = FRAME_CLEARED,
#endif
#if PY_VERSION_HEX < 0x030c0000
            .code = AT(PyGenObject, gi_code),
#else
            .code = UF_NO_OFFSET,
#endif
        },
    .exc_item =
        {
            .value = AT(_PyErr_StackItem, exc_value),
#if PY_VERSION_HEX < 0x030b0000
            .type = AT(_PyErr_StackItem, exc_type),
            .traceback = AT(_PyErr_StackItem, exc_traceback),
#else
            .type = UF_NO_OFFSET,
            .traceback = UF_NO_OFFSET,
#endif
        },
    .code =
        {
            .first_line = AT(PyCodeObject, co_firstlineno),
            .nlocals = AT(PyCodeObject, co_nlocals),
            .stack_size = AT(PyCodeObject, co_stacksize),
            .filename = AT(PyCodeObject, co_filename),
            .name = AT(PyCodeObject, co_name),
#if PY_VERSION_HEX < 0x030a0000
            .line_table = AT(PyCodeObject, co_lnotab),
            .line_form = UF_LINES_STEPS,
            .instruction_unit = 1,
#else
            .line_table = AT(PyCodeObject, co_linetable),
            .line_form = PY_VERSION_HEX < 0x030b0000 ? UF_LINES_PAIRS : UF_LINES_LOCATIONS,
            .instruction_unit = 2,
#endif
#if PY_VERSION_HEX < 0x030b0000
            .nlocalsplus = UF_NO_OFFSET,
            .varnames = AT(PyCodeObject, co_varnames),
            .cellvars = AT(PyCodeObject, co_cellvars),
            .freevars = AT(PyCodeObject, co_freevars),
            .localsplus_names = UF_NO_OFFSET,
            .localsplus_kinds = UF_NO_OFFSET,
            .qualname = UF_NO_OFFSET,
            .code_bytes = AT(PyCodeObject, co_code),
#else
            .nlocalsplus = AT(PyCodeObject, co_nlocalsplus),
            .varnames = UF_NO_OFFSET,
            .cellvars = UF_NO_OFFSET,
            .freevars = UF_NO_OFFSET,
            .localsplus_names = AT(PyCodeObject, co_localsplusnames),
            .localsplus_kinds = AT(PyCodeObject, co_localspluskinds),
            .qualname = AT(PyCodeObject, co_qualname),
            .code_bytes = AT(PyCodeObject, co_code_adaptive),
            .kind_cell = CO_FAST_CELL,
            .kind_free = CO_FAST_FREE,
#endif
        },
#if PY_VERSION_HEX >= 0x030d0000
    .told =
        {
            .bytes = sizeof(_Py_DebugOffsets),
            .interpreters_head = TOLD(runtime_state.interpreters_head),
            .interpreter_bytes = TOLD(interpreter_state.size),
            .interpreter_id = TOLD(interpreter_state.id),
            .interpreter_next = TOLD(interpreter_state.next),
            .threads_head = TOLD(interpreter_state.threads_head),
            .gc = TOLD(interpreter_state.gc),
            .modules = TOLD(interpreter_state.imports_modules),
            .thread_next = TOLD(thread_state.next),
            .thread_interpreter = TOLD(thread_state.interp),
            .thread_frame = TOLD(thread_state.current_frame),
            .thread_id = TOLD(thread_state.thread_id),
            .frame_previous = TOLD(interpreter_frame.previous),
            .frame_code = TOLD(interpreter_frame.executable),
            .frame_instruction = TOLD(interpreter_frame.instr_ptr),
            .frame_locals = TOLD(interpreter_frame.localsplus),
            .frame_owner = TOLD(interpreter_frame.owner),
            .code_filename = TOLD(code_object.filename),
            .code_name = TOLD(code_object.name),
            .code_qualname = TOLD(code_object.qualname),
            .code_lines = TOLD(code_object.linetable),
            .code_first_line = TOLD(code_object.firstlineno),
            .code_locals = TOLD(code_object.localsplusnames),
            .code_kinds = TOLD(code_object.localspluskinds),
            .code_bytes = TOLD(code_object.co_code_adaptive),
            .object_bytes = TOLD(pyobject.size),
            .object_type = TOLD(pyobject.ob_type),
            .type_bytes = TOLD(type_object.size),
            .type_name = TOLD(type_object.tp_name),
            .type_flags = TOLD(type_object.tp_flags),
            .tuple_items = TOLD(tuple_object.ob_item),
            .list_items = TOLD(list_object.ob_item),
            .list_bytes = TOLD(list_object.size),
            .dict_bytes = TOLD(dict_object.size),
            .dict_keys = TOLD(dict_object.ma_keys),
            .dict_values = TOLD(dict_object.ma_values),
            .float_value = TOLD(float_object.ob_fval),
            .int_size = TOLD(long_object.lv_tag),
            .int_digits = TOLD(long_object.ob_digit),
            .bytes_data = TOLD(bytes_object.ob_sval),
            .str_state = TOLD(unicode_object.state),
            .str_length = TOLD(unicode_object.length),
            .ascii_bytes = TOLD(unicode_object.asciiobject_size),
            .collecting = TOLD(gc.collecting),
#if PY_VERSION_HEX >= 0x030e0000
            .frame_stack = TOLD(interpreter_frame.stackpointer),
            .set_used = TOLD(set_object.used),
            .set_table = TOLD(set_object.table),
            .set_mask = TOLD(set_object.mask),
            .generator_name = TOLD(gen_object.gi_name),
            .generator_frame = TOLD(gen_object.gi_iframe),
            .generator_state = TOLD(gen_object.gi_frame_state),
#endif
#if PY_VERSION_HEX >= 0x030f0000
            .type_basic_size = TOLD(type_object.tp_basicsize),
            .type_dict_offset = TOLD(type_object.tp_dictoffset),
            .heap_type_bytes = TOLD(heap_type_object.size),
            .cached_keys = TOLD(heap_type_object.ht_cached_keys),
            .compact_bytes = TOLD(unicode_object.compactunicodeobject_size),
#endif
        },
#endif
};
