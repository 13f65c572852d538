#include "balance/presence.h"

/* Moves the cursor to the first run that ends behind `address`. */
static void seek(struct uf_presence *presence, uint64_t address)
{
    const struct uf_page_run *runs = presence->runs->list.at;
    size_t low = 0, high = presence->runs->list.len;
    if (presence->at > 0 && runs[presence->at - 1].end > address) { /* back: search */
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (runs[middle].end <= address)
                low = middle + 1;
            else
                high = middle;
        }
        presence->at = low;
        return;
    }
    while (presence->at < high && runs[presence->at].end <= address)
        presence->at++;
}

static bool is_resident(const struct uf_page_run *run, bool anonymous)
{
    return run->kind & UF_PAGE_PRESENT && !(run->kind & UF_PAGE_ZERO) &&
           !(anonymous && run->kind & UF_PAGE_FILE);
}

static uint64_t count(struct uf_presence *presence, uint64_t start, uint64_t end, bool anonymous)
{
    const struct uf_page_run *runs = presence->runs->list.at;
    uint64_t bytes = 0;
    seek(presence, start);
    for (size_t i = presence->at; i < presence->runs->list.len && runs[i].start < end; i++) {
        uint64_t from = runs[i].start > start ? runs[i].start : start;
        uint64_t to = runs[i].end < end ? runs[i].end : end;
        if (is_resident(&runs[i], anonymous) && from < to)
            bytes += to - from;
    }
    return bytes;
}

uint64_t uf_presence_bytes(struct uf_presence *presence, uint64_t start, uint64_t end)
{
    return count(presence, start, end, false);
}

uint64_t uf_presence_anonymous(struct uf_presence *presence, uint64_t start, uint64_t end)
{
    return count(presence, start, end, true);
}

bool uf_presence_next(struct uf_presence *presence, uint64_t start, uint64_t end,
                      uint64_t *ret_start, uint64_t *ret_end)
{
    const struct uf_page_run *runs = presence->runs->list.at;
    seek(presence, start);
    for (size_t i = presence->at; i < presence->runs->list.len && runs[i].start < end; i++) {
        if (runs[i].kind & UF_PAGE_ZERO || !(runs[i].kind & (UF_PAGE_PRESENT | UF_PAGE_SWAPPED)))
            continue;
        *ret_start = runs[i].start > start ? runs[i].start : start;
        *ret_end = runs[i].end < end ? runs[i].end : end;
        return *ret_start < *ret_end;
    }
    return false;
}
