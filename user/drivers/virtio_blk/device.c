/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bring-up of a virtio block device over PCI, in the order of VIRTIO 1.2, 3.1.1, and its end. Requests are left to
 * main.c.
 */
#include "device.h"

#include <clock.h>
#include <print.h>
#include <process.h>
#include <ring.h>

#include "virtio.h"

static const uint64_t reset_ns = TN_SECOND;

enum msix_entry {
    MSIX_QUEUE = 0, /* first: a device with a single entry still works */
    MSIX_CONFIG = 1,
};

static uint32_t config_read(const struct device *device, uint32_t offset)
{
    struct tn_sqe sqe = {.op = TN_OP_DEVICE_CONFIG_READ, .handle = device->handle, .arg = {offset, 4}};
    struct tn_cqe answer;
    enum tn_status status = tn_ring_call(&sqe, &answer);
    if (status != TN_OK)
        tn_die("configuration space at 0x%x cannot be read: %s", offset, tn_status_name(status));
    return (uint32_t)answer.value[0];
}

static void ask_past(struct device *device)
{
    struct tn_sqe sqe = {.op = TN_OP_DEVICE_QUERY, .handle = device->handle};
    struct tn_cqe answer;
    enum tn_status status = tn_ring_call(&sqe, &answer);
    if (status != TN_OK)
        tn_die("what became of the device before cannot be asked: %s", tn_status_name(status));
    device->geometry.loss = answer.value[0] & TN_DEVICE_LOST_CACHE ? answer.value[1] : 0;
}

static uint64_t bar_bytes(const struct device *device, uint32_t bar)
{
    struct tn_sqe sqe = {.op = TN_OP_DEVICE_BAR, .handle = device->handle, .arg = {bar}};
    struct tn_cqe answer;
    if (tn_ring_call(&sqe, &answer) != TN_OK || (answer.value[1] & TN_BAR_MEMORY) == 0)
        return 0;
    return answer.value[0];
}

/* 4.1.4: where the structures are. */
static void find_regions(struct device *device)
{
    struct virtio_pci_function function;
    for (uint32_t at = 0; at < PCI_CONFIG_BYTES; at += 4) {
        uint32_t value = config_read(device, at);
        for (uint32_t i = 0; i < 4; i++)
            function.config[at + i] = (uint8_t)(value >> 8 * i);
    }
    for (uint32_t bar = 0; bar < PCI_BARS; bar++)
        function.bar_bytes[bar] = bar_bytes(device, bar);
    uint32_t where;
    enum virtio_pci_error error = virtio_pci_find(&function, &device->regions, &where);
    if (error != VIRTIO_PCI_OK)
        tn_die("device %02x%02x:%02x%02x unusable: %s (0x%x)", function.config[1], function.config[0],
               function.config[3], function.config[2], virtio_pci_error_text(error), where);
}

static void map(const struct device *device, const struct virtio_pci_region *region, struct tn_mmio *window)
{
    enum tn_status status = tn_mmio_map(device->handle, region->bar, region->offset, region->length, window);
    if (status != TN_OK)
        tn_die("registers in BAR %u at 0x%x cannot be mapped: %s; see mmio_bytes in the manifest's budget", region->bar,
               region->offset, tn_status_name(status));
}

static uint8_t status_of(const struct device *device)
{
    return mmio_read8(&device->common, COMMON_DEVICE_STATUS);
}

static void add_status(const struct device *device, uint8_t bit)
{
    mmio_write8(&device->common, COMMON_DEVICE_STATUS, (uint8_t)(status_of(device) | bit));
}

/* 3.1.1 step 1, 4.1.4.3.2: write 0, then wait until it reads 0. */
static enum tn_status reset(const struct device *device)
{
    mmio_write8(&device->common, COMMON_DEVICE_STATUS, 0);
    uint64_t deadline = tn_deadline_in(reset_ns);
    while (status_of(device) != 0) {
        if (tn_clock_now() >= deadline)
            return TN_ETIMEDOUT;
        __builtin_ia32_pause();
    }
    return TN_OK;
}

_Noreturn static void give_up(const struct device *device, const char *why, uint64_t value)
{
    mmio_write8(&device->common, COMMON_DEVICE_STATUS, VIRTIO_STATUS_FAILED);
    tn_die("device gives up: %s (0x%lx)", why, value);
}

