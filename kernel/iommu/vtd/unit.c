/* SPDX-License-Identifier: Apache-2.0 */
/* See unit.h. VT-d Specification 4.0, chapters 6, 7 and 11. */
#include "iommu/vtd/unit.h"

#include <stddef.h>

#include "iommu/vtd/registers.h"

enum {
    FAULT_HIGH = 8,         /* of a record */
    FAULT_RECORDED_AT = 12, /* the dword with the bit that is cleared by writing it */
    LEVELS_MIN = 3,
};
#define FAULT_RECORDED       (UINT64_C(1) << 63)
#define FAULT_IS_READ        (UINT64_C(1) << 62)
#define FAULT_RECORDED_DWORD (UINT32_C(1) << 31)

static const uint64_t limit_ns = 1000000000;

static uint32_t read32(const struct vtd_unit *u, uint32_t offset)
{
    return u->host.read32(u->host.context, offset);
}

static void write32(const struct vtd_unit *u, uint32_t offset, uint32_t value)
{
    u->host.write32(u->host.context, offset, value);
}

static void write64(const struct vtd_unit *u, uint32_t offset, uint64_t value)
{
    u->host.write64(u->host.context, offset, value);
}

static enum tn_status fail(struct vtd_trouble *trouble, enum tn_status status, const char *what, uint64_t value)
{
    *trouble = (struct vtd_trouble){what, value};
    return status;
}

uint32_t vtd_unit_bytes(uint64_t cap)
{
    if (cap == 0 || cap == UINT64_MAX)
        return 0;
    uint32_t faults = VTD_CAP_FAULTS_AT(cap) + VTD_CAP_FAULTS(cap) * VTD_FAULT_BYTES;
    return faults > VTD_REGISTERS_BYTES ? faults : VTD_REGISTERS_BYTES;
}

enum tn_status vtd_unit_check(struct vtd_unit *u, const struct vtd_host *host, struct vtd_trouble *trouble)
{
    *u = (struct vtd_unit){.host = *host};
    u->cap = host->read64(host->context, VTD_CAP);
    u->ecap = host->read64(host->context, VTD_ECAP);
    if (vtd_unit_bytes(u->cap) == 0)
        return fail(trouble, TN_ENOTSUP, "its capability register makes no sense", u->cap);
#ifndef TN_TWIN_UNIT /* negative twin: whatever it lacks is not missed */
    if (!(u->ecap & VTD_ECAP_QUEUE))
        return fail(trouble, TN_ENOTSUP, "it has no queued invalidation", u->ecap);
    if (!(u->cap & (VTD_CAP_3_LEVELS | VTD_CAP_4_LEVELS)))
        return fail(trouble, TN_ENOTSUP, "it walks neither three nor four levels of page tables", u->cap);
    if (u->cap & VTD_CAP_RWBF) /* chipsets of before 2010 */
        return fail(trouble, TN_ENOTSUP, "its write buffer wants to be flushed by hand", u->cap);
    if (VTD_CAP_FAULTS_AT(u->cap) < VTD_IRTA)
        return fail(trouble, TN_ENOTSUP, "its fault records lie over its other registers", u->cap);
#endif
    u->levels = u->cap & VTD_CAP_4_LEVELS ? LEVELS_MIN + 1 : LEVELS_MIN;
    u->coherent = u->ecap & VTD_ECAP_COHERENT;
    u->large = u->cap & VTD_CAP_2_MIB;
    u->caching_mode = u->cap & VTD_CAP_CACHING_MODE;
    return TN_OK;
}

/* ---- switching on ---- */

/* Waits until the bits of GSTS are all set, or all clear. */
static bool reaches(const struct vtd_unit *u, uint32_t bits, bool set)
{
    uint64_t end = u->host.now(u->host.context) + limit_ns;
    while ((read32(u, VTD_GSTS) & bits) != (set ? bits : 0))
        if (u->host.now(u->host.context) > end)
#ifndef TN_TWIN_UNIT
            return (read32(u, VTD_GSTS) & bits) == (set ? bits : 0);
#else
            return true;
#endif
    return true;
}

