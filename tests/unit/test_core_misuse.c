/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Misuse by our own code: a commit whose decide would have refused. Such a call is outside the contract (the proofs
 * show that core/ itself never makes one); a core with its run-time checks built in traps, and that is shown here.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core_world.h"

static void misuse_buffers(struct all *a, uint32_t which)
{
    const struct tn_submission s = {&a->w.pool, a->gone, &a->w.ledger, 1, TN_TO_DEVICE, false};
    const struct tn_completion c = {a->queued, 1, TN_OK, 0};
    switch (which) {
    case 0:
        (void)tn_buffer_alloc_commit(&a->w.pool); /* none is free */
        break;
    case 1:
        tn_buffer_release_commit(&a->w.pool, a->gone);
        break;
    case 2:
        tn_buffer_scrubbed_commit(&a->w.pool, (uint32_t)a->cpu.slot); /* it is the CPU's */
        break;
    case 3:
        (void)tn_submit_commit(&a->w.queue, &s);
        break;
    case 4:
        (void)tn_queue_post_commit(&a->w.queue);
        (void)tn_queue_post_commit(&a->w.queue); /* only one was queued */
        break;
    case 5:
        tn_complete_commit(&a->w.queue, &c);
        break;
    case 6:
        tn_fence_end_commit(&a->w.queue, a->ended, TN_EABORTED);
        break;
    case 7:
        tn_fence_orphan_commit(&a->w.queue, a->ended);
        break;
    case 8:
        (void)tn_fence_take_commit(&a->w.queue, a->posted);
        break;
    case 9:
        tn_submit_add_commit(&a->w.queue, a->queued, a->cpu, 1);
        break;
    case 10:
        tn_submit_close_commit(&a->w.queue, a->queued);
        break;
    case 11:
        tn_fence_wait_commit(&a->w.queue, a->ended);
        break;
    case 12:
        (void)tn_buffer_depart_commit(&a->w.pool, a->gone, 1);
        break;
    case 13:
        (void)tn_buffer_arrive_commit(&a->w.pool, a->cpu, TN_BUFFER_COMPLETED);
        break;
    case 14:
        (void)tn_buffer_home_commit(&a->w.pool, a->cpu);
        break;
    case 15: /* these three are inline: the checks are those of this file's build */
        (void)tn_direct_submit_commit(&a->direct.pool, a->d_flying, 1);
        break;
    case 16:
        (void)tn_direct_complete_commit(&a->direct.pool, a->d_cpu);
        break;
    case 17:
        tn_direct_release_commit(&a->direct.pool, a->d_flying);
        break;
    case 18:
        (void)tn_buffer_put(&a->direct.pool, a->d_cpu, TN_BUFFER_CPU, TN_BUFFER_COMPLETED); /* no such move */
        break;
    default:
        tn_buffer_end(&a->direct.pool, a->d_cpu, TN_BUFFER_SCRUBBING); /* it is the CPU's */
        break;
    }
}
enum { BUFFER_MISUSES = 20 };

static void misuse_others(struct all *a, uint32_t which)
{
    const struct tn_cap_grant grant = {TN_KIND_DEVICE, 0, 0, 1, 0};
    switch (which) {
    case 0:
        tn_ledger_commit(&a->w.ledger, TN_CHARGE_BUFFERS, 1000);
        break;
    case 1:
        tn_ledger_refund(&a->w.ledger, TN_CHARGE_BUFFERS, 1000);
        break;
    case 2:
        tn_ring_reserve_commit(&a->ring, 8);
        break;
    case 3:
        tn_ring_unreserve_commit(&a->ring, 2);
        break;
    case 4:
        (void)tn_ring_post_commit(&a->ring);
        (void)tn_ring_post_commit(&a->ring);
        break;
    case 5:
        tn_slots_give(&a->caps.slots, 3);
        break;
    case 6:
        tn_slots_advance(&a->caps.slots, 3);
        break;
    case 7:
        tn_cap_remove_commit(&a->caps, &a->cap[3]);
        break;
    case 8:
        (void)tn_cap_turn_commit(&a->caps, &a->cap[3], TN_KIND_FENCE, 0);
        break;
    case 9:
        (void)tn_cap_handle(&a->caps, &a->cap[3]);
        break;
    case 10:
        for (int i = 0; i < 4; i++)
            (void)tn_cap_insert_commit(&a->caps, &grant);
        break;
    case 11:
        for (int i = 0; i < 4; i++)
            (void)tn_slots_take(&a->caps.slots);
        break;
    case 12:
        tn_gather_add_commit(&a->gather, 3); /* full */
        break;
    case 13:
        tn_gather_flush_end_commit(&a->gather, 2); /* nobody began it */
        break;
    case 14:
        (void)tn_gather_next_commit(&a->gather); /* nothing is flushed */
        break;
    case 15:
        (void)tn_route_bind_commit(&a->routes); /* none is free */
        break;
    case 16:
        tn_route_arm_commit(&a->routes, 1); /* pending */
        break;
    case 17:
        (void)tn_route_acknowledge_commit(&a->routes, 0); /* nothing arrived */
        break;
    case 18:
        tn_route_revoke_commit(&a->routes, 2); /* twice */
        break;
    case 19:
        tn_route_drained_commit(&a->routes, 1); /* held */
        break;
    case 20:
        tn_route_free_commit(&a->routes, 2); /* not drained */
        break;
    case 21:
        (void)tn_direct_alloc_commit(&a->w.pool); /* not direct */
        break;
    default:
        break;
    }
}
enum { OTHER_MISUSES = 22, MISUSES = BUFFER_MISUSES + OTHER_MISUSES, HARMLESS = MISUSES };

static void misuse(struct all *a, uint32_t which)
{
    if (which < BUFFER_MISUSES)
        misuse_buffers(a, which);
    else
        misuse_others(a, which - BUFFER_MISUSES);
}

static bool traps(uint32_t which)
{
    static struct all a;
    int status;
    prepare(&a);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGILL, SIG_DFL); /* cmocka's own handler would report it as this test's failure */
        signal(SIGSEGV, SIG_DFL);
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(2);
        misuse(&a, which);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void g6_a_commit_without_its_decide_traps_where_checks_are_built_in(void **state)
{
    (void)state;
    assert_false(traps(HARMLESS));
    if (!traps(BUFFER_MISUSES + 1)) /* this core has no checks: proofs stand for them */
        return;
    for (uint32_t which = 0; which < MISUSES; which++)
        if (!traps(which))
            fail_msg("misuse %u was not noticed", which);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g6_a_commit_without_its_decide_traps_where_checks_are_built_in),
};

UNIT_MAIN(tests)