/* 3.1.1 steps 4 to 6. */
static void negotiate(struct device *device)
{
    uint64_t offered = 0;
    for (uint32_t half = 0; half < 2; half++) {
        mmio_write32(&device->common, COMMON_DEVICE_FEATURE_SELECT, half);
        offered |= (uint64_t)mmio_read32(&device->common, COMMON_DEVICE_FEATURE) << 32 * half;
    }
    if ((offered & VIRTIO_F_VERSION_1) == 0)
        give_up(device, "it does not offer the feature VIRTIO_F_VERSION_1, which this driver requires; offered",
                offered);
    const uint64_t wanted = VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_ACCESS_PLATFORM |
                            VIRTIO_F_ORDER_PLATFORM | VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_RO | VIRTIO_BLK_F_BLK_SIZE |
                            VIRTIO_BLK_F_FLUSH;
    device->features = offered & wanted;
    for (uint32_t half = 0; half < 2; half++) {
        mmio_write32(&device->common, COMMON_DRIVER_FEATURE_SELECT, half);
        mmio_write32(&device->common, COMMON_DRIVER_FEATURE, (uint32_t)(device->features >> 32 * half));
    }
    add_status(device, VIRTIO_STATUS_FEATURES_OK);
    if ((status_of(device) & VIRTIO_STATUS_FEATURES_OK) == 0)
        give_up(device, "it refuses the features chosen from its own offer", device->features);
}

static uint32_t config32(const struct device *device, uint32_t offset)
{
    return mmio_read32(&device->config, offset);
}

struct fields {
    uint64_t sectors;
    uint32_t block, size_max;
};

/* 2.5.1, 4.1.4.3: fields wider than 32 bits are read until the generation stands still. */
static struct fields read_fields(const struct device *device)
{
    struct fields f = {.block = VIRTIO_BLK_SECTOR};
    uint8_t before, after;
    int tries = 0;
    do {
        if (tries++ == 16)
            give_up(device, "its configuration never stands still", 16);
        before = mmio_read8(&device->common, COMMON_CONFIG_GENERATION);
        f.sectors = (uint64_t)config32(device, BLK_CONFIG_CAPACITY + 4) << 32 | config32(device, BLK_CONFIG_CAPACITY);
        if (device->features & VIRTIO_BLK_F_BLK_SIZE)
            f.block = config32(device, BLK_CONFIG_BLK_SIZE);
        if (device->features & VIRTIO_BLK_F_SIZE_MAX)
            f.size_max = config32(device, BLK_CONFIG_SIZE_MAX);
        after = mmio_read8(&device->common, COMMON_CONFIG_GENERATION);
    } while (before != after);
    return f;
}

static void read_geometry(struct device *device)
{
    const struct fields f = read_fields(device);
    if (blk_geometry_check(f.sectors, f.block, f.size_max, &device->geometry) != TN_OK)
        tn_die("device unusable: capacity %lu sectors, block size %u, size_max %u make no sense", f.sectors, f.block,
               f.size_max);
    device->geometry.flags = (device->features & VIRTIO_BLK_F_RO ? TN_BLK_READ_ONLY : 0u) |
                             (device->features & VIRTIO_BLK_F_FLUSH ? TN_BLK_HAS_FLUSH : 0u);
    device->sectors = f.sectors;
    if (f.sectors * VIRTIO_BLK_SECTOR != device->geometry.bytes)
        tn_print("the last %lu bytes are no whole block and cannot be reached",
                 f.sectors * VIRTIO_BLK_SECTOR - device->geometry.bytes);
}

/* 4.1.5.1.2: a vector that was taken reads back. */
static void set_vector(const struct device *device, uint32_t reg, uint16_t vector)
{
    mmio_write16(&device->common, reg, vector);
    uint16_t got = mmio_read16(&device->common, reg);
    if (got != vector)
        give_up(device, "it has no resources for MSI-X vector", vector);
}

static void bind_interrupts(struct device *device)
{
    enum tn_status status = tn_irq_bind(device->handle, MSIX_QUEUE, &device->queue_irq);
    if (status != TN_OK)
        tn_die("MSI-X entry %u cannot be bound: %s%s", (unsigned)MSIX_QUEUE, tn_status_name(status),
               status == TN_ERANGE || status == TN_ENOTSUP ? "; it has none that this machine can route"
                                                           : "; see interrupts in the manifest's budget");
    set_vector(device, COMMON_QUEUE_MSIX_VECTOR, MSIX_QUEUE);
    /* Without a configuration vector a change goes unnoticed; requests are judged by what was read at the start. */
    if (tn_irq_bind(device->handle, MSIX_CONFIG, &device->config_irq) == TN_OK)
        set_vector(device, COMMON_CONFIG_MSIX_VECTOR, MSIX_CONFIG);
    else
        mmio_write16(&device->common, COMMON_CONFIG_MSIX_VECTOR, VIRTIO_MSI_NO_VECTOR);
}

static struct tn_dma_shared shared_memory(const struct device *device, uint32_t bytes)
{
    uint64_t pool;
    struct tn_dma_shared memory;
    enum tn_status status = tn_dma_device_pool(device->handle, bytes, &pool);
    if (status == TN_OK)
        status = tn_dma_shared_alloc(pool, bytes, &memory);
    if (status != TN_OK)
        tn_die("no DMA memory of %u bytes for the rings: %s%s", bytes, tn_status_name(status),
               status == TN_EPOLICY ? "; the log says why the device got no DMA policy that allows it" : "");
    return memory;
}

