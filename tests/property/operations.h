/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as operations on the core: the one interpreter behind the property test and the fuzzer. SETTING_BYTES of
 * setting, then STEP_BYTES for each operation: which, where, on what, and a twist that makes it wrong in some way. Each
 * operation asks the decide, compares its answer with the oracle's, and commits in both worlds or in neither.
 */
#ifndef TENURE_TESTS_PROPERTY_OPERATIONS_H
#define TENURE_TESTS_PROPERTY_OPERATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <core/dma.h>

enum { SETTING_BYTES = 10, STEP_BYTES = 4, STEPS_MAX = 256 };

/* Runs the sequence; oracle_fail (oracle.h) does not come back. `tell`: print each step as C. */
void operations_run(const uint8_t *bytes, size_t size, bool tell);

/* ---- for the files that implement the operations ---- */

struct step {
    uint32_t owner; /* below OWNERS */
    uint32_t line;  /* below LINES */
    uint8_t pick;   /* which name, slot or kind */
    uint8_t twist;
};

void op_alloc(const struct step *s);
void op_release(const struct step *s);
void op_scrubbed(const struct step *s);
void op_use(const struct step *s);
void op_pool_move(const struct step *s);
void op_submit(const struct step *s);
void op_submit_raw(const struct step *s);
void op_post(const struct step *s);
void op_complete(const struct step *s);
void op_end(const struct step *s);
void op_orphan(const struct step *s);
void op_take(const struct step *s);
void op_add(const struct step *s);
void op_close(const struct step *s);
void op_poll(const struct step *s);
void op_wait(const struct step *s);
void op_gather(const struct step *s);
void op_direct_submit(const struct step *s);
void op_direct_complete(const struct step *s);
void op_direct_release(const struct step *s);
void op_die(const struct step *s);
void op_grant(const struct step *s);
void op_lookup(const struct step *s);
void op_check(const struct step *s);
void op_remove(const struct step *s);
void op_charge(const struct step *s);
void op_ring(const struct step *s);
void op_route(const struct step *s);
void op_refuse(const struct step *s);

/* What this operation may change; all the rest is compared bit by bit after it. */
void may_change_owner(uint32_t owner);
void may_change_line(uint32_t line);
void may_change_routes(void);
/* The one thing that a refusal may change: a counter that stands in the world at `counter`. */
void counts_refusal(uint64_t *counter);

/* One line of C for people who read a failing sequence; printed only when told to. */
void told(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A name out of the log, of this kind and place: the `pick`th newest, made wrong as `twist` says. */
uint64_t name_from_log(uint32_t what, uint32_t place, const struct step *s);
uint64_t twisted(uint64_t name, uint8_t twist);
/* The same for a buffer of the owner. */
struct tn_buffer_name buffer_from_log(const struct step *s);
/* How long a submission is: mostly a good length. */
uint32_t length_of(const struct step *s);

/* Shared by several operations. */
void charge(uint32_t owner, uint32_t charge, uint64_t amount);
void refund(uint32_t owner, uint32_t charge, uint64_t amount);
void scrub(uint32_t owner, uint32_t buffer);
void release(uint32_t owner, struct tn_buffer_name name);
void take(uint32_t line, uint64_t fence);
void end_entry(uint32_t owner, uint32_t slot);
void move_pool(uint32_t owner, uint32_t to);
/* Every owner dies, every fence ends, and then every pool must: whatever happened before. */
void end_everything(void);
/* The entry changes kind; returns nothing that anyone needs beside the log. */
void turn(uint32_t owner, uint32_t slot, uint32_t kind, uint64_t detail);
/* The caller's entry of a buffer, through all checks, two turns left; NOBODY if one refused. */
uint32_t resolve(const struct step *s, uint64_t handle);
uint32_t resolve_to_turn(const struct step *s, uint64_t handle);
/* The buffer that the entry stands for. */
struct tn_buffer_name buffer_of_entry(uint32_t owner, uint32_t slot);

#endif
