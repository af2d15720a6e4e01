/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The direct path: a buffer that is its own fence, in a pool that no queue serves.
 */
#include "operations.h"
#include "oracle.h"

/* Half of the time as a loop over many does it: on a copy, whose counts go back afterwards. */
static struct tn_pool copy;

static struct tn_pool *copy_or_pool(const struct step *s)
{
    copy = world.owner[s->owner].pool;
    return s->line == 0 ? &world.owner[s->owner].pool : &copy;
}

static void settle(uint32_t owner, const struct tn_pool *pool)
{
    if (pool != &copy)
        return;
    told("tn_direct_settle(&owner[%u].pool, &copy);", owner);
    tn_direct_settle(&world.owner[owner].pool, pool);
}

void op_direct_submit(const struct step *s)
{
    struct tn_pool *pool = copy_or_pool(s);
    uint32_t cap = resolve_to_turn(s, name_from_log(A_HANDLE, s->owner, s)), length = length_of(s);
    if (cap == NOBODY)
        return;
    struct tn_buffer_name name = buffer_of_entry(s->owner, cap);
    enum tn_status status = tn_direct_submit_decide(pool, name, length);
    told("tn_direct_submit_decide(&owner[%u].pool, {0x%llx, %llu}, %u); /* %u */", s->owner,
         (unsigned long long)name.mark, (unsigned long long)name.slot, length, status);
    oracle_same("tn_direct_submit_decide", status, want_direct_submit(s->owner, name, length));
    if (status != TN_OK)
        return;
    uint32_t slot = (uint32_t)name.slot;
    struct naive_buffer *b = &oracle.owner[s->owner].pool.buffer[slot];
    may_change_owner(s->owner);
    name = tn_direct_submit_commit(pool, name, length);
    settle(s->owner, pool);
    naive_move(s->owner, slot, TN_BUFFER_IN_FLIGHT);
    oracle_same("the name to complete it under", key_of(name), key_of(naive_buffer_name(s->owner, slot)));
    b->length = length;
    b->direct = true;
    b->cap = cap;
    turn(s->owner, cap, TN_KIND_FENCE, key_of(name));
}

/* Mostly one that is in flight, now and then any name. */
static struct tn_buffer_name flying(const struct step *s)
{
    for (uint32_t i = 0; s->twist % 16 >= 6 && i < BUFFERS; i++)
        if (oracle.owner[s->owner].pool.buffer[(s->pick + i) % BUFFERS].direct)
            return naive_buffer_name(s->owner, (s->pick + i) % BUFFERS);
    return buffer_from_log(s);
}

static void direct_end(uint32_t owner, struct tn_pool *pool, struct tn_buffer_name name)
{
    may_change_owner(owner);
    told("tn_direct_release_commit(&owner[%u].pool, {0x%llx, %llu});", owner, (unsigned long long)name.mark,
         (unsigned long long)name.slot);
    tn_direct_release_commit(pool, name);
    settle(owner, pool);
    naive_end(owner, (uint32_t)name.slot);
}

void op_direct_complete(const struct step *s)
{
    struct tn_pool *pool = copy_or_pool(s);
    struct tn_buffer_name name = flying(s);
    struct naive_buffer *b = &oracle.owner[s->owner].pool.buffer[name.slot % BUFFERS];
    const uint32_t used = s->pick < 0xc0 ? b->length : s->pick < 0xe0 ? b->length / 2 : b->length + 1;
    enum tn_status status = tn_direct_complete_decide(pool, name, used);
    told("tn_direct_complete_decide(&owner[%u].pool, {0x%llx, %llu}, %u); /* %u */", s->owner,
         (unsigned long long)name.mark, (unsigned long long)name.slot, used, status);
    oracle_same("tn_direct_complete_decide", status, want_direct_complete(s->owner, name, used));
    if (status != TN_OK)
        return;
    uint32_t cap = b->cap;
    may_change_owner(s->owner);
    name = tn_direct_complete_commit(pool, name);
    settle(s->owner, pool);
    naive_move(s->owner, (uint32_t)name.slot, TN_BUFFER_CPU);
    oracle_same("the CPU's name", key_of(name), key_of(naive_buffer_name(s->owner, (uint32_t)name.slot)));
    if (cap != NOBODY)
        turn(s->owner, cap, TN_KIND_DMA_BUFFER, tn_buffer_pack(name));
    else /* its owner is dead */
        direct_end(s->owner, pool, name);
}

void op_direct_release(const struct step *s)
{
    struct tn_pool *pool = copy_or_pool(s);
    uint32_t cap = resolve(s, name_from_log(A_HANDLE, s->owner, s));
    if (cap == NOBODY)
        return;
    struct tn_buffer_name name = buffer_of_entry(s->owner, cap);
    enum tn_status status = tn_direct_release_decide(pool, name);
    told("tn_direct_release_decide(&owner[%u].pool, {0x%llx, %llu}); /* %u */", s->owner, (unsigned long long)name.mark,
         (unsigned long long)name.slot, status);
    oracle_same("tn_direct_release_decide", status, want_direct_release(s->owner, name));
    if (status != TN_OK)
        return;
    direct_end(s->owner, pool, name);
    end_entry(s->owner, cap);
}
