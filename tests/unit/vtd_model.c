/* SPDX-License-Identifier: Apache-2.0 */
/* See vtd_model.h. */
#include "vtd_model.h"

#include <stdlib.h>
#include <string.h>

#include "iommu/vtd/registers.h"

enum {
    FAULTS_AT = 0x220,
    REASON_NO_ROOT = 1,
    REASON_NO_CONTEXT = 2,
    REASON_BEYOND = 4,
    REASON_WRITE = 5,
    REASON_READ = 6,
};
#define ADDRESS UINT64_C(0x000ffffffffff000)

static uint8_t *page_of(uint8_t *base, uint64_t physical)
{
    return physical >= MODEL_MEMORY && physical < MODEL_MEMORY + (uint64_t)MODEL_PAGES * MODEL_PAGE
               ? base + (physical - MODEL_MEMORY)
               : NULL;
}

static bool is_coherent(const struct vtd_model *m)
{
    return m->ecap & VTD_ECAP_COHERENT;
}

/* Eight bytes as the unit reads them. */
static uint64_t read_memory(const struct vtd_model *m, uint64_t physical)
{
    uint64_t value = 0;
    const uint8_t *from = page_of(is_coherent(m) ? m->memory : m->seen, physical);
    if (from)
        memcpy(&value, from, sizeof value);
    return value;
}

/* ---- faults ---- */

static uint32_t fault_records(const struct vtd_model *m)
{
    return VTD_CAP_FAULTS(m->cap);
}

static void record(struct vtd_model *m, uint16_t requester, uint64_t iova, bool is_write, uint8_t reason)
{
    for (uint32_t i = 0; i < fault_records(m); i++) {
        if (m->fault[i][1] >> 63)
            continue;
        m->fault[i][0] = iova & ADDRESS;
        m->fault[i][1] = UINT64_C(1) << 63 | (is_write ? 0 : UINT64_C(1) << 62) | (uint64_t)reason << 32 | requester;
        m->fsts |= VTD_FSTS_PENDING;
        return;
    }
    m->fsts |= VTD_FSTS_OVERFLOW;
}

/* ---- the queue ---- */

static void forget_pages(struct vtd_model *m, int32_t domain)
{
    for (uint32_t i = 0; i < MODEL_CACHED; i++)
        if (domain < 0 || m->page[i].domain == domain)
            m->page[i].used = false;
}

static void forget_contexts(struct vtd_model *m, uint64_t order)
{
    uint32_t granularity = order >> 4 & 3;
    for (uint32_t i = 0; i < 64; i++) {
        struct vtd_model_entry *c = &m->context[i];
        if (granularity == 1 || (granularity == 2 && c->domain == (uint16_t)(order >> 16)) ||
            (granularity == 3 && c->requester == (uint16_t)(order >> 32) &&
             (!c->present || c->domain == (uint16_t)(order >> 16))))
            c->used = false;
    }
}

static void take_order(struct vtd_model *m, uint64_t low, uint64_t high)
{
    uint32_t granularity = low >> 4 & 3;
    if ((low & 15) != 5)
        m->orders++;
    switch (low & 15) {
    case 1:
        forget_contexts(m, low);
        break;
    case 2:
        forget_pages(m, granularity == 1 ? -1 : (int32_t)(low >> 16 & 0xffff));
        break;
    case 4:
        for (uint32_t i = 0; i < 256; i++)
            if (!(low >> 4 & 1) || i == (low >> 32 & 0xffff))
                m->interrupt[i].used = false;
        break;
    case 5: {
        uint32_t number = (uint32_t)(low >> 32);
        uint8_t *to = page_of(m->memory, high);
        if (to && low & 1 << 5)
            memcpy(to, &number, sizeof number);
        break;
    }
    default:
        m->fsts |= VTD_FSTS_QUEUE_ERROR;
    }
}

