/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The holder of a virtio block device that gives it rings, tables and buffers that lie where they may not: in the
 * kernel, beside its own memory, across its end; and rings that lie. Written against the registers and the layouts of
 * VIRTIO 1.2, not against our driver. After all of them the device does honest work, or the job fails.
 *
 * args: aim=all (every case), aim=ram (one read into memory that nobody uses, for the twin); hold=1 stays afterwards,
 * so that somebody can look into the memory from outside.
 */
#include <stdbool.h>

#include <args.h>
#include <clock.h>
#include <dma.h>
#include <mmio.h>
#include <print.h>
#include <process.h>
#include <report.h>
#include <ring.h>

#include "../../drivers/virtio_blk/pci_caps.h"
#include "../../drivers/virtio_blk/virtio.h"
#include "../watch/watch.h"

enum {
    PAGE = 4096,
    OWN_PAGES = 4,
    QUEUE_SIZE = 8,
    OWN_BYTES = OWN_PAGES * PAGE,
    LAST_PAGE = OWN_BYTES - PAGE,
    DATA_BYTES = 2 * PAGE,
    STATUS_UNSEEN = 0xff,
};
static const uint64_t reset_ns = TN_SECOND, answer_ns = TN_SECOND / 20, fault_ns = TN_SECOND / 4,
                      settle_ns = TN_SECOND / 50, hold_ns = 120 * TN_SECOND;

/* What a device is led to by an address, and where it honestly is in our own memory. */
enum place { DESC, AVAIL, USED, TABLE, HEADER, STATUS, DATA, PLACES };
static const struct {
    const char *name;
    uint32_t offset;
} places[PLACES] = {
    [DESC] = {"descriptor_table", 0}, [AVAIL] = {"available_ring", 1024},
    [USED] = {"used_ring", 2048},     [TABLE] = {"indirect_table", 3584},
    [HEADER] = {"header", 3072},      [STATUS] = {"status", 3328},
    [DATA] = {"data", PAGE},
};

static uint64_t device;
static struct tn_mmio common, notify;
static uint64_t notify_offset;
static struct tn_dma_shared own;

/* ---- where the registers are ---- */

static struct tn_cqe ask(uint32_t op, uint64_t a, uint64_t b)
{
    struct tn_sqe sqe = {.op = op, .handle = device, .arg = {a, b}};
    struct tn_cqe answer;
    if (tn_ring_call(&sqe, &answer) != TN_OK)
        return (struct tn_cqe){0};
    return answer;
}

static void map(const struct virtio_pci_region *region, struct tn_mmio *window)
{
    if (tn_mmio_map(device, region->bar, region->offset, region->length, window) != TN_OK)
        tn_die("rings: FAIL registers cannot be mapped");
}

static void open_device(const struct tn_start *start)
{
    const struct tn_start_cap *cap = tn_start_find_kind(start, TN_KIND_DEVICE);
    struct virtio_pci_function function;
    struct virtio_pci_regions regions;
    uint64_t pool;
    uint32_t where;
    if (cap == NULL)
        tn_die("rings: FAIL no device");
    device = cap->handle;
    watch_open(device);
    for (uint32_t at = 0; at < PCI_CONFIG_BYTES; at++)
        function.config[at] = (uint8_t)ask(TN_OP_DEVICE_CONFIG_READ, at, 1).value[0];
    for (uint32_t bar = 0; bar < PCI_BARS; bar++)
        function.bar_bytes[bar] = ask(TN_OP_DEVICE_BAR, bar, 0).value[0];
    if (virtio_pci_find(&function, &regions, &where) != VIRTIO_PCI_OK)
        tn_die("rings: FAIL no virtio structures");
    map(&regions.common, &common);
    map(&regions.notify, &notify);
    mmio_write16(&common, COMMON_QUEUE_SELECT, 0);
    if (virtio_pci_notify_offset(&regions, mmio_read16(&common, COMMON_QUEUE_NOTIFY_OFF), &notify_offset) != TN_OK)
        tn_die("rings: FAIL nowhere to notify");
    enum tn_status status = tn_dma_device_pool(device, OWN_BYTES, &pool);
    if (status == TN_OK)
        status = tn_dma_shared_alloc(pool, OWN_BYTES, &own);
    if (status == TN_OK)
        status = tn_dma_bus_master(device, TN_BUS_MASTER_ON);
    if (status != TN_OK)
        tn_die("rings: FAIL the device cannot be used: %s", tn_status_name(status));
}

