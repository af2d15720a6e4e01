/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring pair between one process and the kernel, and the operations that travel on it.
 *
 * The process owns `sq_tail` and `cq_head`; the kernel owns `sq_head` and `cq_tail`, keeps its own copies of
 * them, and treats what the process wrote as input: each field of an entry is read once, and judged as it was read.
 * Ordering: the process stores entries, then sq_tail with release; the kernel loads sq_tail with acquire.
 * The kernel stores completions, then cq_tail with release; the process loads cq_tail with acquire.
 */
#ifndef TENURE_ABI_RING_H
#define TENURE_ABI_RING_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum tn_op {
    TN_OP_NOP = 0,
    /* handle: Console. arg0 = address, arg1 = length (1 to TN_CONSOLE_WRITE_MAX). One line of text. */
    TN_OP_CONSOLE_WRITE = 1,
    /* arg0 = exit status, 0 = success. Does not return. */
    TN_OP_EXIT = 2,
    /* handle: Console. Waits for what a person types: arg0 = address, arg1 = room (at least TN_CONSOLE_LINE_MAX), arg2
     * = enum tn_console_wait. Answered when it is there: value0 = length; no NUL is written. One process at a time:
     * TN_ESTATE while another one, or the caller, waits already. TN_ERANGE as an answer: the line was longer, and is
     * lost. TN_EABORTED: ^C. Not with TN_SQE_QUIET. Needs TN_RIGHT_READ. */
    TN_OP_CONSOLE_READ = 3,
    /* handle: Console. Runs one command of the kernel's console, whose output goes to COM1: arg0 = address, arg1 =
     * length of the line (1 to TN_CONSOLE_LINE_MAX - 1), arg2 = first line of output wanted, arg3 = how many (1 to
     * TN_CONSOLE_PAGE_LINES). value0 = the line to go on from, 0: there is no more; value1 = 1: ask a person before. A
     * command that there is not is said on COM1. Needs TN_RIGHT_CONTROL. */
    TN_OP_CONSOLE_COMMAND = 4,

    /* handle: Device. arg0 = offset, arg1 = width (1, 2, 4). value0 = the configuration space content. */
    TN_OP_DEVICE_CONFIG_READ = 16,
    /* handle: Device. arg0 = BAR index. value0 = size in bytes (0: none), value1 = enum tn_bar_flag. */
    TN_OP_DEVICE_BAR = 17,
    /* handle: Device. arg0 = 1: bus mastering on (only after a pool was granted), 0: off. */
    TN_OP_DEVICE_BUS_MASTER = 18,
    /* handle: Device. arg0 = BAR, arg1 = byte offset, arg2 = length. Page multiples only; pages of the MSI-X
     * table and PBA are refused. value0 = DeviceMmio, value1 = address. */
    TN_OP_MMIO_MAP = 19,
    TN_OP_MMIO_RELEASE = 20,
    /* handle: Device. arg0 = MSI-X entry, or 0 for the MSI of a function without MSI-X; arg1 = user_data of its events.
     * The route starts armed and holds one completion reserved while armed. value0 = Interrupt. TN_ENOTSUP: the
     * function has neither. TN_EIO: the source does not fall silent. A message is a write of the device: without bus
     * mastering none comes. */
    TN_OP_INTERRUPT_BIND = 21,
    /* handle: Interrupt. arg0 = sequence of the event being acknowledged; re-arms. */
    TN_OP_INTERRUPT_ACK = 22,
    TN_OP_INTERRUPT_RELEASE = 23,
    /* handle: Device. Waits until the IOMMU has refused the device something since the last answer: value0 = refusals
     * since the claim, value1 = the IOMMU's reason of the last one (VT-d Specification 4.0, section 7.2.3), value2 = 1:
     * it was a read. One wait a device: TN_ESTATE while there is one. Not with TN_SQE_QUIET. */
    TN_OP_DEVICE_WATCH = 24,

    /* handle: Device. Gives up the claim: its windows, routes and pools end, and so does what clients of the caller's
     * service have in flight with it (TN_EABORTED); what they submit from then on waits until the caller claims a
     * device. Answered when the device is silent and the pages of its pools are zero, or when it is in quarantine
     * (TN_EQUARANTINED). Every capability to it, and to what was made of it, is stale then. Not with TN_SQE_QUIET. */
    TN_OP_DEVICE_RELEASE = 25,
    /* arg0 = the number of a device in the caller's entry of the manifest. Claims it, as at a start. value0 = Device.
     * TN_ENOENT: the entry, or the machine, has no such device. TN_ESTATE: somebody holds it. TN_EQUARANTINED.
     * TN_EAGAIN: it, or a bus, is being reset. TN_EEXHAUSTED, TN_EIO, TN_EPOLICY: the pools of the service's clients do
     * not fit it; it is given up again. */
    TN_OP_DEVICE_CLAIM = 26,
    /* handle: Device. value0 = enum tn_device_past: what became of it before this claim. value1 = with
     * TN_DEVICE_LOST_CACHE the number of that loss, for TN_ECACHELOST (tenure/abi/blk.h). */
    TN_OP_DEVICE_QUERY = 27,

    /* handle: Device (driver) or Channel (client). arg0 = buffer size in bytes (rounded up to pages), arg1 = number
     * of buffers; all are charged here. value0 = DmaPool, value1 = the rounded buffer size. Answered when its pages are
     * zero: with more than 1 MiB others run meanwhile, and then it may still be refused: TN_ESTALE: the device was
     * given up; TN_EAGAIN: the service has no server or no device just now. Not with TN_SQE_QUIET. */
    TN_OP_POOL_CREATE = 32,
    /* The last pool of a device takes bus mastering along. Pages of a device that has mastered the bus stay charged
     * until the end of the claim. Refused with TN_ESTATE while a buffer of the pool is not free, with TN_EQUARANTINED
     * if all of those are in quarantine. Otherwise the handle is stale at once, and the answer comes when the pages
     * are zero. Not with TN_SQE_QUIET. */
    TN_OP_POOL_RELEASE = 33,
    /* handle: DmaPool. arg0 = length in bytes. value0 = DmaBuffer, value1 = address, value2 = capacity. Zeroed. */
    TN_OP_BUFFER_ALLOC = 34,
    TN_OP_BUFFER_RELEASE = 35,
    /* handle: DmaPool of a device. arg0 = length. Zeroed memory that CPU and device share while the driver lives.
     * value0 = DmaShared, value1 = address, value2 = token. */
    TN_OP_SHARED_ALLOC = 36,

    /* handle: Channel. Consumes the buffer whatever happens; the outcome, a refusal too, is the one TN_CQE_FENCE.
     * arg0 = DmaBuffer of a pool made for this channel, or TN_HANDLE_NONE; arg1 = tn_submit_word(), arg2 = length in
     * bytes, arg3 belongs to the class protocol, arg4 = 0. Needs TN_RIGHT_WRITE for TN_TO_DEVICE, otherwise
     * TN_RIGHT_READ. */
    TN_OP_SUBMIT = 48,
    /* handle: Fence: that of the DmaBuffer that was submitted, its generation plus one. Gives up the request and the
     * buffer with it: its end is not told, and once its device is done with it the buffer is scrubbed and free in its
     * pool. It stays charged until then. TN_ESTATE: it has ended, and that is told. */
    TN_OP_FENCE_REVOKE = 51,
    /* handle: Service. arg0 = user_data of the requests, arg1 = number of further credits. A credit is one reserved
     * completion; a request takes one, and TN_OP_COMPLETE sent with TN_SQE_QUIET gives it back. */
    TN_OP_SERVE = 49,
    /* handle: Service. arg0 = request id, arg1 = ticket, arg2 = tn_complete_word(), arg3 and arg4 = answer words. */
    TN_OP_COMPLETE = 50,

    /* handle: AuditLog. arg0 = address of struct tn_audit_record, arg1 = how many fit (1 to TN_AUDIT_READ_MAX), arg2 =
     * first sequence wanted. value0 = how many were written, value1 = the sequence to go on from, value2 = how many of
     * all that were ever recorded have given way. */
    TN_OP_AUDIT_READ = 64,

    /* handle: Process. value0 = enum tn_process_state, value1 = entries it has made into the kernel, value2 =
     * completions that it has not read, value3 = restarts so far. */
    TN_OP_PROCESS_QUERY = 72,
    /* handle: Process. Waits for its next end, or is answered at once of one that was not told yet: when its devices
     * are silent, or in quarantine. value0 = enum tn_process_end, value1 = exit status, exception vector, how it was
     * killed (enum tn_killed), why it did not start (enum tn_status), or the number in the manifest of the process that
     * it was reset for. One wait a process: TN_ESTATE while there is one. Not with TN_SQE_QUIET. */
    TN_OP_PROCESS_WATCH = 73,
    /* handle: Process. Starts it again, as the manifest says: as a new incarnation, with nothing of the old one's. The
     * sessions of its clients go on: what they submit meanwhile waits. TN_ESTATE: it lives, is on its way out, or was
     * given up. TN_EQUARANTINED: a device of it is in quarantine. TN_EAGAIN: one, or a bus, is being reset. Anything
     * else that it lacks is its next end, TN_END_START. */
    TN_OP_PROCESS_START = 74,
    /* handle: Process. Ends it, whatever it does. TN_ESTATE: it has ended, or is on its way out. */
    TN_OP_PROCESS_KILL = 75,
    /* handle: Process. It will not be started again: what its clients have submitted ends with TN_EABORTED, and what
     * they submit from then on with TN_EPEERGONE. TN_ESTATE: it lives, is on its way out, or was given up before. The
     * end of the supervisor does this to all. */
    TN_OP_PROCESS_GIVE_UP = 76,
};