static void run_queue(struct vtd_model *m)
{
    if (!(m->gsts & VTD_QUEUED_INVALIDATION) || m->trouble == MODEL_QUEUE_SILENT)
        return;
    for (; m->iqh != m->iqt; m->iqh = (m->iqh + 16) % MODEL_PAGE) {
        if (m->trouble == MODEL_QUEUE_ERROR) {
            m->fsts |= VTD_FSTS_QUEUE_ERROR;
            return;
        }
        take_order(m, read_memory(m, (m->iqa & ADDRESS) + m->iqh), read_memory(m, (m->iqa & ADDRESS) + m->iqh + 8));
    }
}

/* ---- registers ---- */

static bool refuses(const struct vtd_model *m, uint32_t bit)
{
    static const struct {
        uint32_t trouble, bit;
    } broken[] = {
        {MODEL_NO_QUEUE, VTD_QUEUED_INVALIDATION},         {MODEL_NO_ROOT, VTD_ROOT_TABLE},
        {MODEL_NO_TRANSLATION, (uint32_t)VTD_TRANSLATION}, {MODEL_NO_REMAPPING_TABLE, VTD_REMAPPING_TABLE},
        {MODEL_NO_REMAPPING, VTD_INTERRUPT_REMAPPING},
    };
    for (uint32_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        if (m->trouble == broken[i].trouble && bit == broken[i].bit)
            return true;
    return false;
}

static void follow(struct vtd_model *m, uint32_t command)
{
    static const uint32_t kept[] = {(uint32_t)VTD_TRANSLATION, VTD_QUEUED_INVALIDATION, VTD_INTERRUPT_REMAPPING,
                                    VTD_COMPATIBILITY_FORMAT};
    for (uint32_t i = 0; i < 4; i++)
        if (!refuses(m, kept[i]))
            m->gsts = command & kept[i] ? m->gsts | kept[i] : m->gsts & ~kept[i];
    if (m->trouble == MODEL_COMPATIBILITY)
        m->gsts |= VTD_COMPATIBILITY_FORMAT;
    if (command & VTD_ROOT_TABLE && !refuses(m, VTD_ROOT_TABLE)) {
        m->root = m->rtaddr;
        m->gsts |= VTD_ROOT_TABLE;
    }
    if (command & VTD_REMAPPING_TABLE && !refuses(m, VTD_REMAPPING_TABLE)) {
        m->remap = m->irta;
        m->gsts |= VTD_REMAPPING_TABLE;
    }
}

static uint32_t read32(void *context, uint32_t offset)
{
    const struct vtd_model *m = context;
    switch (offset) {
    case VTD_GSTS:
        return m->gsts;
    case VTD_FSTS:
        return m->fsts;
    case VTD_FECTL:
        return m->fectl;
    case VTD_PMEN:
        return m->pmen;
    default:
        return 0;
    }
}

static void write32(void *context, uint32_t offset, uint32_t value)
{
    struct vtd_model *m = context;
    if (offset == VTD_GCMD)
        follow(m, value);
    else if (offset == VTD_FSTS)
        m->fsts &= ~(value & (uint32_t)(VTD_FSTS_OVERFLOW | VTD_FSTS_QUEUE));
    else if (offset == VTD_FECTL)
        m->fectl = value;
    else if (offset == VTD_PMEN)
        m->pmen = value & (uint32_t)VTD_PMEN_ENABLE ? value | 1 : 0;
    else if (offset >= FAULTS_AT && (offset - FAULTS_AT) % 16 == 12 && value >> 31)
        m->fault[(offset - FAULTS_AT) / 16][1] = 0;
}

static uint64_t read64(void *context, uint32_t offset)
{
    const struct vtd_model *m = context;
    if (offset >= FAULTS_AT)
        return m->fault[(offset - FAULTS_AT) / 16][(offset - FAULTS_AT) % 16 / 8];
    return offset == VTD_CAP ? m->cap : offset == VTD_ECAP ? m->ecap : 0;
}

static void write64(void *context, uint32_t offset, uint64_t value)
{
    struct vtd_model *m = context;
    if (offset == VTD_RTADDR)
        m->rtaddr = value;
    else if (offset == VTD_IQA)
        m->iqa = value;
    else if (offset == VTD_IRTA)
        m->irta = value;
    else if (offset == VTD_IQT) {
        m->iqt = value;
        run_queue(m);
    }
}

/* ---- memory and time ---- */

static bool take(void *context, uint64_t pages, uint64_t *physical)
{
    struct vtd_model *m = context;
    if (m->pages_taken + pages > m->pages_limit)
        return false;
    for (uint32_t first = 0; first + pages <= MODEL_PAGES; first++) {
        uint32_t n = 0;
        while (n < pages && !m->used[first + n])
            n++;
        if (n != pages)
            continue;
        memset(m->used + first, 1, pages);
        memset(m->memory + (size_t)first * MODEL_PAGE, 0, pages * MODEL_PAGE);
        m->pages_taken += (uint32_t)pages;
        *physical = MODEL_MEMORY + (uint64_t)first * MODEL_PAGE;
        return true;
    }
    return false;
}

static void give(void *context, uint64_t physical, uint64_t pages)
{
    struct vtd_model *m = context;
    uint64_t first = (physical - MODEL_MEMORY) / MODEL_PAGE;
    for (uint64_t i = first; i < first + pages; i++) {
        if (!m->used[i])
            abort(); /* given twice */
        m->used[i] = 0;
        memset(m->memory + i * MODEL_PAGE, 0xa5, MODEL_PAGE); /* what is read from here on is a bug */
    }
    m->pages_taken -= (uint32_t)pages;
}

static void *at(void *context, uint64_t physical)
{
    return page_of(((struct vtd_model *)context)->memory, physical);
}

void vtd_host_write_back(void *context, const volatile void *from, uint64_t bytes)
{
    struct vtd_model *m = context;
    size_t first = (size_t)((const volatile uint8_t *)from - m->memory) & ~(size_t)63;
    size_t end = (size_t)((const volatile uint8_t *)from - m->memory) + bytes;
    for (; first < end; first += 64)
        memcpy(m->seen + first, m->memory + first, 64);
}

static uint64_t now(void *context)
{
    struct vtd_model *m = context;
    return m->now += 1000000; /* each look takes a millisecond */
}

/* ---- requests ---- */

static struct vtd_model_entry *context_of(struct vtd_model *m, uint16_t requester)
{
    struct vtd_model_entry *free = NULL;
    for (uint32_t i = 0; i < 64; i++) {
        if (m->context[i].used && m->context[i].requester == requester)
            return &m->context[i];
        if (!m->context[i].used)
            free = &m->context[i];
    }
    struct vtd_model_entry walked = {.used = true, .requester = requester};
    uint64_t root = read_memory(m, (m->root & ADDRESS) + (requester >> 8) * 16u);
    uint64_t low = root & 1 ? read_memory(m, (root & ADDRESS) + (requester & 0xff) * 16u) : 0;
    if (low & 1) {
        uint64_t high = read_memory(m, (root & ADDRESS) + (requester & 0xff) * 16u + 8);
        walked.present = true;
        walked.physical = low & ADDRESS;
        walked.domain = (uint16_t)(high >> 8);
        walked.rights = (uint32_t)(high & 7) + 2;
    }
    *free = walked;
    free->used = walked.present || m->cap & VTD_CAP_CACHING_MODE;
    return free;
}

static struct vtd_model_entry walk(const struct vtd_model *m, const struct vtd_model_entry *c, uint64_t iova)
{
    struct vtd_model_entry e = {.used = true, .domain = c->domain, .iova = iova & ADDRESS, .rights = 3};
    uint64_t table = c->physical;
    for (uint32_t level = c->rights; level > 0; level--) {
        uint64_t entry = read_memory(m, table + (iova >> (12 + 9 * (level - 1)) & 511) * 8);
        e.rights &= (uint32_t)entry & 3;
        if (e.rights == 0)
            return e;
        if (level == 2 && entry & 1 << 7) {
            e.physical = (entry & ADDRESS) + (iova & 0x1ff000);
            e.present = true;
            return e;
        }
        table = entry & ADDRESS;
    }
    e.physical = table;
    e.present = true;
    return e;
}

static struct vtd_model_entry *cached_page(struct vtd_model *m, uint16_t domain, uint64_t iova)
{
    for (uint32_t i = 0; i < MODEL_CACHED; i++)
        if (m->page[i].used && m->page[i].domain == domain && m->page[i].iova == (iova & ADDRESS))
            return &m->page[i];
    return NULL;
}

static void remember(struct vtd_model *m, const struct vtd_model_entry *e)
{
    for (uint32_t i = 0; i < MODEL_CACHED; i++)
        if (!m->page[i].used) {
            m->page[i] = *e;
            return;
        }
}

uint64_t vtd_model_access(struct vtd_model *m, uint16_t requester, uint64_t iova, bool is_write)
{
    if (!(m->gsts & (uint32_t)VTD_TRANSLATION))
        return iova;
    const struct vtd_model_entry *c = context_of(m, requester);
    if (!c->present) {
        record(m, requester, iova, is_write, REASON_NO_CONTEXT);
        return 0;
    }
    if (iova >> (12 + 9 * c->rights) != 0) {
        record(m, requester, iova, is_write, REASON_BEYOND);
        return 0;
    }
    const struct vtd_model_entry *cached = cached_page(m, c->domain, iova);
    struct vtd_model_entry e = cached ? *cached : walk(m, c, iova);
    if (!cached && (e.present || m->cap & VTD_CAP_CACHING_MODE))
        remember(m, &e);
    if (!e.present || !(e.rights & (is_write ? 2u : 1u))) {
        record(m, requester, iova, is_write, is_write ? REASON_WRITE : REASON_READ);
        return 0;
    }
    return e.physical + iova % MODEL_PAGE;
}

uint8_t vtd_model_interrupt(struct vtd_model *m, uint16_t requester, uint32_t address, uint32_t data)
{
    if (address >> 20 != 0xfee)
        return 0;
    if (!(m->gsts & VTD_INTERRUPT_REMAPPING))
        return (uint8_t)data;
    if (!(address >> 4 & 1)) /* the old format */
        return m->gsts & VTD_COMPATIBILITY_FORMAT ? (uint8_t)data : 0;
    uint32_t index = (address >> 5 & 0x7fff) | (address >> 2 & 1) << 15;
    if (index >= 256)
        return 0;
    if (!m->interrupt[index].used) {
        m->interrupt[index].low = read_memory(m, (m->remap & ADDRESS) + index * 16u);
        m->interrupt[index].high = read_memory(m, (m->remap & ADDRESS) + index * 16u + 8);
        m->interrupt[index].used = m->interrupt[index].low & 1;
    }
    uint64_t low = m->interrupt[index].low, high = m->interrupt[index].high;
    if (!(low & 1) || ((high >> 18 & 3) == 1 && (uint16_t)high != requester))
        return 0;
    return (uint8_t)(low >> 16);
}

struct vtd_model *vtd_model_new(void)
{
    struct vtd_model *m = calloc(1, sizeof *m);
    m->memory = aligned_alloc(MODEL_PAGE, (size_t)MODEL_PAGES * MODEL_PAGE);
    m->seen = aligned_alloc(MODEL_PAGE, (size_t)MODEL_PAGES * MODEL_PAGE);
    memset(m->memory, 0xa5, (size_t)MODEL_PAGES * MODEL_PAGE);
    memset(m->seen, 0x5a, (size_t)MODEL_PAGES * MODEL_PAGE);
    m->pages_limit = MODEL_PAGES;
    m->cap = UINT64_C(1) << 34 | UINT64_C(FAULTS_AT / 16) << 24 | UINT64_C(38) << 16 | VTD_CAP_3_LEVELS | 6;
    m->ecap = VTD_ECAP_QUEUE | VTD_ECAP_INTERRUPT_REMAPPING | UINT64_C(0xf0) << 8;
    m->host = (struct vtd_host){read32, write32, read64, write64, take, give, at, now, m};
    return m;
}

void vtd_model_free(struct vtd_model *m)
{
    free(m->memory);
    free(m->seen);
    free(m);
}