static void write_address(const struct device *device, uint32_t reg, uint64_t address)
{
    mmio_write32(&device->common, reg, (uint32_t)address);
    mmio_write32(&device->common, reg + 4, (uint32_t)(address >> 32));
}

/* 3.1.1 step 7, 4.1.5.1.3: the one virtqueue. */
static void set_up_queue(struct device *device)
{
    if (mmio_read16(&device->common, COMMON_NUM_QUEUES) == 0)
        give_up(device, "it has no virtqueue", 0);
    mmio_write16(&device->common, COMMON_QUEUE_SELECT, 0);
    uint16_t offered = mmio_read16(&device->common, COMMON_QUEUE_SIZE);
    uint32_t size = virtq_size(offered);
    if (size == 0)
        give_up(device, "its virtqueue is too small for one request", offered);
    if (mmio_read16(&device->common, COMMON_QUEUE_ENABLE) != 0)
        give_up(device, "its virtqueue is enabled right after a reset", 1);
    mmio_write16(&device->common, COMMON_QUEUE_SIZE, (uint16_t)size);
    if (mmio_read16(&device->common, COMMON_QUEUE_SIZE) != size)
        give_up(device, "it refuses a smaller virtqueue", size);
    uint16_t notify_off = mmio_read16(&device->common, COMMON_QUEUE_NOTIFY_OFF);
    if (virtio_pci_notify_offset(&device->regions, notify_off, &device->notify_offset) != TN_OK)
        give_up(device, "its queue_notify_off lies outside the notification structure", notify_off);

    enum virtq_form form = device->features & VIRTIO_F_INDIRECT_DESC ? VIRTQ_INDIRECT : VIRTQ_DIRECT;
    struct virtq_layout layout = virtq_layout(size, form);
    struct tn_dma_shared memory = shared_memory(device, layout.bytes);
    virtq_init(&device->queue, memory, size, form);
    bind_interrupts(device);
    write_address(device, COMMON_QUEUE_DESC, tn_dma_post(memory.token, layout.desc, TN_TO_DEVICE));
    write_address(device, COMMON_QUEUE_DRIVER, tn_dma_post(memory.token, layout.avail, TN_TO_DEVICE));
    write_address(device, COMMON_QUEUE_DEVICE, tn_dma_post(memory.token, layout.used, TN_FROM_DEVICE));
    mmio_write16(&device->common, COMMON_QUEUE_ENABLE, 1);
}

void device_start(struct device *device, const struct tn_start *start)
{
    const struct tn_start_cap *cap = tn_start_find_kind(start, TN_KIND_DEVICE);
    if (cap == NULL)
        tn_die("no device: the manifest needs [[process.device]] for this driver");
    device->handle = cap->handle;
    ask_past(device);
    find_regions(device);
    map(device, &device->regions.common, &device->common);
    map(device, &device->regions.notify, &device->notify);
    map(device, &device->regions.device, &device->config);

    if (reset(device) != TN_OK)
        tn_die("device does not come out of reset: status 0x%02x after 1 s", status_of(device));
    add_status(device, VIRTIO_STATUS_ACKNOWLEDGE); /* 3.1.1 step 2 */
    add_status(device, VIRTIO_STATUS_DRIVER);      /* step 3 */
    negotiate(device);
    read_geometry(device);
    set_up_queue(device);
    enum tn_status status = tn_dma_bus_master(device->handle, TN_BUS_MASTER_ON);
    if (status != TN_OK)
        give_up(device, "bus mastering was refused with status", status);
    add_status(device, VIRTIO_STATUS_DRIVER_OK); /* step 8 */
    tn_print("virtio-blk: %lu bytes, block %u, %s%s, queue %u, %u requests", device->geometry.bytes,
             device->geometry.block_bytes, device->geometry.flags & TN_BLK_READ_ONLY ? "read-only" : "read-write",
             device->geometry.flags & TN_BLK_HAS_FLUSH ? ", flush" : "", device->queue.size, device->queue.requests);
}

void device_notify(struct device *device)
{
    /* Uncached store: comes after the index in memory (barrier.h). 4.1.5.2: the queue's number, 0. */
    mmio_write16(&device->notify, device->notify_offset, 0);
}

void device_broken(struct device *device, const char *what, uint32_t value)
{
    enum tn_status status = reset(device);
    tn_die("device broken: %s: %u (0x%x), %u requests in flight; reset %s", what, value, value, device->queue.in_flight,
           status == TN_OK ? "done" : "not answered");
}

void device_config_changed(struct device *device)
{
    uint8_t status = status_of(device);
    if (status & VIRTIO_STATUS_DEVICE_NEEDS_RESET)
        device_broken(device, "it asks for a reset (DEVICE_NEEDS_RESET)", status);
    const uint64_t sectors = read_fields(device).sectors;
    if (sectors == device->sectors)
        return; /* an interrupt by itself says nothing */
    device->sectors = sectors;
    tn_print("the device has %lu sectors now; this driver keeps the capacity it started with, %lu bytes", sectors,
             device->geometry.bytes);
}
