#include "analysis/advice.h"

#include <string.h>

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static bool is(const char *text, const char *other)
{
    return strcmp(text, other) == 0;
}

static bool ends(const char *text, const char *end)
{
    size_t len = strlen(text), wanted = strlen(end);
    return len >= wanted && strcmp(text + len - wanted, end) == 0;
}

/* Does the example refer to an object of this type? */
static bool refers_to(const struct uf_leak_facts *facts, const char *type)
{
    const struct uf_graph *graph = facts->view->graph;
    for (uint32_t e = graph->edge_start[facts->example]; e < graph->edge_start[facts->example + 1];
         e++)
        if (is(uf_graph_type_name(graph, graph->edge_target[e]), type))
            return true;
    return false;
}

static bool is_task(const struct uf_leak_facts *facts)
{
    return is(facts->type, "_asyncio.Task") || is(facts->type, "asyncio.tasks.Task") ||
           is(facts->type, "_asyncio.Future");
}

static bool is_exception(const struct uf_leak_facts *facts)
{
    return refers_to(facts, "traceback") || is(facts->type, "traceback") ||
           is(facts->type, "frame");
}

static bool is_class(const struct uf_leak_facts *facts)
{
    return (facts->view->graph->flags[facts->example] & UF_NODE_TYPE) != 0;
}

static bool is_callback_list(const struct uf_leak_facts *facts)
{
    static const char *const names[] = {"observer", "listener", "callback", "handler", "subscriber",
                                        "receiver", "hook",     "watcher",  "signal"};
    if (facts->inside)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (has(facts->holder_text, names[i]))
            return true;
    return is(uf_graph_type_name(facts->view->graph, facts->example), "method");
}

static bool is_atexit(const struct uf_leak_facts *facts)
{
    return has(facts->root, "atexit");
}

static bool is_at_fork(const struct uf_leak_facts *facts)
{
    return has(facts->root, "at-fork");
}

static bool is_interned(const struct uf_leak_facts *facts)
{
    return has(facts->root, "interned");
}

static bool is_module(const struct uf_leak_facts *facts)
{
    return is(facts->type, "module") || has(facts->holder_text, "sys.modules");
}

static bool is_logger(const struct uf_leak_facts *facts)
{
    return ends(facts->holder_text, "loggerDict") || is(facts->type, "logging.Logger");
}

static bool is_log_handler(const struct uf_leak_facts *facts)
{
    return ends(facts->holder_text, ".handlers") && ends(facts->type, "Handler");
}

/* The sets of weak references in which abc notes what it was asked about (Modules/_abc.c). */
static bool is_abc_cache(const struct uf_leak_facts *facts)
{
    return has(facts->path, "._abc_impl");
}

/* The dictionary of a weakref.WeakKeyDictionary (Lib/weakref.py): a value can only pile up there
 * while its key lives. */
static bool is_weak_key_mapping(const struct uf_leak_facts *facts)
{
    if (!facts->view->reach || facts->holder == UF_NODE_NONE || !is(facts->holder_type, "dict"))
        return false;
    uf_node owner = facts->holder;
    for (int up = 0; up < 2 && owner != UF_NODE_NONE; up++) {
        owner = facts->view->reach->parent[owner];
        if (owner != UF_NODE_NONE &&
            is(uf_graph_type_name(facts->view->graph, owner), "weakref.WeakKeyDictionary"))
            return ends(facts->holder_text, ".data");
    }
    return false;
}

static bool is_warning_registry(const struct uf_leak_facts *facts)
{
    return has(facts->path, "__warningregistry__");
}

static bool is_finalizer(const struct uf_leak_facts *facts)
{
    return has(facts->type, "weakref.finalize") || has(facts->path, "finalize._registry");
}

static bool is_weakref(const struct uf_leak_facts *facts)
{
    return has(facts->type, "weakref") || has(facts->type, "weakproxy") ||
           has(facts->type, "ReferenceType") || has(facts->type, "WeakMethod") ||
           has(facts->type, "KeyedRef");
}