enum tn_device_past {
    TN_DEVICE_LOST_CACHE = 1u << 0, /* it was taken from a driver, and the manifest says that its reset loses what it
                                     * has acknowledged and keeps in a volatile cache */
};

enum tn_process_state {
    TN_PROCESS_LIVES = 1,
    TN_PROCESS_IS_ENDING = 2, /* its devices are on their way to silence */
    TN_PROCESS_HAS_ENDED = 3,
    TN_PROCESS_IS_GIVEN_UP = 4,
};

enum tn_process_end {
    TN_END_EXIT = 1,
    TN_END_FAULT = 2,
    TN_END_KILLED = 3, /* by a person, or by its supervisor: value1 says how (enum tn_killed) */
    TN_END_START = 4,  /* it could not be started again */
    TN_END_RESET = 5,  /* so that its device is reset: a client left a request that does not end */
    TN_END_KINDS
};

enum tn_sqe_flag {
    TN_SQE_QUIET = 1u << 0, /* no completion on success */
    TN_SQE_FLAGS = TN_SQE_QUIET,
};

struct tn_sqe {
    uint32_t op;    /* enum tn_op */
    uint32_t flags; /* enum tn_sqe_flag; other bits are refused */
    uint64_t user_data;
    uint64_t handle;
    uint64_t arg[5];
};
static_assert(sizeof(struct tn_sqe) == 64, "one cache line");

