/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The holder of a device that makes it write wherever it may not: to the kernel, to registers, to guessed addresses, to
 * buffers of its client before, after and beyond their time. QEMU's educational device does exactly one transfer, 100
 * ms after it was told to. Not written against the library's seam: the addresses are its own.
 *
 * args: sweep=all (every target), sweep=ram (one page that nobody uses, for the twin), sweep=none, sweep=flood (faults
 * until the kernel has had enough).
 */
#include <args.h>
#include <clock.h>
#include <dma.h>
#include <mmio.h>
#include <print.h>
#include <process.h>
#include <report.h>
#include <ring.h>
#include <service.h>

#include "../../drivers/edu/edu.h"
#include "../watch/watch.h"
#include "attack.h"

enum {
    SWEEP_ALL,
    SWEEP_RAM,
    SWEEP_NONE,
    SWEEP_FLOOD,
    FLOOD = 260,
    STOPPED_AT = 256,
    PAGE = 4096,
    GUESSES = 12,
    ROUTES_FIRST = 0x30
};
#define MESSAGES UINT64_C(0xfee00000)
static const uint64_t transfer_ns = 2 * TN_SECOND, fault_ns = TN_SECOND / 4;

static struct tn_mmio registers;
static struct tn_dma_shared own;
static uint64_t device;
static struct tn_service service;
static struct tn_dma_token old;

/* ---- the device ---- */

static void start_transfer(uint64_t address, uint64_t inside, uint64_t bytes, bool to_memory)
{
    mmio_write64(&registers, EDU_DMA_SOURCE, to_memory ? EDU_MEMORY + inside : address);
    mmio_write64(&registers, EDU_DMA_DESTINATION, to_memory ? address : EDU_MEMORY + inside);
    mmio_write64(&registers, EDU_DMA_COUNT, bytes);
    mmio_write64(&registers, EDU_DMA_COMMAND, EDU_DMA_START | (to_memory ? EDU_DMA_TO_MEMORY : 0));
}

static void wait_transfer(void)
{
    for (uint64_t end = tn_deadline_in(transfer_ns); mmio_read64(&registers, EDU_DMA_COMMAND) & EDU_DMA_START;) {
        if (tn_clock_now() > end)
            tn_die("attack: FAIL the device does not end its transfer");
        (void)tn_ring_wait(1, tn_deadline_in(TN_SECOND / 100));
    }
}

static void transfer(uint64_t address, uint64_t inside, uint64_t bytes, bool to_memory)
{
    start_transfer(address, inside, bytes, to_memory);
    wait_transfer();
}

/* Puts the telling bytes into the device, and nowhere else. */
static void load_device(void)
{
    volatile uint64_t *words = (volatile uint64_t *)(volatile void *)own.data;
    for (uint64_t i = 0; i < ATTACK_BYTES / 8; i++)
        words[i] = attack_word(i);
    transfer(own.token.bits, 0, ATTACK_BYTES, false);
    for (uint64_t i = 0; i < ATTACK_BYTES / 8; i++)
        words[i] = 0;
}

static void write_to(const char *what, uint64_t address)
{
    uint64_t before = watch_count();
    transfer(address, 0, ATTACK_BYTES, true);
    report_count(what, watch_after(before, fault_ns) > before, 1);
}

/* A message is a write of four bytes there. What comes of it is no fault, but an interrupt; nobody must be harmed by
 * it. */
static void forge(uint32_t vector)
{
    *(volatile uint32_t *)(volatile void *)own.data = vector;
    transfer(own.token.bits, 0, 4, false);
    transfer(MESSAGES, 0, 4, true);
}

