/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guards: nobody touches what is not the CPU's, by page protection or by AddressSanitizer's shadow memory. A fault in a
 * guarded pool is explained on stderr, then goes where it would have gone without us.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "pool_inside.h"

/* AddressSanitizer's, if the program has it. */
__attribute__((weak)) void __asan_poison_memory_region(const volatile void *memory, size_t bytes);
__attribute__((weak)) void __asan_unpoison_memory_region(const volatile void *memory, size_t bytes);

static struct tn_pool_inside *guarded_pools; /* pools of any thread; the lock is below */
static struct sigaction before;              /* who handled SIGSEGV before us */
static bool handler_is_set;
static int lock; /* a spin lock: a signal handler reads the list. Over a fork the thread that forks has it. */

static void acquire(void)
{
    while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE) != 0)
        __builtin_ia32_pause();
}

static void release(void)
{
    __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

/* ---- the report: only what a signal handler may call ---- */

struct text {
    char bytes[256];
    size_t length;
};

static void add(struct text *text, const char *words)
{
    size_t length = strlen(words);
    if (length > sizeof(text->bytes) - text->length)
        length = sizeof(text->bytes) - text->length;
    memcpy(text->bytes + text->length, words, length);
    text->length += length;
}

static void add_number(struct text *text, uint64_t number)
{
    char digits[21];
    size_t at = sizeof(digits) - 1;
    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    add(text, digits + at);
}

static void say(const struct text *text)
{
    ssize_t written = write(STDERR_FILENO, text->bytes, text->length);
    (void)written; /* nobody is left to tell */
}

static void say_place(const char *words, void *place)
{
    struct text text = {{0}, 0};
    add(&text, words);
    say(&text);
    if (place != NULL)
        backtrace_symbols_fd(&place, 1, STDERR_FILENO);
}

static void report(const struct tn_pool_inside *pool, const unsigned char *address, const ucontext_t *context)
{
    uint64_t offset = (uint64_t)(address - pool->face.memory), slot = offset / pool->face.stride;
    const struct tn_last_move *last = &pool->last[slot];
    bool wrote = (context->uc_mcontext.gregs[REG_ERR] & 2) != 0;
    struct text text = {{0}, 0};
    const bool is_ours = getpid() == pool->process;
    add(&text, is_ours ? "tenure: the CPU " : "tenure: a child of fork ");
    add(&text, wrote ? "wrote to" : "read");
    add(&text, " byte ");
    add_number(&text, offset % pool->face.stride);
    add(&text, " of buffer ");
    add_number(&text, slot);
    add(&text, " of pool '");
    add(&text, pool->label);
    add(&text, is_ours ? "', which it does not own: " : "', which is its parent's: ");
    add(&text, last->what != NULL ? last->what : is_ours ? "never allocated" : "never away");
    if (last->what != NULL) {
        add(&text, " by thread ");
        add_number(&text, (uint64_t)last->thread);
    }
    add(&text, "\n");
    say(&text);
    if (last->what != NULL)
        say_place("tenure:   there: ", last->place);
    say_place("tenure:   touched here: ", (void *)context->uc_mcontext.gregs[REG_RIP]);
}

static void report_pool_of(const unsigned char *address, const ucontext_t *context)
{
    acquire();
    for (struct tn_pool_inside *pool = guarded_pools; pool != NULL; pool = pool->guarded)
        if (address >= pool->face.memory && address < pool->face.memory + pool->memory_bytes)
            report(pool, address, context);
    release();
}

/* As the kernel would have called it: with what it wants blocked. Our own return unblocks it again. */
static void call_handler_before(int signal, siginfo_t *info, void *context)
{
    const struct sigaction theirs = before;
    sigset_t blocked = theirs.sa_mask;
    if ((theirs.sa_flags & SA_NODEFER) == 0)
        sigaddset(&blocked, signal);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    if ((theirs.sa_flags & (int)SA_RESETHAND) != 0)
        before = (struct sigaction){.sa_handler = SIG_DFL};
    if ((theirs.sa_flags & SA_SIGINFO) != 0)
        theirs.sa_sigaction(signal, info, context);
    else
        theirs.sa_handler(signal);
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
    const int error = errno;
    const bool sent = info->si_code <= 0; /* by kill, say: there is no address, and nothing is done again on return */
    if (!sent)
        report_pool_of(info->si_addr, context);
    if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        call_handler_before(signal, info, context);
    } else if (!sent || before.sa_handler == SIG_DFL) { /* what is ignored ends nobody, but for a fault */
        const struct sigaction standard = {.sa_handler = SIG_DFL};
        sigaction(signal, &standard, NULL);
        if (sent)
            raise(signal);
        /* else the access is made again, and ends the process as it should */
    }
    errno = error;
}