/* ---- one request ---- */

/* Everything that the device is told. The addresses are what is aimed; what the device says of what it could not read
 * or write is its own affair. */
struct request {
    const char *name;
    uint64_t at[PLACES];
    uint32_t data_bytes;
    uint16_t index; /* that the available ring says */
    uint16_t next;  /* of the data's descriptor */
    uint16_t head;  /* in the available ring */
    bool indirect;  /* the chain is in `table` */
    bool refused;   /* the IOMMU has something to refuse */
    bool honest;    /* it is answered */
};

static struct request well_formed(const char *name)
{
    struct request r = {.name = name, .data_bytes = DATA_BYTES, .index = 1, .next = 2};
    for (uint32_t i = 0; i < PLACES; i++)
        r.at[i] = own.token.bits + places[i].offset;
    return r;
}

static volatile void *in_own(enum place place)
{
    return own.data + places[place].offset;
}

static bool reset(void)
{
    mmio_write8(&common, COMMON_DEVICE_STATUS, 0);
    for (uint64_t end = tn_deadline_in(reset_ns); mmio_read8(&common, COMMON_DEVICE_STATUS) != 0;)
        if (tn_clock_now() > end)
            return false;
    return true;
}

static void write64(uint32_t reg, uint64_t value)
{
    mmio_write32(&common, reg, (uint32_t)value);
    mmio_write32(&common, reg + 4, (uint32_t)(value >> 32));
}

static void negotiate(void)
{
    static const uint64_t features = VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_INDIRECT_DESC;
    uint8_t status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;
    mmio_write8(&common, COMMON_DEVICE_STATUS, status);
    for (uint32_t half = 0; half < 2; half++) {
        mmio_write32(&common, COMMON_DEVICE_FEATURE_SELECT, half);
        uint32_t offered = mmio_read32(&common, COMMON_DEVICE_FEATURE);
        mmio_write32(&common, COMMON_DRIVER_FEATURE_SELECT, half);
        mmio_write32(&common, COMMON_DRIVER_FEATURE, (uint32_t)(features >> 32 * half) & offered);
    }
    mmio_write8(&common, COMMON_DEVICE_STATUS, status | VIRTIO_STATUS_FEATURES_OK);
}

static void start_queue(const struct request *r)
{
    mmio_write16(&common, COMMON_QUEUE_SELECT, 0);
    mmio_write16(&common, COMMON_QUEUE_SIZE, QUEUE_SIZE);
    mmio_write16(&common, COMMON_QUEUE_MSIX_VECTOR, VIRTIO_MSI_NO_VECTOR);
    write64(COMMON_QUEUE_DESC, r->at[DESC]);
    write64(COMMON_QUEUE_DRIVER, r->at[AVAIL]);
    write64(COMMON_QUEUE_DEVICE, r->at[USED]);
    mmio_write16(&common, COMMON_QUEUE_ENABLE, 1);
    mmio_write8(&common, COMMON_DEVICE_STATUS,
                VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK);
}