enum tn_cqe_kind {
    TN_CQE_RESULT = 1,    /* value: as the operation says */
    TN_CQE_FENCE = 2,     /* value: buffer (new handle, or none), used bytes, answer word 0 and 1, ticket */
    TN_CQE_REQUEST = 3,   /* value: request id, ticket, request word, length, arg3, token */
    TN_CQE_INTERRUPT = 4, /* value: sequence, count (at least), time in ns */
};

struct tn_cqe {
    uint64_t user_data;
    uint32_t kind;   /* enum tn_cqe_kind */
    uint32_t status; /* enum tn_status */
    uint64_t value[6];
};
static_assert(sizeof(struct tn_cqe) == 64, "one cache line");

enum tn_direction {
    TN_NO_DATA = 0,
    TN_TO_DEVICE = 1,
    TN_FROM_DEVICE = 2,
};

/* The submit word: what the client asks of the service. `opcode` belongs to the class protocol. */
static inline uint64_t tn_submit_word(uint16_t opcode, enum tn_direction direction)
{
    return (uint64_t)opcode | (uint64_t)direction << 16;
}
static inline uint16_t tn_submit_opcode(uint64_t word)
{
    return (uint16_t)(word & 0xffff);
}
static inline uint32_t tn_submit_direction(uint64_t word)
{
    return (uint32_t)(word >> 16 & 0xff);
}
/* The request word: the submit word (24 bits), and this, which the kernel adds for the service: the session and its
 * rights. */
static inline uint64_t tn_request_word_session(uint32_t rights, uint32_t session)
{
    return (uint64_t)(rights & 0xff) << 24 | (uint64_t)session << 32;
}
static inline uint32_t tn_request_rights(uint64_t word)
{
    return (uint32_t)(word >> 24 & 0xff);
}
static inline uint32_t tn_request_session(uint64_t word)
{
    return (uint32_t)(word >> 32);
}
static inline uint64_t tn_complete_word(uint32_t status, uint32_t used)
{
    return (uint64_t)status | (uint64_t)used << 32;
}

struct tn_ring_header {
    _Alignas(64) uint32_t sq_tail; /* written by the process */
    uint32_t cq_head;              /* written by the process */
    _Alignas(64) uint32_t sq_head; /* written by the kernel */
    uint32_t cq_tail;              /* written by the kernel */
};
static_assert(sizeof(struct tn_ring_header) == 128, "two cache lines, one for each writer");

enum {
    TN_SESSIONS_MAX = 64, /* numbers of sessions are below */
    TN_RING_ENTRIES_MIN = 8,
    TN_RING_ENTRIES_MAX = 1024,
    TN_CONSOLE_WRITE_MAX = 256,
    TN_CONSOLE_LINE_MAX = 128, /* of a line that is read, with the NUL that ends it in the kernel */
    TN_CONSOLE_PAGE_LINES = 22,
};

/* What a TN_OP_CONSOLE_READ waits for. */
enum tn_console_wait {
    TN_CONSOLE_LINE = 0, /* an edited line, after a prompt with the process's name */
    TN_CONSOLE_KEY = 1,  /* one byte, after "-- more --" */
};

/* Deadlines are nanoseconds since boot on the clock of struct tn_start. */
#define TN_DEADLINE_NOW   UINT64_C(0)
#define TN_DEADLINE_NEVER UINT64_MAX

/*
 * The one system call (SYSCALL instruction).
 *   rdi = ring (0, the process's own), rsi = entries to submit, rdx = completions to wait for, r10 = deadline.
 *   Returns rax = enum tn_status, rdx = entries consumed. rcx and r11 are clobbered.
 * TN_OK: all entries were consumed and at least rdx completions are in the queue. TN_EAGAIN: an entry was left because
 * no completion space was free. TN_ETIMEDOUT: the deadline passed first. TN_EINVAL: a ring index or an argument makes
 * no sense, nothing was consumed. TN_ESTALE: no such ring.
 */

enum tn_bar_flag {
    TN_BAR_MEMORY = 1u << 0,
    TN_BAR_64BIT = 1u << 1,
    TN_BAR_PREFETCHABLE = 1u << 2,
};

#endif
