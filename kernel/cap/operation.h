/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of the submission queue, as a table: what each needs, and who does it. */
#ifndef TENURE_KERNEL_CAP_OPERATION_H
#define TENURE_KERNEL_CAP_OPERATION_H

#include <stdbool.h>
#include <stdint.h>

#include <core/cap.h>
#include <tenure/abi/ring.h>

struct process;

/* Does one entry, of which each field is read once. One completion is reserved for it; this posts it, or keeps it as
 * the operation says. False: the process has ended, and its ring is no more. */
bool operation_run(struct process *process, const volatile struct tn_sqe *entry);

/* What a handler gets: the capability has passed all its checks. */
struct call {
    struct process *process;
    const struct tn_sqe *sqe;
    struct tn_cap *cap;
    uint32_t kind;     /* enum tn_kind of what the handle named; TN_KIND_NONE: nothing */
    uint64_t value[6]; /* of the completion */
};

/* Handlers by file: op_console.c, op_device.c, op_dma.c, op_process.c. */
enum tn_status op_console_write(struct call *call);
enum tn_status op_console_read(struct call *call);
enum tn_status op_console_command(struct call *call);
enum tn_status op_device_config_read(struct call *call);
enum tn_status op_device_bar(struct call *call);
enum tn_status op_device_bus_master(struct call *call);
enum tn_status op_device_watch(struct call *call);
enum tn_status op_device_release(struct call *call);
enum tn_status op_device_claim(struct call *call);
enum tn_status op_device_query(struct call *call);
enum tn_status op_mmio_map(struct call *call);
enum tn_status op_mmio_release(struct call *call);
enum tn_status op_interrupt_bind(struct call *call);
enum tn_status op_interrupt_acknowledge(struct call *call);
enum tn_status op_interrupt_release(struct call *call);
enum tn_status op_pool_create(struct call *call);
enum tn_status op_pool_release(struct call *call);
enum tn_status op_buffer_alloc(struct call *call);
enum tn_status op_buffer_release(struct call *call);
enum tn_status op_shared_alloc(struct call *call);
enum tn_status op_fence_revoke(struct call *call);
enum tn_status op_process_query(struct call *call);
enum tn_status op_process_watch(struct call *call);
enum tn_status op_process_start(struct call *call);
enum tn_status op_process_kill(struct call *call);
enum tn_status op_process_give_up(struct call *call);

/* All checks of a handle: entry, kind, rights, object, owner. *cap is written on TN_OK only. */
TN_MUST_CHECK enum tn_status cap_resolve(struct process *process, uint64_t handle, enum tn_kind kind, uint32_t rights,
                                         struct tn_cap **cap);
/* The kind of what a handle names, for operations that take more than one; TN_KIND_NONE: nothing. No check, and no
 * refusal: that is for cap_resolve. */
enum tn_kind cap_kind(const struct process *process, uint64_t handle);
/* May the process hold one more capability? TN_EBUDGET, TN_EEXHAUSTED. */
TN_MUST_CHECK enum tn_status grant_decide(const struct process *process);
/* Adds one, charged; returns its handle. */
uint64_t grant_commit(struct process *process, const struct tn_cap_grant *grant);
/* Ends one, refunded. */
void grant_end(struct process *process, struct tn_cap *cap);
/* Ends those whose object has ended, of the kinds that end with a device. */
void caps_forget_ended(struct process *process);
/* The same for every process, on the way out of the kernel: whoever calls may be within an operation on one of them. */
void caps_forget_ended_soon(void);
void caps_forget_go_on(void);

#endif