/* The rings as they stand in our own memory, wherever the device is told that they are. */
static void fill(const struct request *r)
{
    volatile struct virtq_desc *desc = in_own(DESC), *chain = r->indirect ? in_own(TABLE) : desc;
    volatile struct virtq_avail *avail = in_own(AVAIL);
    volatile uint8_t *bytes = own.data;
    for (uint32_t i = 0; i < OWN_BYTES; i++)
        bytes[i] = 0;
    *(volatile uint8_t *)in_own(STATUS) = STATUS_UNSEEN;
    /* the header: a read of sector 0, which is all zeroes */
    chain[0] = (struct virtq_desc){r->at[HEADER], sizeof(struct virtio_blk_req), VIRTQ_DESC_F_NEXT, 1};
    chain[1] = (struct virtq_desc){r->at[DATA], r->data_bytes, VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE, r->next};
    chain[2] = (struct virtq_desc){r->at[STATUS], 1, VIRTQ_DESC_F_WRITE, 0};
    if (r->indirect)
        desc[0] = (struct virtq_desc){r->at[TABLE], 3 * sizeof(struct virtq_desc), VIRTQ_DESC_F_INDIRECT, 0};
    avail->ring[0] = r->head;
    avail->idx = r->index;
}

static void aim(const struct request *r)
{
    const volatile uint8_t *status = in_own(STATUS);
    uint64_t before = watch_after(watch_count(), settle_ns);
    if (!reset()) {
        report_count(r->name, 0, 1);
        return;
    }
    negotiate();
    fill(r);
    start_queue(r);
    mmio_write16(&notify, notify_offset, 0);
    for (uint64_t end = tn_deadline_in(answer_ns); *status == STATUS_UNSEEN && tn_clock_now() < end;)
        (void)tn_ring_wait(1, tn_deadline_in(TN_SECOND / 100));
    bool refused = watch_after(before, r->refused ? fault_ns : settle_ns) > before;
    report_count(r->name, refused, r->refused);
    if (r->honest)
        report_count(r->name, *status, VIRTIO_BLK_S_OK);
}

/* ---- the cases ---- */

static void aim_addresses(void)
{
    const uint64_t targets[] = {
        0x100000,                   /* the kernel */
        own.token.bits + OWN_BYTES, /* beside our own */
        0xfed90000,                 /* the IOMMU */
        UINT64_MAX - PAGE + 1,
    };
    for (uint32_t t = 0; t < sizeof(targets) / sizeof(targets[0]); t++)
        for (uint32_t place = 0; place < PLACES; place++) {
            struct request r = well_formed(places[place].name);
            r.at[place] = targets[t];
            r.indirect = place == TABLE;
            r.refused = true;
            aim(&r);
        }
}

static void aim_lies(void)
{
    struct request r = well_formed("across_the_end");
    r.at[DATA] = own.token.bits + LAST_PAGE, r.data_bytes = 4 * PAGE, r.refused = true;
    aim(&r);
    r = well_formed("wraps");
    r.at[DATA] = UINT64_MAX - PAGE + 1, r.data_bytes = UINT32_MAX & ~511u, r.refused = true;
    aim(&r);
    r = well_formed("index_far_ahead");
    r.index = QUEUE_SIZE + 1;
    aim(&r);
    r = well_formed("head_out_of_range");
    r.head = 40;
    aim(&r);
    r = well_formed("chain_in_a_circle");
    r.next = 0;
    aim(&r);
}

int tn_main(const struct tn_start *start)
{
    static const char *const aims[] = {"all", "ram", NULL};
    uint64_t which = 0, hold = 0;
    const struct tn_arg known[] = {{.key = "aim", .value = &which, .words = aims},
                                   {.key = "hold", .value = &hold, .max = 1}};
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    open_device(start);
    struct request r = well_formed("before");
    r.honest = true;
    aim(&r);
    if (which == 0) {
        aim_addresses();
        aim_lies();
    } else {
        r = well_formed("free_memory");
        r.at[DATA] = 0x8000000, r.refused = true;
        aim(&r);
    }
    r = well_formed("after");
    r.honest = true;
    aim(&r);
    if (!reset())
        report_count("reset", 0, 1);
    for (uint32_t i = 0; i < OWN_BYTES; i++)
        own.data[i] = 0;
    if (hold) {
        tn_print("rings: holding");
        for (uint64_t end = tn_deadline_in(hold_ns); tn_clock_now() < end;)
            (void)tn_ring_wait(1, end);
    }
    return report_end("virtio rings");
}
