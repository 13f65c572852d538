#include "report/stack.h"

#include "report/columns.h"

#include <string.h>

#define FRAMES_SHOWN 4

const char *uf_report_short_file(const char *file)
{
    static const char *const folders[] = {"/site-packages/", "/dist-packages/"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        const char *found = strstr(file, folders[i]);
        if (found)
            return found + strlen(folders[i]);
    }
    const char *library = strstr(file, "/lib/python3");
    const char *inside = library ? strchr(library + strlen("/lib/python3"), '/') : NULL;
    if (inside)
        return inside + 1;
    const char *slash = strrchr(file, '/');
    return slash && slash[1] ? slash + 1 : file;
}

static void add_native(struct uf_text *ret, const struct uf_stack_frame *frame)
{
    const char *slash = strrchr(frame->library, '/');
    uf_columns_clean(ret, frame->symbol ? frame->symbol : "?");
    uf_text_add_z(ret, " in ");
    uf_columns_clean(ret, slash ? slash + 1 : frame->library);
    if (!frame->file)
        return;
    uf_text_add_z(ret, " (");
    uf_columns_clean(ret, uf_report_short_file(frame->file));
    if (frame->line)
        uf_text_printf(ret, ":%u", frame->line);
    uf_text_add_z(ret, ")");
}

static void add_python(struct uf_text *ret, const struct uf_stack_frame *frame)
{
    uf_columns_clean(ret, frame->file ? uf_report_short_file(frame->file) : "?");
    if (frame->line)
        uf_text_printf(ret, ":%u", frame->line);
    if (frame->function) {
        uf_text_add_z(ret, " in ");
        uf_columns_clean(ret, frame->function);
    }
}

void uf_report_stack(struct uf_text *ret, const uf_stack_frames *frames)
{
    size_t shown = frames->len <= FRAMES_SHOWN ? frames->len : FRAMES_SHOWN - 1;
    for (size_t i = 0; i < shown; i++) {
        uf_text_add_z(ret, i > 0 ? "  <-  " : "");
        if (frames->at[i].library)
            add_native(ret, &frames->at[i]);
        else
            add_python(ret, &frames->at[i]);
    }
    if (shown < frames->len)
        uf_text_printf(ret, "  <-  %zu more", frames->len - shown);
}
