#include "pyext/tracing.h"

#include "pyext/freelists.h"
#include "pyext/python.h"
#include "pyext/tracing_private.h"

#define BEFORE_OBJECT_MAX                                                                          \
    48 /* bytes between a block's start and its object: collector's header, slots */

struct uf_tracing uf_tracing_self;

static bool find(void *context, uint64_t address, struct uf_birth *ret)
{
    struct uf_tracing *tracing = context;
    struct uf_block block;
    uint64_t start;
    if (tracing->watching)
        uf_hooks_settle(tracing);
    if (!uf_blocks_holding(&tracing->blocks, address, BEFORE_OBJECT_MAX, &block, &start))
        return false;
    *ret = (struct uf_birth){.site = block.site, .call = block.call};
    if (block.domain == UF_DOMAIN_OBJECT) {
        if (tracing->watching && block.call == tracing->call)
            uf_freelists_check(tracing->call);
        ret->earlier = block.uncertain || uf_freelists_may_hold(address, block.call);
    }
    return true;
}

static size_t frames(void *context, uint32_t site, struct uf_birth_frame *ret, size_t most)
{
    struct uf_tracing *tracing = context;
    struct uf_site_node nodes[UF_BIRTHS_FRAMES_MAX];
    size_t count = uf_sites_frames(&tracing->sites, site, nodes,
                                   most < UF_BIRTHS_FRAMES_MAX ? most : UF_BIRTHS_FRAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct uf_site_function *function = &tracing->sites.functions.at[nodes[i].function];
        ret[i] = (struct uf_birth_frame){function->file, function->name, nodes[i].line};
    }
    return count;
}

enum uf_code uf_tracing_start(struct uf_tracing **ret, const struct uf_tracing_options *options,
                              struct uf_error *err)
{
    struct uf_tracing *tracing = &uf_tracing_self;
    *ret = NULL;
    if (tracing->used)
        return uf_error_set(err, UF_EINVAL, "births are being watched already");
    if (!tracing->blocks.top && uf_blocks_init(&tracing->blocks))
        return uf_error_nomem(err);
    uf_blocks_clear(&tracing->blocks);
    uf_stack_reset();
    uf_freelists_forget_arrays();
    tracing->used = true;
    tracing->raw = options->raw;
    tracing->call = 0;
    tracing->births = (struct uf_births){.context = tracing, .find = find, .frames = frames};
    uf_hooks_install(options->raw);
    *ret = tracing;
    return UF_OK;
}

/* PyGC_Collect() does nothing where collection is turned off. */
static void collect(void)
{
    int was_enabled = PyGC_Enable();
    PyGC_Collect();
    if (!was_enabled)
        PyGC_Disable();
}

void uf_tracing_call(struct uf_tracing *tracing, uint32_t call)
{
    uf_hooks_settle(tracing);
    uf_freelists_check(tracing->call);
    if (call) {
        collect();
        uf_freelists_shut();
    }
    tracing->call = call < UF_CALLS_MAX ? call : UF_CALLS_MAX - 1;
}

void uf_tracing_stop(struct uf_tracing *tracing)
{
    if (!tracing->watching)
        return;
    uf_hooks_settle(tracing);
    uf_freelists_check(tracing->call);
    uf_freelists_open();
    uf_hooks_remove();
}

void uf_tracing_free(struct uf_tracing *tracing)
{
    if (!tracing)
        return;
    uf_tracing_stop(tracing);
    uf_freelists_forget();
    uf_blocks_clear(&tracing->blocks);
    uf_sites_release(&tracing->sites);
    tracing->used = false;
}

const struct uf_births *uf_tracing_births(struct uf_tracing *tracing)
{
    return &tracing->births;
}

struct visit {
    uf_tracing_visit visit;
    void *context;
};

static int visit_block(void *context, uint64_t address, const struct uf_block *block)
{
    const struct visit *visit = context;
    return visit->visit(visit->context, &(struct uf_live_block){
                                            .address = address,
                                            .bytes = block->bytes,
                                            .site = block->site,
                                            .call = block->call,
                                            .domain = block->domain,
                                        });
}

int uf_tracing_each_live(struct uf_tracing *tracing, uf_tracing_visit visit, void *context)
{
    struct visit both = {visit, context};
    return uf_blocks_each(&tracing->blocks, visit_block, &both);
}

uint64_t uf_tracing_missed(const struct uf_tracing *tracing)
{
    return tracing->blocks.missed;
}
