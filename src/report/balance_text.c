#include "report/balance.h"
#include "report/columns.h"
#include "report/heap.h"
#include "report/style.h"
#include "report/table.h"
#include "report/units.h"

#include <string.h>

#define INDENT 2
#define FILES_SHOWN 5
#define ARENAS_SHOWN 8
#define SAID_SHARE 0.1 /* parts of the verdict: the largest, and others from that share on */
#define SAID_MOST 3
#define SHARE_WIDTH 10 /* columns of a bar of 100 % */

/* As the verdict says them, and as the table does. */
static const struct {
    const char *brief, *whole;
} names[UF_PARTS] = {
    [UF_PART_OBJECTS] = {"Python objects", "Python objects"},
    [UF_PART_PYTHON_OTHER] = {"other blocks of Python's allocator", "Python, other blocks"},
    [UF_PART_PYTHON_FREE] = {"free inside Python's allocator", "Python, free"},
    [UF_PART_FRAMES] = {"Python's frames", "Python, frames"},
    [UF_PART_NATIVE_USED] = {"in use by C code", "malloc, used by C code"},
    [UF_PART_NATIVE_FREE] = {"free inside malloc", "malloc, free"},
    [UF_PART_ALLOCATOR] = {"another allocator's", "another allocator"},
    [UF_PART_STACKS] = {"stacks", "stacks"},
    [UF_PART_FILES] = {"files", "files"},
    [UF_PART_FILES_DATA] = {"variables of libraries", "files, variables"},
    [UF_PART_SHARED] = {"shared memory", "shared memory"},
    [UF_PART_CODE] = {"generated code", "generated code"},
    [UF_PART_NAMED] = {"named mappings", "named, loader"},
    [UF_PART_REMAINDER] = {"unexplained", "not explained"},
};

static double share(const struct uf_balance *balance, uint64_t bytes)
{
    return balance->resident_bytes ? (double)bytes / (double)balance->resident_bytes : 0;
}

/* "61 %": of what is there never 0, of what is not all never 100. */
static void add_share(struct uf_text *ret, double part)
{
    int percent = (int)(part * 100 + 0.5);
    if (part > 0 && percent == 0)
        uf_text_add_z(ret, "<1 %");
    else
        uf_text_printf(ret, "%d %%", part < 1 && percent == 100 ? 99 : percent);
}

