#include "report/stack.h"

#include "report/columns.h"

#include <stdio.h>
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
    /* extension modules carry the interpreter and the platform in their names (PEP 3149) */
    char name[128];
    const char *file = slash ? slash + 1 : frame->library;
    const char *tag = strstr(file, ".cpython-");
    (void)snprintf(name, sizeof name, "%.*s", (int)(tag ? tag - file : (long)strlen(file)), file);
    uf_columns_clean(ret, name);
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

/* Of frames of one library in a row the innermost tells enough. */
static bool is_shown(const uf_stack_frames *frames, size_t index)
{
    const char *library = frames->at[index].library;
    const char *inner = index > 0 ? frames->at[index - 1].library : NULL;
    return !library || !inner || strcmp(library, inner) != 0;
}

void uf_report_stack(struct uf_text *ret, const uf_stack_frames *frames)
{
    size_t wanted = 0, shown = 0;
    for (size_t i = 0; i < frames->len; i++)
        wanted += is_shown(frames, i);
    size_t most = wanted <= FRAMES_SHOWN ? wanted : FRAMES_SHOWN - 1;
    for (size_t i = 0; i < frames->len && shown < most; i++) {
        if (!is_shown(frames, i))
            continue;
        uf_text_add_z(ret, shown++ > 0 ? "  <-  " : "");
        if (frames->at[i].library)
            add_native(ret, &frames->at[i]);
        else
            add_python(ret, &frames->at[i]);
    }
    if (shown < wanted)
        uf_text_printf(ret, "  <-  %zu more", wanted - shown);
}
