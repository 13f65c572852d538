/* shop_file.h - the graph of shop_graph.h as a snapshot file. */
#ifndef UF_TESTS_UNIT_SHOP_FILE_H
#define UF_TESTS_UNIT_SHOP_FILE_H

#include "make_shapes.h"
#include "shop_graph.h"
#include "snapshot_files.h"

/* Its bytes, to be freed; it stands at files_path. */
static inline struct file_bytes shop_file(void)
{
    struct made_graph made;
    struct made_shapes shapes;
    uint64_t bytes;
    make_graph(&made, shop_graph);
    make_shapes(&shapes, &made);
    struct uf_snapshot_content content = {&made.graph, &shapes.shapes, meta_unknown(), false};
    if (uf_snapshot_write(files_path, &content, &bytes, NULL))
        made_fault("cannot be written", files_path);
    made_shapes_release(&shapes);
    made_graph_release(&made);
    return file_read(files_path);
}

#endif