static const char *file_name(const struct uf_balance *balance, uint32_t path)
{
    const char *name = uf_strings_get(&balance->mappings->paths, path);
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

static void add_brief(struct uf_text *ret, const struct uf_balance *balance,
                      enum uf_balance_part part)
{
    if (part == UF_PART_ALLOCATOR && balance->allocator)
        uf_columns_clean(ret, file_name(balance, balance->allocator));
    else
        uf_text_add_z(ret, names[part].brief);
    if (part == UF_PART_NATIVE_FREE && share(balance, balance->trim) >= 0.01) {
        uf_text_add_z(ret, " (malloc_trim gives back ");
        uf_units_bytes(ret, (double)balance->trim);
        uf_text_add_z(ret, ")");
    }
}

static void write_verdict(struct uf_page *page, const struct uf_balance *balance)
{
    struct uf_text text = {0};
    bool said[UF_PARTS] = {false};
    uf_units_bytes(&text, (double)balance->resident_bytes);
    uf_text_add_z(&text, " in memory: ");
    for (int n = 0; n < SAID_MOST; n++) {
        int most = -1;
        for (int i = 0; i < UF_PARTS; i++)
            if (!said[i] && (most < 0 || balance->parts[i] > balance->parts[most]))
                most = i;
        if (n > 0 && share(balance, balance->parts[most]) < SAID_SHARE)
            break;
        said[most] = true;
        uf_text_add_z(&text, n ? ", " : "");
        add_share(&text, share(balance, balance->parts[most]));
        uf_text_add_z(&text, " ");
        add_brief(&text, balance, (enum uf_balance_part)most);
    }
    if (balance->swapped_bytes > 0) {
        uf_text_add_z(&text, "; ");
        uf_units_bytes(&text, (double)balance->swapped_bytes);
        uf_text_add_z(&text, " more are swapped out");
    }
    uf_page_headline(page, UF_MARK_BOLD, "RESIDENT", &text, "");
}

/* "60 MiB in Python's arenas, 3 MiB from malloc", and the like: what a part consists of. */
static void add_detail(struct uf_text *ret, const struct uf_balance *balance,
                       enum uf_balance_part part)
{
    const struct {
        enum uf_balance_part part;
        uint64_t bytes;
        const char *what;
    } details[] = {
        {UF_PART_OBJECTS, balance->objects_small, "in its arenas"},
        {UF_PART_OBJECTS, balance->objects_large, "from malloc"},
        {UF_PART_PYTHON_FREE, balance->pool_blocks_free, "blocks"},
        {UF_PART_PYTHON_FREE, balance->pools_free, "empty pools"},
        {UF_PART_PYTHON_FREE, balance->pool_heads, "heads of pools"},
        {UF_PART_NATIVE_USED, balance->chunk_used, "mapped one by one"},
        {UF_PART_NATIVE_FREE, balance->top, "at ends of arenas"},
        {UF_PART_NATIVE_FREE, balance->cached + balance->fast, "in caches"},
        {UF_PART_ALLOCATOR, balance->elsewhere_bytes, "Python objects"},
    };
    size_t said = 0;
    for (size_t i = 0; i < sizeof details / sizeof *details; i++) {
        if (details[i].part != part || details[i].bytes == 0)
            continue;
        uf_text_add_z(ret, said++ ? ", " : "");
        uf_units_bytes(ret, (double)details[i].bytes);
        uf_text_printf(ret, " %s", details[i].what);
    }
    if (part == UF_PART_STACKS)
        uf_units_plural(ret, (double)balance->stacks + 1, "thread", "threads");
}

static void add_bar(struct uf_text *ret, double part)
{
    int columns = (int)(part * SHARE_WIDTH + 0.5);
    for (int i = 0; i < columns; i++)
        uf_text_add_z(ret, "#");
}

/* Whole KiB, rounded so that they add up. */
static void write_parts(struct uf_page *page, const struct uf_balance *balance)
{
    static const struct uf_table_column columns[] = {
        {.title = "KiB", .right = true},
        {.title = "share", .right = true},
        {.title = "", .drop = 2, .mark = UF_MARK_DIM},
        {.title = "what", .mark = UF_MARK_BOLD},
        {.title = "of which", .least = 12, .drop = 1},
    };
    struct uf_table table;
    uint64_t before = 0, sum = 0;
    uf_table_init(&table, columns, 5);
    for (int i = 0; i <= UF_PARTS; i++) {
        uint64_t bytes = i < UF_PARTS ? balance->parts[i] : balance->resident_bytes;
        struct uf_text part = {0}, bar = {0}, detail = {0};
        if (bytes == 0 && i != UF_PART_REMAINDER)
            continue;
        before = sum;
        sum += i < UF_PARTS ? bytes : 0;
        uint64_t kib = (sum + 512) / 1024 - (i < UF_PARTS ? (before + 512) / 1024 : 0);
        uf_table_count(&table, (double)kib);
        add_share(&part, share(balance, bytes));
        uf_table_text(&table, &part);
        if (i < UF_PARTS)
            add_bar(&bar, share(balance, bytes));
        uf_table_text(&table, &bar);
        if (i == UF_PART_ALLOCATOR)
            uf_table_clean(&table, file_name(balance, balance->allocator));
        else
            uf_table_clean(&table, i < UF_PARTS ? names[i].whole : "resident memory");
        if (i < UF_PARTS)
            add_detail(&detail, balance, (enum uf_balance_part)i);
        uf_table_text(&table, &detail);
    }
    uf_table_draw(&table, page, INDENT);
}

static void write_arenas(struct uf_page *page, const struct uf_balance *balance)
{
    static const struct uf_table_column columns[] = {
        {.title = "in memory", .right = true}, {.title = "Python objects", .right = true},
        {.title = "C code", .right = true},    {.title = "free", .right = true},
        {.title = "arena of malloc"},
    };
    struct uf_table table;
    struct uf_text more = {0};
    if (balance->arenas.len < 2)
        return;
    uf_page_newline(page);
    uf_table_init(&table, columns, 5);
    for (size_t i = 0; i < balance->arenas.len && i < ARENAS_SHOWN; i++) {
        const struct uf_balance_arena *arena = &balance->arenas.at[i];
        struct uf_text name = {0};
        uf_table_bytes(&table, (double)arena->resident);
        uf_table_bytes(&table, (double)arena->objects);
        uf_table_bytes(&table, (double)arena->used);
        uf_table_bytes(&table, (double)arena->free);
        uf_text_printf(&name, arena->main ? "the main one" : "of threads, 0x%llx",
                       (unsigned long long)arena->address);
        uf_table_text(&table, &name);
    }
    uf_table_draw(&table, page, INDENT);
    if (balance->arenas.len <= ARENAS_SHOWN)
        return;
    uf_text_add_z(&more, UF_MARK_DIM "and ");
    uf_units_plural(&more, (double)(balance->arenas.len - ARENAS_SHOWN), "more arena",
                    "more arenas");
    uf_text_add_z(&more, UF_MARK_PLAIN);
    uf_page_line(page, INDENT, &more);
}

static void write_files(struct uf_page *page, const struct uf_balance *balance)
{
    static const struct uf_table_column columns[] = {
        {.title = "in memory", .right = true},
        {.title = "variables", .right = true},
        {.title = "file", .least = 20},
    };
    struct uf_table table;
    struct uf_text more = {0};
    if (balance->files.len == 0)
        return;
    uf_page_newline(page);
    uf_table_init(&table, columns, 3);
    for (size_t i = 0; i < balance->files.len && i < FILES_SHOWN; i++) {
        const struct uf_balance_file *file = &balance->files.at[i];
        uf_table_bytes(&table, (double)(file->bytes + file->data_bytes));
        uf_table_bytes(&table, (double)file->data_bytes);
        uf_table_clean(&table, uf_strings_get(&balance->mappings->paths, file->path));
    }
    uf_table_draw(&table, page, INDENT);
    if (balance->files.len <= FILES_SHOWN)
        return;
    uf_text_add_z(&more, UF_MARK_DIM "and ");
    uf_units_plural(&more, (double)(balance->files.len - FILES_SHOWN), "more file", "more files");
    uf_text_add_z(&more, UF_MARK_PLAIN);
    uf_page_line(page, INDENT, &more);
}

void uf_balance_text(struct uf_page *page, const struct uf_balance *balance, bool quiet)
{
    struct uf_balance_advice advice[UF_BALANCE_ADVICE_MOST];
    size_t count = uf_balance_advise(advice, balance);
    write_verdict(page, balance);
    if (quiet)
        return;
    uf_page_newline(page);
    write_parts(page, balance);
    write_arenas(page, balance);
    write_files(page, balance);
    if (count > 0)
        uf_page_newline(page);
    for (size_t i = 0; i < count; i++) {
        struct uf_text text = {0};
        uf_text_add_z(&text, advice[i].text);
        uf_page_row(page, 0, i == 0 ? "advice" : "", UF_HEAP_LABEL_COLUMN, &text);
    }
    if (balance->breaks > 0) {
        struct uf_text text = {0};
        uf_text_add_z(&text, "the heap of malloc is not whole in ");
        uf_units_plural(&text, balance->breaks, "place", "places");
        uf_text_add_z(&text, ": what lies there counts as in use");
        uf_page_row(page, 0, "note", UF_HEAP_LABEL_COLUMN, &text);
    }
}
