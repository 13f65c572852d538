#include "report/processes.h"

#include "report/columns.h"
#include "report/heap.h"

void uf_process_name(struct uf_text *ret, int pid, bool master)
{
    uf_text_printf(ret, "%d%s", pid, master ? " (master)" : "");
}

void uf_absent_rows(struct uf_page *page, const struct uf_absent *absent, size_t count)
{
    static const char *const labels[] = {"came", "went", "not read"};
    for (size_t i = 0; i < count; i++) {
        struct uf_text text = {0};
        uf_text_printf(&text, "%d: ", absent[i].pid);
        if (absent[i].how == UF_PROCESS_CAME)
            uf_text_add_z(&text, "it was not there at the first look, and is in no figure");
        else if (absent[i].how == UF_PROCESS_WENT)
            uf_text_add_z(&text, "it ended before the second look, and is in no figure");
        else
            uf_columns_clean(&text, absent[i].why ? absent[i].why : "?");
        uf_page_row(page, 0, labels[absent[i].how], UF_HEAP_LABEL_COLUMN, &text);
    }
}

void uf_absent_json(struct uf_json *json, const char *key, const struct uf_absent *absent,
                    size_t count, enum uf_absence how)
{
    uf_json_open_array(json, key, UF_JSON_INLINE);
    for (size_t i = 0; i < count; i++) {
        if (absent[i].how != how)
            continue;
        if (how == UF_PROCESS_UNREAD) {
            uf_json_open_object(json, NULL, UF_JSON_INLINE);
            uf_json_number(json, "pid", absent[i].pid);
            uf_json_text(json, "why", absent[i].why);
            uf_json_close(json);
        } else {
            uf_json_number(json, NULL, absent[i].pid);
        }
    }
    uf_json_close(json);
}
