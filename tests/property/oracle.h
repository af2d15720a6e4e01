/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must be true of the core, said a second time and naively: plain lists, recounts, and a log of every name and
 * handle that was ever granted. Each `want_…` (wants.c) answers what a decide must answer; oracle_compare holds the
 * core against the lists, and oracle_check_log holds it against the log. Nothing here is clever, on purpose.
 */
#ifndef TENURE_TESTS_PROPERTY_ORACLE_H
#define TENURE_TESTS_PROPERTY_ORACLE_H

#include <stdbool.h>

#include "world.h"

enum { ALL = 0xff };
enum { EPOCH_FIRST = 100, NOBODY = 255, LOG_MAX = 4096 };

/* ---- free slots and generations, as a list that is moved by hand ---- */

struct naive_table {
    uint32_t life; /* which table of this run: a table that is made again is another one */
    uint32_t count;
    uint64_t max;
    uint64_t generation[TABLE_MAX];
    bool live[TABLE_MAX];
    uint32_t order[TABLE_MAX]; /* free slots, oldest first */
    uint32_t free;
    uint32_t retired;
};

struct naive_buffer {
    uint64_t generation;
    uint32_t state;
    uint32_t length;
    bool direct;  /* in flight on the direct path */
    bool left;    /* the CPU's, and its owner is dead: it goes when its page may be touched */
    uint32_t cap; /* while direct: slot of the owner's entry, or NOBODY */
};

struct naive_pool {
    uint32_t life;
    uint32_t kind; /* enum pool_kind */
    uint32_t state;
    uint64_t max;
    struct naive_buffer buffer[BUFFERS];
    uint32_t stack[BUFFERS]; /* free buffers, the latest last */
    uint32_t free;
};

struct naive_cap {
    uint32_t kind;
    uint32_t rights;
    uint32_t object;
    uint64_t object_generation;
    uint64_t detail;
};

struct naive_part {
    uint32_t buffer;
    uint32_t length;
    uint32_t cap; /* slot of the client's entry, or NOBODY */
};

struct naive_fence {
    uint32_t state;
    uint64_t ticket;
    uint32_t client;
    uint32_t pool; /* the owner whose pool the buffers are of, or NOBODY */
    struct naive_part part[PARTS];
    uint32_t parts;
    uint32_t taken;
    uint32_t direction;
    uint32_t used;
    uint32_t status;
    uint32_t waiters;
    bool orphan;
};

struct naive_owner {
    uint64_t epoch;
    uint64_t limit[TN_CHARGE_COUNT], used[TN_CHARGE_COUNT], refused[TN_CHARGE_COUNT];
    struct naive_table caps;
    struct naive_cap cap[CAPS];
    uint64_t refused_lookups;
    uint64_t pool_generation; /* of the pool as an object that capabilities name */
    struct naive_pool pool;
    uint64_t put, consumed, posted, read, promised; /* the ring, without any wrap */
};

struct naive_line {
    struct naive_table fences;
    struct naive_fence fence[FENCES];
    uint32_t fifo[FENCES];
    uint32_t queued;
    uint64_t next_ticket;
    uint64_t refused;
    uint64_t waiting[GATHERED]; /* for a flush, oldest first */
    uint32_t waits;
    uint64_t flush[GATHERED]; /* numbers of those that run */
    uint32_t flushes;
    uint64_t gone, added, begun, covered; /* how many have left, came, were there at the last begin, are covered */
};

struct naive_routes {
    struct naive_table table;
    uint32_t state[ROUTES];
    uint64_t sequence[ROUTES], waiting[ROUTES];
    bool stormed[ROUTES];
    uint64_t stale;
};

struct oracle {
    struct setting setting;
    struct naive_owner owner[OWNERS];
    struct naive_line line[LINES];
    struct naive_routes routes;
    uint32_t lives;
    uint64_t epochs;
};

extern struct oracle oracle;

/* Says what is wrong and does not return; each program that links the oracle has its own. */
void oracle_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* Fails unless both are the same. */
void oracle_same(const char *what, uint64_t got, uint64_t want);

void oracle_init(const struct setting *setting);
void oracle_init_caps(uint32_t owner);
void oracle_init_pool(uint32_t owner);

/* The name that the next take, or an advance of `slot`, must give. */
uint64_t naive_take(struct naive_table *table);
uint64_t naive_advance(struct naive_table *table, uint32_t slot);
void naive_give(struct naive_table *table, uint32_t slot);
/* The slot that `name` names now, or NOBODY. */
uint32_t naive_find(const struct naive_table *table, uint64_t name);
uint64_t naive_name(const struct naive_table *table, uint32_t slot);

/* ---- buffers ---- */