/* One bit a time, as section 11.4.4.1 wants it; the bits that stay are written as they read. */
static bool command(const struct vtd_unit *u, uint32_t bit, bool on)
{
    uint32_t kept = read32(u, VTD_GSTS) & VTD_GLOBAL_KEPT;
    write32(u, VTD_GCMD, on ? kept | bit : kept & ~bit);
    return reaches(u, bit, on);
}

static enum tn_status start_queue(struct vtd_unit *u, struct vtd_trouble *trouble)
{
    if (read32(u, VTD_GSTS) & VTD_QUEUED_INVALIDATION && !command(u, VTD_QUEUED_INVALIDATION, false))
        return fail(trouble, TN_EIO, "the queue that firmware left on does not go off", read32(u, VTD_GSTS));
    if (vtd_queue_init(&u->queue, &u->host, u->coherent) != TN_OK)
        return fail(trouble, TN_EEXHAUSTED, "no memory for its queue", 0);
    write64(u, VTD_IQT, 0);
    write64(u, VTD_IQA, u->queue.physical); /* 128-bit descriptors, one page */
    if (!command(u, VTD_QUEUED_INVALIDATION, true))
        return fail(trouble, TN_EIO, "queued invalidation does not go on", read32(u, VTD_GSTS));
    return TN_OK;
}

static enum tn_status set_root(struct vtd_unit *u, struct vtd_trouble *trouble)
{
    static const char *const why = "it does not take its root table";
    if (vtd_contexts_init(&u->contexts, &u->host, u->coherent) != TN_OK)
        return fail(trouble, TN_EEXHAUSTED, "no memory for its root table", 0);
    write64(u, VTD_RTADDR, u->contexts.root);
    write32(u, VTD_GCMD, (read32(u, VTD_GSTS) & VTD_GLOBAL_KEPT) | VTD_ROOT_TABLE);
    if (!reaches(u, VTD_ROOT_TABLE, true))
        return fail(trouble, TN_EIO, why, read32(u, VTD_GSTS));
    const struct vtd_descriptor all[] = {vtd_context_all(), vtd_iotlb_all()};
    for (uint32_t i = 0; i < 2; i++) /* in this order, each done before the next (section 6.5.3.2) */
        if (vtd_queue_order(&u->queue, &all[i], 1) != TN_OK)
            return fail(trouble, TN_EIO, "its caches are not invalidated", read32(u, VTD_FSTS));
    return TN_OK;
}

static enum tn_status start_remapping(struct vtd_unit *u, struct vtd_trouble *trouble)
{
    if (vtd_remap_init(&u->remap, &u->host, u->coherent) != TN_OK)
        return fail(trouble, TN_EEXHAUSTED, "no memory for its interrupt remapping table", 0);
    write64(u, VTD_IRTA, u->remap.physical | VTD_REMAP_SIZE);
    write32(u, VTD_GCMD,
            (read32(u, VTD_GSTS) & VTD_GLOBAL_KEPT & ~(uint32_t)VTD_COMPATIBILITY_FORMAT) | VTD_REMAPPING_TABLE);
    if (!reaches(u, VTD_REMAPPING_TABLE, true))
        return fail(trouble, TN_EIO, "it does not take its interrupt remapping table", read32(u, VTD_GSTS));
    const struct vtd_descriptor all = vtd_interrupt_all();
    if (vtd_queue_order(&u->queue, &all, 1) != TN_OK)
        return fail(trouble, TN_EIO, "its interrupt cache is not invalidated", read32(u, VTD_FSTS));
    if (!command(u, VTD_INTERRUPT_REMAPPING, true))
        return fail(trouble, TN_EIO, "interrupt remapping does not go on", read32(u, VTD_GSTS));
    if (!reaches(u, VTD_COMPATIBILITY_FORMAT, false))
        return fail(trouble, TN_EIO, "it lets messages of the old format pass", read32(u, VTD_GSTS));
    u->remaps = true;
    return TN_OK;
}