static bool is_method_cache(const struct uf_leak_facts *facts)
{
    return has(facts->holder_type, "lru_cache") && facts->on_class;
}

static bool is_cache(const struct uf_leak_facts *facts)
{
    return has(facts->inside ? facts->type : facts->holder_type, "lru_cache");
}

static bool is_defaultdict(const struct uf_leak_facts *facts)
{
    return has(facts->inside ? facts->type : facts->holder_type, "defaultdict");
}

static bool is_thread(const struct uf_leak_facts *facts)
{
    return ends(facts->type, "Thread") ||
           (facts->holder == UF_NODE_NONE && has(facts->root, "thread Thread-"));
}

static bool is_context(const struct uf_leak_facts *facts)
{
    bool thread = strncmp(facts->path, "thread ", 7) == 0 && has(facts->path, " context");
    return thread || is(facts->type, "Token") || is(facts->type, "_contextvars.Context");
}

static bool is_native(const struct uf_leak_facts *facts)
{
    return is(facts->root, "native code");
}

static bool is_namespace(const struct uf_leak_facts *facts)
{
    return facts->many_names || (facts->inside && ends(facts->path, ".__dict__"));
}

/* What holds the entries, or grows itself. */
static const char *container_type(const struct uf_leak_facts *facts)
{
    return facts->inside ? facts->type : facts->holder_type;
}

static bool is_plain_mapping(const struct uf_leak_facts *facts)
{
    const char *type = container_type(facts);
    return has(type, "dict") || has(type, "Dict") || has(type, "Counter");
}

static bool is_mapping_of_plain(const struct uf_leak_facts *facts)
{
    return facts->inside && is_plain_mapping(facts);
}

static bool is_set(const struct uf_leak_facts *facts)
{
    return is(container_type(facts), "set") || has(container_type(facts), "Set");
}

static bool is_set_of_plain(const struct uf_leak_facts *facts)
{
    return facts->inside && is_set(facts);
}

static bool is_sequence(const struct uf_leak_facts *facts)
{
    const char *type = container_type(facts);
    return is(type, "list") || has(type, "deque") || has(type, "array") || has(type, "List");
}

static bool is_sequence_of_plain(const struct uf_leak_facts *facts)
{
    return facts->inside && is_sequence(facts);
}

static bool is_text(const struct uf_leak_facts *facts)
{
    return facts->inside && (is(facts->type, "str") || is(facts->type, "bytes") ||
                             is(facts->type, "bytearray") || has(facts->type, "IO"));
}

static bool is_number(const struct uf_leak_facts *facts)
{
    return facts->inside && is(facts->type, "int");
}

static bool is_local(const struct uf_leak_facts *facts)
{
    return has(facts->holder_text, "local '") && facts->reference != UF_REF_INDEX &&
           facts->reference != UF_REF_ITEM;
}

static bool is_chain(const struct uf_leak_facts *facts)
{
    return facts->chain;
}

static bool is_type_cache(const struct uf_leak_facts *facts)
{
    return has(facts->root, "type cache");
}

static bool is_known_bound(const struct uf_leak_facts *facts)
{
    return facts->known_bound;
}

static bool has_settled(const struct uf_leak_facts *facts)
{
    return facts->settled;
}

static bool is_gc_garbage(const struct uf_leak_facts *facts)
{
    return is(facts->holder_text, "gc.garbage");
}

static bool always(const struct uf_leak_facts *facts)
{
    (void)facts;
    return true;
}

/* In `text`, %h is the holder's expression and %t the type of what piles up. */
struct pattern {
    bool (*fits)(const struct uf_leak_facts *facts);
    const char *text;
};

