/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: fibres on ucontext, depth first over a stack of choices (who runs, which store a load reads), one vector
 * clock for each fibre and store. It knows nothing of what it runs.
 */
#include "weave.h"

#undef __atomic_load_n
#undef __atomic_store_n

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum {
    FIBRES = 4, /* the first is the body */
    ATOMICS = 8,
    STORES = 96, /* kept of each atomic */
    PLAINS = 64,
    CHOICES = 8192,
    STACK = 256 * 1024,
    IDLE_ROUNDS = 200,
};

typedef uint32_t clock_vector[FIBRES];

struct store {
    uint32_t value;
    int fibre; /* -1: from before the run */
    uint32_t at;
    clock_vector released;
};

struct atomic {
    const uint32_t *address;
    struct store store[STORES];
    int stores;
    int newest_seen[FIBRES]; /* nobody reads backwards */
};

struct plain {
    const volatile void *address;
    int writer;
    uint32_t written;
    clock_vector read;
};

struct fibre {
    ucontext_t context;
    char *stack;
    bool alive, idle, fresh;
    clock_vector clock;
    void (*run)(void);
};

static struct atomic atomics[ATOMICS];
static struct plain plains[PLAINS];
static struct fibre fibres[FIBRES];
static int atomic_count, plain_count, fibre_count, current, preempted, bound, idle_rounds;
static struct {
    short ways, taken;
} choice[CHOICES];
static int choices, position;
static unsigned long runs;
static const char *failure;
static ucontext_t outside;
static void (*body_of_run)(void);

static void leave(const char *what)
{
    failure = what;
    swapcontext(&fibres[current].context, &outside);
}

static void too_small(const char *what)
{
    fprintf(stderr, "weave: too many %s\n", what);
    exit(2);
}

static int choose(int ways)
{
    if (ways <= 1)
        return 0;
    if (position == choices) {
        if (choices == CHOICES)
            too_small("choices");
        choice[choices].ways = (short)ways;
        choice[choices++].taken = 0;
    }
    return choice[position++].taken;
}

static void join(clock_vector into, const clock_vector other)
{
    for (int i = 0; i < FIBRES; i++)
        if (other[i] > into[i])
            into[i] = other[i];
}

/* ---- who runs ---- */

static void progress(void)
{
    for (int i = 0; i < fibre_count; i++)
        fibres[i].idle = false;
    idle_rounds = 0;
}

static int candidates(int list[FIBRES], bool can_stay)
{
    int count = 0;
    if (can_stay)
        list[count++] = current;
    if (!can_stay || preempted < bound)
        for (int i = 0; i < fibre_count; i++)
            if (i != current && fibres[i].alive && !fibres[i].idle)
                list[count++] = i;
    if (count > 0)
        return count;
    for (int i = 0; i < fibre_count; i++) /* everybody waits: let them look again */
        if (fibres[i].alive) {
            fibres[i].idle = false;
            list[count++] = i;
        }
    if (count > 0 && ++idle_rounds > IDLE_ROUNDS)
        leave("nobody can go on");
    return count;
}

static void schedule(bool can_stay)
{
    int list[FIBRES], count = candidates(list, can_stay);
    if (count == 0) {
        swapcontext(&fibres[current].context, &outside);
        return;
    }
    int next = list[choose(count)];
    if (next == current)
        return;
    preempted += can_stay;
    int me = current;
    current = next;
    swapcontext(&fibres[me].context, &fibres[next].context);
}

/* ---- memory ---- */

static struct atomic *atomic_at(const uint32_t *address)
{
    for (int i = 0; i < atomic_count; i++)
        if (atomics[i].address == address)
            return &atomics[i];
    if (atomic_count == ATOMICS)
        too_small("atomics");
    struct atomic *a = &atomics[atomic_count++];
    memset(a, 0, sizeof(*a));
    a->address = address;
    a->stores = 1;
    a->store[0] = (struct store){.value = *address, .fibre = -1};
    return a;
}

/* The oldest store that this fibre may still read. */
static int oldest_readable(const struct atomic *a)
{
    int oldest = a->newest_seen[current];
    for (int i = a->stores - 1; i > oldest; i--)
        if (a->store[i].fibre >= 0 && a->store[i].at <= fibres[current].clock[a->store[i].fibre])
            oldest = i;
    return oldest;
}