/* Firmware's own protection would stop what the tables allow. */
static bool stop_protected_memory(const struct vtd_unit *u)
{
    if (!(u->cap & VTD_CAP_PROTECTED_MEMORY) || !(read32(u, VTD_PMEN) & VTD_PMEN_ON))
        return true;
    write32(u, VTD_PMEN, read32(u, VTD_PMEN) & ~(uint32_t)VTD_PMEN_ENABLE);
    uint64_t end = u->host.now(u->host.context) + limit_ns;
    while (read32(u, VTD_PMEN) & VTD_PMEN_ON)
        if (u->host.now(u->host.context) > end)
            return false;
    return true;
}

enum tn_status vtd_unit_start(struct vtd_unit *u, bool remap, struct vtd_trouble *trouble)
{
    enum tn_status status = start_queue(u, trouble);
    if (status == TN_OK)
        status = set_root(u, trouble);
    if (status != TN_OK)
        return status;
    if (!command(u, (uint32_t)VTD_TRANSLATION, true))
        return fail(trouble, TN_EIO, "translation does not go on", read32(u, VTD_GSTS));
    if (!stop_protected_memory(u))
        return fail(trouble, TN_EIO, "its protected memory regions do not go off", read32(u, VTD_PMEN));
    u->translates = true;
    return remap ? start_remapping(u, trouble) : TN_OK;
}

/* ---- faults ---- */

void vtd_unit_set_fault_message(struct vtd_unit *u, uint32_t address, uint32_t data)
{
    write32(u, VTD_FECTL, (uint32_t)VTD_FECTL_MASKED);
    write32(u, VTD_FEDATA, data);
    write32(u, VTD_FEADDR, address);
    write32(u, VTD_FEUADDR, 0);
    write32(u, VTD_FECTL, 0);
    (void)read32(u, VTD_FECTL);
}

/* Section 7.2.3. */
static const char *reason_of(uint8_t reason)
{
    static const char *const name[] = {
        [0x1] = "no root entry",
        [0x2] = "no context entry",
        [0x3] = "invalid context entry",
        [0x4] = "address beyond the domain's width",
        [0x5] = "write without the right to",
        [0x6] = "read without the right to",
        [0x7] = "page table out of reach",
        [0x8] = "root table out of reach",
        [0x9] = "context table out of reach",
        [0xa] = "reserved bits in a root entry",
        [0xb] = "reserved bits in a context entry",
        [0xc] = "reserved bits in a page table entry",
        [0xd] = "translated request not allowed",
        [0x20] = "reserved bits in a remappable interrupt",
        [0x21] = "interrupt index beyond the table",
        [0x22] = "no interrupt remapping entry",
        [0x23] = "interrupt remapping table out of reach",
        [0x24] = "reserved bits in an interrupt remapping entry",
        [0x25] = "interrupt of the old format",
        [0x26] = "interrupt of another requester",
    };
    return reason < sizeof name / sizeof name[0] && name[reason] ? name[reason] : "reserved reason";
}

static bool take_fault(struct vtd_unit *u, uint32_t record, struct iommu_fault *fault)
{
    uint32_t at = VTD_CAP_FAULTS_AT(u->cap) + record * VTD_FAULT_BYTES;
    uint64_t high = u->host.read64(u->host.context, at + FAULT_HIGH);
    if (!(high & FAULT_RECORDED))
        return false;
    *fault = (struct iommu_fault){
        .requester = (uint16_t)high,
        .reason = reason_of((uint8_t)(high >> 32)),
        .reason_number = (uint8_t)(high >> 32),
        .is_read = high & FAULT_IS_READ,
    };
    write32(u, at + FAULT_RECORDED_AT, FAULT_RECORDED_DWORD);
    return true;
}

bool vtd_unit_next_fault(struct vtd_unit *u, struct iommu_fault *fault)
{
    for (uint32_t i = 0; i < VTD_CAP_FAULTS(u->cap); i++)
        if (take_fault(u, i, fault)) {
            u->faults++;
            return true;
        }
    /* what came while all records were taken is lost, and said to be; clearing lets the next be recorded */
    if (read32(u, VTD_FSTS) & VTD_FSTS_OVERFLOW) {
        write32(u, VTD_FSTS, VTD_FSTS_OVERFLOW);
        u->overflows++;
        *fault = (struct iommu_fault){.is_overflow = true};
        return true;
    }
    return false;
}
