/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's locks and their ranks. One CPU runs kernel code, with interrupts off but for the windows of irq/route.c
 * and diag/input.c. So nobody ever waits: a lock that is found held is a bug of ours, today a handler in a window that
 * wants what it interrupted. The order is what a second CPU will need, and holds already.
 *
 * In every build, taking a held lock is a panic. Debug builds check each order besides: a lock is taken only while
 * every held one has a lower rank, and given back in the reverse order.
 */
#ifndef TENURE_KERNEL_LIB_LOCK_H
#define TENURE_KERNEL_LIB_LOCK_H

#include <stddef.h>
#include <stdint.h>

#if defined(TN_DEBUG) && !defined(TN_TWIN_LOCK) /* negative twin: nobody looks at the order */
#define LOCK_CHECKS 1
#endif

/*
 * X(rank, identifier, name, what it guards, why it stands here). In the order of ranks, with room between them for what
 * is to come. docs/locks.md is written from this table.
 */
#define LOCK_TABLE(X)                                                                                                  \
    X(10, DEVICE_MANAGER, "device manager", "who holds which device, and which windows on its registers",              \
      "first: a device that ends takes its routes, its windows and its bus mastering with it")                         \
    X(20, INTERRUPT_ROUTES, "interrupt routes", "routes, their vectors, what arrived on them",                         \
      "the first that an interrupt takes: nothing from here on is held while a window is open")                        \
    X(30, IOMMU, "IOMMU", "the tables, queues and logs of the remapping units, and who has which domain",              \
      "devices and routes are given their entries under their own locks; its tables need frames")                      \
    X(40, FRAME_ALLOCATOR, "frame allocator", "which page frames are free",                                            \
      "whoever holds a device or a route may need memory; it takes nothing itself")                                    \
    X(50, PCI_CONFIGURATION, "PCI configuration", "the ports CF8 and CFC, which are one access in two steps",          \
      "a source is masked, and bus mastering switched off, under the locks above")                                     \
    X(60, AUDIT_LOG, "audit log", "records and their sequence", "whatever is decided above leaves a record")           \
    X(70, LOG, "log", "COM1, and whether a line has begun there", "last: everything may say something")

enum lock_id {
#define LOCK_AS_ID(rank, id, name, guards, why) LOCK_##id,
    LOCK_TABLE(LOCK_AS_ID)
#undef LOCK_AS_ID
        LOCK_COUNT,
};

/* A place in the source: one address, so that a lock remembers it with one store. */
struct lock_place {
    const char *file;
    uint32_t line;
};
#define LOCK_PLACE                                                                                                     \
    ({                                                                                                                 \
        static const struct lock_place here_ = {__FILE__, __LINE__};                                                   \
        &here_;                                                                                                        \
    })
/* The file from the top of the tree, whatever the build called it. */
const char *lock_file(const struct lock_place *place);

struct lock {
    const struct lock_place *holder; /* NULL: free */
    uint64_t taken;                  /* how often */
#ifdef LOCK_CHECKS
    const struct lock_place *last; /* where it was taken last */
#endif
    uint32_t rank;
    const char *name;
};
extern struct lock locks[LOCK_COUNT];

/* What a CPU holds, lowest rank first. Ranks differ, so each lock has a place. */
struct lock_stack {
    uint32_t count;
    struct lock *held[LOCK_COUNT];
};

/* The panics and the checks; the macros below are what others use. */
_Noreturn void lock_taken_twice(const struct lock *lock, const struct lock_place *place);
void lock_check_acquire(struct lock *lock, const struct lock_place *place);
void lock_check_release(struct lock *lock, const struct lock_place *place);
void lock_check_open(uint32_t rank, const char *what, const struct lock_place *place);

static inline void lock_acquire_at(struct lock *lock, const struct lock_place *place)
{
#ifdef LOCK_CHECKS
    lock_check_acquire(lock, place);
#endif
    if (__builtin_expect(lock->holder != NULL, 0))
        lock_taken_twice(lock, place);
    lock->holder = place;
    lock->taken++;
    __atomic_signal_fence(__ATOMIC_ACQUIRE);
}

static inline void lock_release_at(struct lock *lock, const struct lock_place *place)
{
#ifdef LOCK_CHECKS
    lock_check_release(lock, place);
#else
    (void)place;
#endif
    __atomic_signal_fence(__ATOMIC_RELEASE);
    lock->holder = NULL;
}

#define lock_acquire(id) lock_acquire_at(&locks[id], LOCK_PLACE)
#define lock_release(id) lock_release_at(&locks[id], LOCK_PLACE)
/* Holds it to the end of the block. */
#define LOCK_SCOPE(id)                                                                                                 \
    __attribute__((cleanup(lock_scope_end))) struct lock *const lock_scope_##id = &locks[id];                          \
    lock_acquire_at(lock_scope_##id, LOCK_PLACE)
static inline void lock_scope_end(struct lock *const *lock)
{
    lock_release_at(*lock, LOCK_PLACE);
}
/* Before interrupts are let in, or a process goes on: nothing is held that a handler takes, or nothing at all. */
#ifdef LOCK_CHECKS
#define lock_check_window() lock_check_open(locks[LOCK_INTERRUPT_ROUTES].rank, "a window for interrupts", LOCK_PLACE)
#define lock_check_none()   lock_check_open(0, "the way out of the kernel", LOCK_PLACE)
#else
#define lock_check_window() ((void)0)
#define lock_check_none()   ((void)0)
#endif

/* For a panic, which must be able to print whatever was held: tells where each lock was taken (NULL: it was free), and
 * frees all. */
void lock_abandon_all(const struct lock_place *was[LOCK_COUNT]);

#endif