static bool watch(struct tn_pool_inside *pool)
{
    acquire();
    if (!handler_is_set) {
        void *warm_up = NULL; /* the first call loads a library, which a signal handler must not */
        (void)backtrace(&warm_up, 1);
        /* The other stack: one that overflowed has no room for a handler. */
        struct sigaction ours = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
        handler_is_set = sigaction(SIGSEGV, &ours, &before) == 0 && pthread_atfork(acquire, release, release) == 0;
    }
    if (handler_is_set) {
        pool->guarded = guarded_pools;
        guarded_pools = pool;
    }
    release();
    return handler_is_set;
}

static void forget(struct tn_pool_inside *pool)
{
    acquire();
    for (struct tn_pool_inside **link = &guarded_pools; *link != NULL; link = &(*link)->guarded)
        if (*link == pool) {
            *link = pool->guarded;
            break;
        }
    release();
}

/* ---- the guards ---- */

bool tn_guard_is_there(enum tn_guard guard)
{
    return guard != TN_GUARD_ASAN || (__asan_poison_memory_region != NULL && __asan_unpoison_memory_region != NULL);
}

/* Whole buffers from `first` on; the memory after a buffer's last byte and before the next one belongs to it. */
static bool set(struct tn_pool_inside *pool, uint64_t first, uint64_t count, bool open)
{
    unsigned char *memory = pool->face.memory + first * pool->face.stride;
    size_t bytes = count * pool->face.stride;
    switch (pool->guard) {
    case TN_GUARD_ASAN:
        __asan_poison_memory_region(memory, bytes);
        if (open) /* not the gap behind a buffer */
            for (uint64_t i = 0; i < count; i++)
                __asan_unpoison_memory_region(memory + i * pool->face.stride, pool->buffer_bytes);
        return true;
    case TN_GUARD_MPROTECT:
        return mprotect(memory, bytes, open ? PROT_READ | PROT_WRITE : PROT_NONE) == 0;
    default:
        return true;
    }
}

bool tn_guard_begin(struct tn_pool_inside *pool)
{
    if (pool->guard == TN_GUARD_MPROTECT && !watch(pool))
        return false;
    if (set(pool, 0, pool->memory_bytes / pool->face.stride, false))
        return true;
    tn_guard_end(pool);
    return false;
}

void tn_guard_leave(struct tn_pool_inside *pool)
{
    if (pool->guard == TN_GUARD_MPROTECT)
        forget(pool);
}

void tn_guard_end(struct tn_pool_inside *pool)
{
    tn_guard_leave(pool);
    if (pool->backing != TN_BACKING_GIVEN && pool->process != getpid())
        return; /* a child of fork: its parent's memory is not here */
    if (pool->guard == TN_GUARD_ASAN)
        __asan_unpoison_memory_region(pool->face.memory, pool->memory_bytes);
    else
        (void)set(pool, 0, pool->memory_bytes / pool->face.stride, true);
}

bool tn_guard_open(struct tn_pool_inside *pool, uint64_t slot)
{
    if (pool->guard == TN_GUARD_OFF || set(pool, slot, 1, true))
        return true;
    pool->guard_refused++;
    return false;
}

bool tn_guard_open_all(struct tn_pool_inside *pool)
{
    return set(pool, 0, pool->memory_bytes / pool->face.stride, true);
}

bool tn_guard_close(struct tn_pool_inside *pool, uint64_t slot, const char *what, void *place)
{
    if (pool->guard == TN_GUARD_OFF)
        return true;
    const struct tn_last_move last = pool->last[slot];
    pool->last[slot] =
        (struct tn_last_move){what, pool->caller != NULL ? pool->caller : place, (int)syscall(SYS_gettid)};
    if (set(pool, slot, 1, false))
        return true;
    pool->last[slot] = last;
    pool->guard_refused++;
    return false;
}
