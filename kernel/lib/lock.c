/* SPDX-License-Identifier: Apache-2.0 */
/* See lock.h. */
#include "lib/lock.h"

#include "arch/x86_64/percpu.h"
#include "diag/panic.h"

struct lock locks[LOCK_COUNT] = {
#define AS_LOCK(number, id, title, guards, why) [LOCK_##id] = {.rank = number, .name = title},
    LOCK_TABLE(AS_LOCK)
#undef AS_LOCK
};

const char *lock_file(const struct lock_place *place)
{
    const char *file = place->file;
    while (file[0] == '.' && file[1] == '.' && file[2] == '/')
        file += 3;
    return file;
}

_Noreturn void lock_taken_twice(const struct lock *lock, const struct lock_place *place)
{
    panic("lock: %s (rank %u) is taken at %s:%u, and is held since %s:%u", lock->name, lock->rank, lock_file(place),
          place->line, lock_file(lock->holder), lock->holder->line);
}

void lock_abandon_all(const struct lock_place *was[LOCK_COUNT])
{
    for (uint32_t i = 0; i < LOCK_COUNT; i++) {
        was[i] = locks[i].holder;
        locks[i].holder = NULL;
    }
#ifdef LOCK_CHECKS
    this_cpu()->locks.count = 0;
#endif
}

#ifdef LOCK_CHECKS
static struct lock *last_held(void)
{
    const struct lock_stack *stack = &this_cpu()->locks;
    return stack->count == 0 ? NULL : stack->held[stack->count - 1];
}

void lock_check_acquire(struct lock *lock, const struct lock_place *place)
{
    struct lock_stack *stack = &this_cpu()->locks;
    const struct lock *last = last_held();
    if (lock->holder != NULL)
        lock_taken_twice(lock, place);
    if (last && last->rank > lock->rank)
        panic("lock: wrong order: %s (rank %u) is taken at %s:%u, while %s (rank %u) is held since %s:%u", lock->name,
              lock->rank, lock_file(place), place->line, last->name, last->rank, lock_file(last->holder),
              last->holder->line);
    stack->held[stack->count++] = lock;
    lock->last = place;
}

void lock_check_release(struct lock *lock, const struct lock_place *place)
{
    const struct lock *last = last_held();
    if (lock->holder == NULL)
        panic("lock: %s (rank %u) is given back at %s:%u, and is not held", lock->name, lock->rank, lock_file(place),
              place->line);
    if (last != lock)
        panic("lock: wrong order: %s (rank %u, held since %s:%u) is given back at %s:%u, before %s (rank %u), which is "
              "held since %s:%u",
              lock->name, lock->rank, lock_file(lock->holder), lock->holder->line, lock_file(place), place->line,
              last->name, last->rank, lock_file(last->holder), last->holder->line);
    this_cpu()->locks.count--;
}

/* Ranks grow along the stack, so the last one tells. */
void lock_check_open(uint32_t rank, const char *what, const struct lock_place *place)
{
    const struct lock *last = last_held();
    if (last && last->rank >= rank)
        panic("lock: %s (rank %u) is held since %s:%u at %s, %s:%u", last->name, last->rank, lock_file(last->holder),
              last->holder->line, what, lock_file(place), place->line);
}
#endif
