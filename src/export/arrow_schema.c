/* A table's schema: a struct whose children are its columns. */
#include "export/arrow_stream.h"

#include <string.h>

struct uf_arrow_selection uf_arrow_all_columns(const struct uf_arrow_table *table)
{
    struct uf_arrow_selection all = {.count = (uint8_t)table->field_count};
    for (uint8_t i = 0; i < all.count; i++)
        all.fields[i] = i;
    return all;
}

/* "Format strings" of the specification. Numbers of texts are signed, which it recommends for
 * dictionaries; there are never 2^31 of them. */
static const char *format_of(enum uf_arrow_type type)
{
    switch (type) {
    case UF_ARROW_U32:
        return "I";
    case UF_ARROW_U64:
        return "L";
    case UF_ARROW_I64:
        return "l";
    case UF_ARROW_BOOL:
        return "b";
    case UF_ARROW_UTF8:
        return "u";
    case UF_ARROW_DICT8:
        return "c";
    default:
        return "i";
    }
}

/* Each struct holds the memory by itself, as it may be moved away from its parent. */
static void release_schema(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++)
        if (schema->children[i]->release)
            schema->children[i]->release(schema->children[i]);
    if (schema->dictionary && schema->dictionary->release)
        schema->dictionary->release(schema->dictionary);
    schema->release = NULL;
    uf_arrow_memory_drop(schema->private_data);
}

static void begin(struct ArrowSchema *schema, struct uf_arrow_memory *memory, const char *format,
                  const char *name, bool nullable)
{
    *schema = (struct ArrowSchema){
        .format = format,
        .name = name,
        .flags = nullable ? ARROW_FLAG_NULLABLE : 0,
        .release = release_schema,
        .private_data = memory,
    };
    uf_arrow_memory_hold(memory);
}

/* Formats and names are constants; only the structs need memory. */
static bool fill(struct ArrowSchema *schema, struct uf_arrow_memory *memory,
                 const struct uf_arrow_table *table, const struct uf_arrow_selection *selection)
{
    struct ArrowSchema *columns = uf_arrow_memory_take(memory, selection->count * sizeof *columns);
    struct ArrowSchema *texts = uf_arrow_memory_take(memory, selection->count * sizeof *texts);
    struct ArrowSchema **children =
        uf_arrow_memory_take(memory, selection->count * sizeof *children);
    if (!columns || !texts || !children)
        return false;
    begin(schema, memory, "+s", "", false);
    for (uint8_t i = 0; i < selection->count; i++) {
        const struct uf_arrow_field *field = &table->fields[selection->fields[i]];
        begin(&columns[i], memory, format_of(field->type), field->name, field->nullable);
        if (field->texts) {
            begin(&texts[i], memory, format_of(UF_ARROW_UTF8), "", false);
            columns[i].dictionary = &texts[i];
        }
        children[i] = &columns[i];
    }
    schema->children = children;
    schema->n_children = selection->count;
    return true;
}

enum uf_code uf_arrow_schema(struct ArrowSchema *ret, const struct uf_arrow_table *table,
                             const struct uf_arrow_selection *selection, struct uf_error *err)
{
    memset(ret, 0, sizeof *ret);
    struct uf_arrow_memory *memory = uf_arrow_memory_create(NULL);
    if (!memory)
        return uf_error_nomem(err);
    bool filled = fill(ret, memory, table, selection);
    uf_arrow_memory_drop(memory); /* the structs hold it now */
    return filled ? UF_OK : uf_error_nomem(err);
}