/* A buffer's name as one number, for the log: its mark stands where a handle has its generation. */
uint64_t key_of(struct tn_buffer_name name);
struct tn_buffer_name name_of(uint64_t key);
struct tn_buffer_name naive_buffer_name(uint32_t owner, uint32_t slot);
/* The slot that someone holds under this name, or NOBODY. */
uint32_t naive_find_buffer(uint32_t owner, struct tn_buffer_name name);
bool naive_is_held(uint32_t state);
bool naive_is_away(uint32_t state);
/* The one that is taken next, now the CPU's. */
struct tn_buffer_name naive_alloc(uint32_t owner);
/* To another state: the old name dies, a held one is granted. */
void naive_move(uint32_t owner, uint32_t slot, uint32_t to);
/* Does a fence that is not taken have a buffer of this owner's pool? */
bool naive_travels(uint32_t owner);
/* To free, or retired. */
void naive_end(uint32_t owner, uint32_t slot);
/* All bytes of a fence together. */
uint32_t naive_length(const struct naive_fence *fence);

/* ---- what each decide must answer: wants.c ---- */

struct want_submission { /* of a buffer by its name, without a pool if `pool` is NOBODY */
    uint32_t line, client, pool;
    struct tn_buffer_name buffer;
    uint32_t length, direction;
    bool more;
};

enum tn_status want_charge(uint32_t owner, uint32_t charge, uint64_t amount);
enum tn_status want_lookup(uint32_t owner, uint64_t handle, uint32_t kind, uint32_t rights);
enum tn_status want_check(uint32_t owner, uint32_t cap, const struct tn_identity *id);
enum tn_status want_turn(uint32_t owner, uint32_t cap);
enum tn_status want_alloc(uint32_t owner);
/* Who may touch the page of this buffer: TN_OK, TN_EAGAIN, TN_EQUARANTINED. */
enum tn_status want_page(uint32_t owner, uint32_t slot);
enum tn_status want_use(uint32_t owner, struct tn_buffer_name name);
enum tn_status want_release(uint32_t owner, struct tn_buffer_name name);
enum tn_status want_depart(uint32_t owner, struct tn_buffer_name name, uint32_t length);
enum tn_status want_arrive(uint32_t owner, struct tn_buffer_name name, uint32_t to);
enum tn_status want_scrub(uint32_t owner, uint32_t slot);
enum tn_status want_home(uint32_t owner, struct tn_buffer_name name);
enum tn_status want_direct_submit(uint32_t owner, struct tn_buffer_name name, uint32_t length);
enum tn_status want_direct_complete(uint32_t owner, struct tn_buffer_name name, uint32_t used);
enum tn_status want_direct_release(uint32_t owner, struct tn_buffer_name name);
enum tn_status want_submit(const struct want_submission *submission);
enum tn_status want_add(uint32_t line, uint64_t fence, struct tn_buffer_name buffer, uint32_t length);
enum tn_status want_close(uint32_t line, uint64_t fence);
enum tn_status want_complete(uint32_t line, const struct tn_completion *completion);
enum tn_status want_end(uint32_t line, uint64_t fence, uint32_t status);
enum tn_status want_orphan(uint32_t line, uint64_t fence);
enum tn_status want_poll(uint32_t line, uint64_t fence, uint64_t now, uint64_t deadline);
enum tn_status want_wait(uint32_t line, uint64_t fence);
enum tn_status want_take(uint32_t line, uint64_t fence);
enum tn_status want_pool_move(uint32_t owner, uint32_t to);
enum tn_status want_reserve(uint32_t owner, uint32_t head, uint32_t n);

/* ---- the log of all grants ---- */

enum granted { A_HANDLE, A_BUFFER, A_FENCE };

struct grant {
    uint64_t name; /* of a buffer: its key */
    uint32_t life; /* of the table that granted it */
    uint32_t step; /* of the sequence */
    uint8_t what;  /* enum granted */
    uint8_t place; /* owner or line */
    uint8_t dead;
    uint8_t ends; /* how often a fence has ended */
};

extern struct grant grant_log[LOG_MAX];
extern uint32_t grant_count;

void log_grant(enum granted what, uint32_t place, uint32_t life, uint64_t name);
/* The name is stale from here, for ever. */
void log_death(uint32_t life, uint64_t name);
/* A fence has ended; a second time is a failure. */
void log_end(uint32_t life, uint64_t fence);

/* Every table, count and record of these owners and lines (one bit each) against the lists. */
void oracle_compare(uint32_t owners, uint32_t lines);
/* The same for the routes. */
void oracle_compare_routes(void);
/* Every name of the log: those that died must be stale, the others must not. */
void oracle_check_log(void);

#endif