static const struct pattern patterns[] = {
    {is_type_cache, "nothing to do: the interpreter's cache of attribute names has room for 4,096"},
    {is_known_bound, "nothing to do, unless %h may hold too much: then lower its bound"},
    {has_settled, "nothing to do: %h has stopped growing"},
    {is_gc_garbage, "turn gc.DEBUG_SAVEALL (gc.DEBUG_LEAK) off: it keeps all that the collector "
                    "finds; without it, "
                    "empty gc.garbage and break the cycle"},
    {is_atexit,
     "register the exit function once, at import, or take it back by atexit.unregister() when its "
     "work is done"},
    {is_at_fork,
     "os.register_at_fork() cannot be undone: register once, with a function that reaches its "
     "objects through weakrefs"},
    {is_interned,
     "do not intern texts that differ from call to call: Python 3.12 never frees an interned str"},
    {is_warning_registry,
     "warn with a constant text: every new text is remembered in __warningregistry__ for "
     "ever; put what varies into the warning's attributes, or log it"},
    {is_logger,
     "do not make a logger per call: logging keeps each name for ever; use one logger and put what "
     "varies into the message or `extra`"},
    {is_log_handler,
     "add the handler once, at import, and not in each call, or take it off again by "
     "removeHandler(): a logger keeps each one"},
    {is_weak_key_mapping,
     "a value of a WeakKeyDictionary that leads back to its own key keeps the key, and so itself, "
     "for ever: keep the value in an attribute of the key object, or let it refer to the key "
     "weakly; if the keys are held elsewhere, drop them there"},
    {is_abc_cache,
     "an abstract base class remembers each class that isinstance() or issubclass() asked about, "
     "as long as the class lives: make classes once, or ask about fewer of them"},
    {is_finalizer,
     "the finalizer's callback or arguments must not refer to the object itself (a bound method "
     "does): pass a weakref, or only what the clean-up needs"},
    {is_weakref, "dead weak references stay in %h: give each a callback that removes it, or use a "
                 "weakref.WeakSet or WeakValueDictionary"},
    {is_method_cache,
     "functools.lru_cache on a method keeps every `self` alive: cache in the instance "
     "(functools.cached_property), or cache a function of what the result depends on"},
    {is_cache, "give the cache a bound (maxsize=...), or do not pass an object of its own to each "
               "call: every "
               "new argument is a new entry"},
    {is_task, "the task never ends: await it, cancel it when its result is not wanted, or give it "
              "a timeout"},
    {is_thread, "end the thread and join() it; drop it from %h then"},
    {is_exception,
     "a kept exception holds its traceback, and so every frame and its locals: keep str(error), "
     "or clear it by error.with_traceback(None)"},
    {is_module, "import once: what is imported under ever new names stays in sys.modules"},
    {is_class, "make the class once, outside of the function, or keep it by its parameters in a "
               "bounded cache"},
    {is_context, "reset the context variable by its token when the work is done"},
    {is_callback_list,
     "unregister from %h when the owner is done, or keep a weakref.WeakMethod instead of the "
     "bound method"},
    {is_namespace,
     "attributes of ever new names make %h a registry: use a dict and delete entries when done, "
     "or a weakref.WeakValueDictionary"},
    {is_native,
     "C code holds it: an extension keeps a reference or has lost one (a missing Py_DECREF)"},
    {is_chain,
     "the chain behind %h gets longer with each call: cut its old end, or bound its length"},
    {is_defaultdict,
     "reading a missing key of a defaultdict makes an entry: read by .get(), or delete the "
     "entry from %h when done"},
    {is_text, "%h is made longer by each call: start anew, or write it out"},
    {is_number, "%h has more digits after each call: bound the number"},
    {is_mapping_of_plain,
     "delete the entry from %h when it is no longer needed, or give %h a bound"},
    {is_plain_mapping,
     "delete the entry from %h when the %t is done with, give %h a bound, or make it a "
     "weakref.WeakValueDictionary"},
    {is_set_of_plain, "discard() entries of %h when they are no longer needed, or bound it"},
    {is_set, "discard() it from %h when it is done with, or make %h a weakref.WeakSet"},
    {is_sequence_of_plain, "take entries out of %h when they are no longer needed, or bound it: "
                           "collections.deque(maxlen=...)"},
    {is_sequence,
     "remove it from %h when it is done with, or bound it: collections.deque(maxlen=...)"},
    {is_local, "%h keeps it while its function runs: `del` it, or end the function"},
    {always, "let %h drop its reference when the %t is done with"},
};

