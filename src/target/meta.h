/* meta.h - what a capture from outside says of the process: the same as pyext/snapshot_meta.c from inside. */
#ifndef UF_TARGET_META_H
#define UF_TARGET_META_H

#include "target/python.h"
#include "target/target.h"

/* Texts that the meta refers to. */
struct uf_target_texts {
    char python[64], platform[64], executable[1024], command_line[4096];
};

/* Fills target->meta from the heap that target->capture was made of. */
void uf_target_describe(struct uf_target *target, struct uf_target_texts *texts,
                        const struct uf_python *python, int pid);

#endif
