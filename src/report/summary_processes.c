#include "report/summary_processes.h"

#include "report/style.h"
#include "report/summary.h"
#include "report/table.h"
#include "report/units.h"

static double known(uint64_t figure)
{
    return figure == UF_META_UNKNOWN ? UF_UNKNOWN : (double)figure;
}

void uf_summary_draw_processes(struct uf_page *page, const struct uf_summary_processes *all)
{
    static const struct uf_table_column columns[] = {
        {.title = "process", .right = true, .mark = UF_MARK_BOLD},
        {.title = "objects", .right = true},
        {.title = "size", .right = true},
        {.title = "garbage", .right = true, .drop = 1},
        {.title = "resident", .right = true, .drop = 2},
        {.title = "stood still", .right = true, .drop = 3},
    };
    struct uf_table table;
    uf_table_init(&table, columns, sizeof columns / sizeof *columns);
    for (size_t p = 0; p < all->count; p++) {
        const struct uf_summary_process *process = &all->at[p];
        struct uf_text pid = {0}, pause = {0};
        uf_process_name(&pid, process->pid, process->master);
        uf_report_heap_pause(&pause, &process->heap);
        uf_table_text(&table, &pid);
        uf_table_count(&table, (double)process->all.objects);
        uf_table_bytes(&table, (double)process->all.bytes);
        uf_table_bytes(&table, (double)process->all.garbage_bytes);
        uf_table_bytes(&table, known(process->heap.meta->rss_bytes));
        uf_table_text(&table, &pause);
    }
    uf_table_draw(&table, page, 2);
    uf_page_newline(page);
    uf_absent_rows(page, all->absent, all->absent_count);
}

void uf_summary_processes_json(struct uf_json *json, const struct uf_summary_processes *all)
{
    if (!all) {
        uf_json_null(json, "processes");
    } else {
        uf_json_open_array(json, "processes", UF_JSON_LINES);
        for (size_t p = 0; p < all->count; p++) {
            const struct uf_summary_process *process = &all->at[p];
            uf_json_open_object(json, NULL, UF_JSON_LINES);
            uf_json_number(json, "pid", process->pid);
            uf_json_bool(json, "master", process->master);
            uf_report_heap_json(json, "heap", &process->heap);
            uf_summary_collector_json(json, process->heap.meta);
            uf_json_number(json, "garbage_objects", (double)process->all.garbage_objects);
            uf_json_number(json, "garbage_bytes", (double)process->all.garbage_bytes);
            uf_json_close(json);
        }
        uf_json_close(json);
    }
    uf_absent_json(json, "unread", all ? all->absent : NULL, all ? all->absent_count : 0,
                   UF_PROCESS_UNREAD);
}