static void forge_all(void)
{
    for (uint32_t vector = ROUTES_FIRST; vector < ROUTES_FIRST + 8; vector++) /* of routes, some of them live */
        forge(vector);
    /* a free one, the timer, the fault log's, nobody's; then those of exceptions: a breakpoint, a double fault, a page
     * fault, and the last one */
    static const uint32_t others[] = {0x90, 0xf0, 0xf1, 0xfe, 3, 8, 14, 31};
    for (uint32_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        forge(others[i]);
    tn_print("attack: %u vectors forged", 8 + (unsigned)(sizeof(others) / sizeof(others[0])));
    load_device();
}

/* The kernel stops a device that faults and faults. */
static void flood(void)
{
    for (uint32_t i = 0; i < FLOOD; i++)
        transfer(0, 0, 4, true);
    for (uint64_t end = tn_deadline_in(TN_SECOND); watch_count() != STOPPED_AT && tn_clock_now() < end;)
        (void)watch_after(watch_count(), fault_ns);
    report_count("faults_until_stopped", watch_count(), STOPPED_AT);
    report_status("bus_master_after_that", tn_dma_bus_master(device, TN_BUS_MASTER_ON), TN_EPOLICY);
}

static void sweep(uint64_t which)
{
    static const struct {
        const char *what;
        uint64_t address;
    } targets[] = {
        {"page_zero", 0},
        {"kernel_image", 0x100000},
        {"low_memory", 0x1000000 - PAGE},
        {"middle_of_memory", 0x8000000},
        {"iommu_registers", 0xfed90000},
        {"io_apic", 0xfec00000},
        {"configuration_space", 0xb0000000},
        {"own_registers", 0xfe000000},
        {"above_4_gib", 0x100000000},
        {"beyond_the_width", UINT64_C(1) << 45},
        {"the_last_page", UINT64_MAX & ~(uint64_t)(PAGE - 1)},
    };
    if (which == SWEEP_FLOOD)
        flood();
    if (which == SWEEP_RAM)
        write_to("middle_of_memory", 0x8000000);
    for (uint32_t i = 0; which == SWEEP_ALL && i < sizeof(targets) / sizeof(targets[0]); i++)
        write_to(targets[i].what, targets[i].address);
    /* places that would be good ones for an address of somebody else: beside our own */
    for (uint64_t i = 1; which == SWEEP_ALL && i <= GUESSES; i++)
        write_to("guess", (own.token.bits & ~(uint64_t)(PAGE - 1)) + (i % 2 ? i * PAGE : i << 20));
}

static void open_device(const struct tn_start *start)
{
    const struct tn_start_cap *cap = tn_start_find_kind(start, TN_KIND_DEVICE);
    uint64_t pool;
    if (cap == NULL)
        tn_die("attack: FAIL no device");
    device = cap->handle;
    watch_open(device);
    enum tn_status status = tn_mmio_map(device, 0, 0, EDU_REGISTERS_BYTES, &registers);
    if (status == TN_OK)
        status = tn_dma_device_pool(device, PAGE, &pool);
    if (status == TN_OK)
        status = tn_dma_shared_alloc(pool, PAGE, &own);
    if (status == TN_OK)
        status = tn_dma_bus_master(device, TN_BUS_MASTER_ON);
    if (status != TN_OK)
        tn_die("attack: FAIL the device cannot be used: %s", tn_status_name(status));
}

/* Bytes of the victim's secret that the device has learned. */
static uint64_t learned(const struct tn_request *request)
{
    uint64_t n = 0;
    transfer(request->token.bits, 0, ATTACK_BYTES, false);
    transfer(own.token.bits, 0, ATTACK_BYTES, true);
    for (uint64_t i = 0; i < ATTACK_BYTES; i++)
        n += own.data[i] == attack_secret(i);
    load_device();
    return n;
}

TN_OWN_HELPER void serve(const struct tn_request *request, struct tn_reply *reply) TN_OWN_TAKES(reply)
{
    struct tn_answer answer = {.status = TN_OK, .used = request->direction == TN_FROM_DEVICE ? request->length : 0};
    uint64_t before = watch_count();
    switch (request->opcode) {
    case ATTACK_CONTROL:
    case ATTACK_DIRECTION:
        transfer(request->token.bits, 0, ATTACK_BYTES, true);
        break;
    case ATTACK_LATE:
        old = request->token;
        start_transfer(old.bits, 0, ATTACK_BYTES, true);
        tn_service_complete(&service, reply, &answer);
        tn_ring_flush();
        wait_transfer();
        report_count("late_write_refused", watch_after(before, fault_ns) > before, 1);
        return;
    case ATTACK_READ:
        answer.word[0] = learned(request);
        break;
    case ATTACK_BEYOND:
        transfer(request->token.bits + PAGE, 0, ATTACK_BYTES, true);
        break;
    case ATTACK_OLD:
        transfer(old.bits, 0, ATTACK_BYTES, true);
        break;
    case ATTACK_DIE:
        start_transfer(request->token.bits, 0, ATTACK_BYTES, true);
        __asm__ volatile("ud2");
        break;
    default:
        answer.status = TN_ENOTSUP;
    }
    answer.word[1] = watch_after(before, fault_ns) - before;
    tn_service_complete(&service, reply, &answer);
}

int tn_main(const struct tn_start *start)
{
    static const char *const sweeps[] = {"all", "ram", "none", "flood", NULL};
    uint64_t which = SWEEP_ALL;
    struct tn_request request;
    TN_REPLY(reply);
    const struct tn_arg known[] = {{.key = "sweep", .value = &which, .words = sweeps}};
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    open_device(start);
    load_device();
    sweep(which);
    if (which == SWEEP_ALL)
        forge_all();
    if (tn_service_open(&service, start, 4) != TN_OK)
        return 1;
    tn_print("attack: sweep done, %lu refused", watch_count());
    for (;;) {
        while (tn_service_take(&service, &request, &reply))
            serve(&request, &reply);
        (void)tn_ring_wait(1, TN_DEADLINE_NEVER);
    }
}