static bool acquires(int order)
{
    return order == __ATOMIC_ACQUIRE || order == __ATOMIC_SEQ_CST;
}

uint32_t weave_load(const uint32_t *address, int order)
{
    schedule(true);
    struct atomic *a = atomic_at(address);
    struct fibre *f = &fibres[current];
    f->clock[current]++;
    int oldest = f->fresh ? a->stores - 1 : oldest_readable(a);
    int read = a->stores - 1 - choose(a->stores - oldest);
    a->newest_seen[current] = read;
    if (acquires(order))
        join(f->clock, a->store[read].released);
    return a->store[read].value;
}

void weave_store(uint32_t *address, uint32_t value, int order)
{
    schedule(true);
    struct atomic *a = atomic_at(address);
    struct fibre *f = &fibres[current];
    f->clock[current]++;
    f->fresh = false;
    if (a->stores == STORES)
        too_small("stores");
    struct store *s = &a->store[a->stores++];
    *s = (struct store){.value = value, .fibre = current, .at = f->clock[current]};
    if (order == __ATOMIC_RELEASE || order == __ATOMIC_SEQ_CST)
        memcpy(s->released, f->clock, sizeof(clock_vector));
    a->newest_seen[current] = a->stores - 1;
    *address = value;
    progress();
}

void weave_plain(const volatile void *address, int write)
{
    struct plain *p = NULL;
    for (int i = 0; i < plain_count && p == NULL; i++)
        if (plains[i].address == address)
            p = &plains[i];
    if (p == NULL) {
        if (plain_count == PLAINS)
            too_small("pieces of plain data");
        p = &plains[plain_count++];
        *p = (struct plain){.address = address, .writer = -1};
    }
    const uint32_t *clock = fibres[current].clock;
    if (p->writer >= 0 && p->writer != current && p->written > clock[p->writer])
        leave(write ? "data race: a write over an unordered write" : "data race: a read of an unordered write");
    for (int i = 0; write && i < FIBRES; i++)
        if (i != current && p->read[i] > clock[i])
            leave("data race: a write over an unordered read");
    if (write)
        *p = (struct plain){.address = address, .writer = current, .written = clock[current]};
    else
        p->read[current] = clock[current];
}

void weave_yield(void)
{
    fibres[current].idle = fibres[current].fresh = true;
    schedule(false);
}

void weave_demand(int condition, const char *what)
{
    if (!condition)
        leave(what);
}

/* ---- runs ---- */

static void entry(void)
{
    fibres[current].run();
    fibres[current].alive = false;
    progress();
    schedule(false);
}

void weave_thread(void (*run)(void))
{
    if (fibre_count == FIBRES)
        too_small("fibres");
    int n = fibre_count++;
    struct fibre *f = &fibres[n];
    char *stack = f->stack != NULL ? f->stack : malloc(STACK);
    *f = (struct fibre){.stack = stack, .alive = true, .run = run};
    if (n > 0) {
        fibres[current].clock[current]++;
        memcpy(f->clock, fibres[current].clock, sizeof(clock_vector));
    }
    f->clock[n] = 1;
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = stack;
    f->context.uc_stack.ss_size = STACK;
    f->context.uc_link = &outside;
    makecontext(&f->context, entry, 0);
}

static void one_run(void)
{
    position = atomic_count = plain_count = fibre_count = current = preempted = idle_rounds = 0;
    weave_thread(body_of_run);
    swapcontext(&outside, &fibres[0].context);
    runs++;
}

const char *weave(void (*body)(void), void (*after)(void), int preemptions)
{
    bound = preemptions;
    body_of_run = body;
    choices = 0;
    runs = 0;
    failure = NULL;
    for (;;) {
        one_run();
        if (failure == NULL)
            after();
        if (failure != NULL) {
            printf("# in execution %lu: %s\n", runs, failure);
            return failure;
        }
        choices = position;
        while (choices > 0 && choice[choices - 1].taken + 1 == choice[choices - 1].ways)
            choices--;
        if (choices == 0)
            break;
        choice[choices - 1].taken++;
    }
    printf("# %lu executions, all good (at most %d preemptions)\n", runs, preemptions);
    return NULL;
}
