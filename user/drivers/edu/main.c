/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver for QEMU's educational device: the second one in the tree, of another kind than the first. The device does
 * one thing at a time, so requests wait here in their order; its interrupt is an MSI, and says which of the two things
 * it can do is done. Addresses of clients' buffers are tokens (dma.h).
 */
#include <dma.h>
#include <irq.h>
#include <mmio.h>
#include <print.h>
#include <process.h>
#include <ring.h>
#include <service.h>
#include <tenure/abi/edu.h>

#include "edu.h"

enum { CREDITS = 16 };

static struct {
    struct tn_mmio registers;
    struct tn_irq irq;
    struct tn_service service;
    struct tn_parked_reply reply; /* of the request that the device works on */
    struct tn_request request;
    uint32_t awaited; /* enum edu_bits of the interrupt status; 0: the device is idle */
} edu;

static void write64(enum edu_register at, uint64_t value)
{
    mmio_write64(&edu.registers, at, value);
}

static void start_transfer(const struct tn_request *request)
{
    uint64_t address = tn_dma_post(request->token, 0, (enum tn_direction)request->direction);
    uint64_t inside = EDU_MEMORY + request->argument;
    bool to_device = request->direction == TN_TO_DEVICE;
    write64(EDU_DMA_SOURCE, to_device ? address : inside);
    write64(EDU_DMA_DESTINATION, to_device ? inside : address);
    write64(EDU_DMA_COUNT, request->length);
    write64(EDU_DMA_COMMAND, EDU_DMA_START | EDU_DMA_INTERRUPT | (to_device ? 0 : EDU_DMA_TO_MEMORY));
    edu.awaited = EDU_DONE_DMA;
}

/* What is wrong with a request, or TN_OK: it is input. */
static enum tn_status judge(const struct tn_request *request)
{
    bool carries = request->opcode == TN_EDU_WRITE || request->opcode == TN_EDU_READ;
    switch (request->opcode) {
    case TN_EDU_INFO:
    case TN_EDU_FACTORIAL:
    case TN_EDU_WRITE:
    case TN_EDU_READ:
        break;
    default:
        return TN_ENOTSUP;
    }
    uint32_t direction = !carries ? TN_NO_DATA : request->opcode == TN_EDU_WRITE ? TN_TO_DEVICE : TN_FROM_DEVICE;
    if (request->direction != direction)
        return TN_EINVAL;
    if (carries && (request->argument > TN_EDU_MEMORY_BYTES || request->length == 0 ||
                    request->length > TN_EDU_MEMORY_BYTES - request->argument))
        return TN_ERANGE;
    return request->opcode != TN_EDU_FACTORIAL || request->argument <= UINT32_MAX ? TN_OK : TN_ERANGE;
}

/* The device is idle. True: it is at work now, and the answer comes with its interrupt. */
static bool begin(const struct tn_request *request, struct tn_answer *answer)
{
    *answer = (struct tn_answer){.status = judge(request)};
    if (answer->status != TN_OK)
        return false;
    if (request->opcode == TN_EDU_INFO) {
        answer->word[0] = mmio_read32(&edu.registers, EDU_IDENTIFICATION) >> 16;
        return false;
    }
    if (request->opcode == TN_EDU_FACTORIAL) {
        edu.awaited = EDU_DONE_FACTORIAL;
        mmio_write32(&edu.registers, EDU_STATUS, EDU_INTERRUPT_AFTER_FACTORIAL);
        mmio_write32(&edu.registers, EDU_FACTORIAL, (uint32_t)request->argument);
    } else {
        start_transfer(request);
    }
    edu.request = *request;
    return true;
}

static void take_requests(void)
{
    struct tn_request request;
    TN_REPLY(reply);
    while (edu.awaited == 0 && tn_service_take(&edu.service, &request, &reply)) {
        struct tn_answer answer;
        if (!begin(&request, &answer)) {
            tn_service_complete(&edu.service, &reply, &answer);
            continue;
        }
        if (!tn_reply_park(&reply, &edu.reply))
            __builtin_trap(); /* the device was idle */
    }
}

/* An event says "at least once": what happened is asked of the device, which may have nothing to say. */
static void finish(void)
{
    uint32_t done = mmio_read32(&edu.registers, EDU_INTERRUPT_STATUS);
    mmio_write32(&edu.registers, EDU_INTERRUPT_ACKNOWLEDGE, done);
    if (edu.awaited == 0 || (done & edu.awaited) == 0)
        return;
    struct tn_answer answer = {.status = TN_OK, .used = edu.request.length};
    if (edu.awaited == EDU_DONE_FACTORIAL)
        answer.word[0] = mmio_read32(&edu.registers, EDU_FACTORIAL);
    edu.awaited = 0;
    TN_REPLY(reply);
    if (!tn_reply_unpark(&edu.reply, &reply))
        __builtin_trap(); /* what is awaited was asked for */
    tn_service_complete(&edu.service, &reply, &answer);
}

static void open_device(const struct tn_start *start)
{
    const struct tn_start_cap *cap = tn_start_find_kind(start, TN_KIND_DEVICE);
    if (cap == NULL)
        tn_die("no device: the manifest needs [[process.device]] for this driver");
    enum tn_status status = tn_mmio_map(cap->handle, 0, 0, EDU_REGISTERS_BYTES, &edu.registers);
    if (status != TN_OK)
        tn_die("registers cannot be mapped: %s; see mmio_bytes in the manifest's budget", tn_status_name(status));
    uint32_t id = mmio_read32(&edu.registers, EDU_IDENTIFICATION);
    const uint32_t probe = 0x600df00d;
    mmio_write32(&edu.registers, EDU_LIVENESS, probe);
    uint32_t answer = mmio_read32(&edu.registers, EDU_LIVENESS);
    if ((id & 0xffff) != EDU_IDENTITY || answer != ~probe)
        tn_die("this is no educational device: identification 0x%08x, liveness 0x%08x for 0x%08x", id, answer, probe);
    mmio_write32(&edu.registers, EDU_INTERRUPT_ACKNOWLEDGE, UINT32_MAX);
    status = tn_irq_bind(cap->handle, 0, &edu.irq);
    if (status != TN_OK)
        tn_die("its interrupt cannot be bound: %s", tn_status_name(status));
    uint64_t pool; /* bus mastering comes with a pool; this device has no rings to put into it */
    status = tn_dma_device_pool(cap->handle, 4096, &pool);
    if (status == TN_OK)
        status = tn_dma_bus_master(cap->handle, TN_BUS_MASTER_ON);
    tn_print("edu: version %u.%u, DMA %s", id >> 24, id >> 16 & 0xff, status == TN_OK ? "on" : tn_status_name(status));
}

int tn_main(const struct tn_start *start)
{
    open_device(start);
    enum tn_status status = tn_service_open(&edu.service, start, CREDITS);
    if (status != TN_OK)
        tn_die("no service to serve: %s; the manifest needs serves = \"…\"", tn_status_name(status));
    for (;;) {
        if (tn_irq_pending(&edu.irq)) {
            finish();
            tn_irq_acknowledge(&edu.irq);
        }
        take_requests();
        (void)tn_ring_wait(1, TN_DEADLINE_NEVER);
    }
}