static void write_sentence(struct uf_text *ret, const char *pattern, const char *holder,
                           const char *type)
{
    for (const char *at = pattern; *at != '\0'; at++) {
        if (at[0] == '%' && at[1] == 'h')
            uf_text_add_z(ret, holder[0] ? holder : "the holder"), at++;
        else if (at[0] == '%' && at[1] == 't')
            uf_text_add_z(ret, type), at++;
        else
            uf_text_add(ret, at, 1);
    }
}

char *uf_advice_for_leak(const struct uf_leak_facts *facts)
{
    const struct pattern *pattern = patterns;
    struct uf_text text = {0};
    while (!pattern->fits(facts))
        pattern++; /* the last one fits */
    write_sentence(&text, pattern->text, facts->holder_text, facts->type);
    char *ret = text.failed ? NULL : uf_mem_strdup(text.at);
    uf_text_release(&text);
    return ret;
}

/* "local 'e' of f() at app.py:12" -> "e" */
static void local_name(const struct uf_ref_name *name, struct uf_text *ret)
{
    const char *from = strchr(name->text, '\''), *to = from ? strchr(from + 1, '\'') : NULL;
    if (to)
        uf_text_add(ret, from + 1, (size_t)(to - from) - 1);
}

char *uf_advice_for_cycle(const struct uf_cycle_facts *facts)
{
    struct uf_text text = {0}, local = {0};
    if (facts->cut->kind == UF_REF_LOCAL || has(facts->cut->text, "local '"))
        local_name(facts->cut, &local);
    const char *name = local.failed || local.len == 0 ? "" : local.at;
    if (facts->exception && name[0])
        uf_text_printf(
            &text,
            "the local `%s` keeps an exception whose traceback keeps the frame: `del %s` in a "
            "finally block, or leave the except block without keeping it",
            name, name);
    else if (facts->exception)
        uf_text_printf(
            &text,
            "%s of %s keeps an exception, whose traceback keeps the frames that lead back: "
            "clear it when it is handled, or keep it by .with_traceback(None)",
            facts->cut->text, facts->source_type);
    else if (facts->type)
        uf_text_add_z(
            &text,
            "a class refers to itself: make it once, outside of the function, or keep it by its "
            "parameters in a bounded cache");
    else if (facts->closure && is(facts->target_type, "function"))
        uf_text_add_z(
            &text,
            "a function that calls itself from its own closure is a cycle: pass it as an "
            "argument, make it a method or a module's function, or `del` its name when done");
    else if (facts->closure)
        uf_text_printf(&text,
                       "the closure's variable (%s) leads back to the function: pass the %s as an "
                       "argument, or by weakref.ref",
                       facts->cut->text, facts->target_type);
    else if (name[0])
        uf_text_printf(&text, "`del %s` when it is done with, or end the frame that keeps it",
                       name);
    else if (facts->cut->kind == UF_REF_ATTR || facts->cut->kind == UF_REF_DICT)
        uf_text_printf(
            &text,
            "make %s of %s a weakref.ref() or weakref.proxy(), or set it to None when the %s "
            "is done with",
            facts->cut->text, facts->source_type, facts->target_type);
    else
        uf_text_printf(
            &text, "take the %s out of the %s when it is done with, or hold it by weakref.ref()",
            facts->target_type, facts->source_type);
    if (!facts->single)
        uf_text_add_z(&text, " (one reference alone is not enough)");
    char *ret = text.failed ? NULL : uf_mem_strdup(text.at);
    uf_text_release(&text);
    uf_text_release(&local);
    return ret;
}
