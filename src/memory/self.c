#include "memory/source.h"

static const void *view(void *context, uint64_t address, size_t size)
{
    (void)context;
    (void)size;
    return (const void *)(uintptr_t)address; // NOLINT
}

const struct uf_source uf_source_self = {.identity = true, .context = NULL, .view = view};
