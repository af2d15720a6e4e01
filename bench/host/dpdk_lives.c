/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same life in DPDK as the distribution has it: a packet buffer is allocated, put into a ring, taken out of it,
 * freed. Always without its drivers and without huge pages: it would grab this machine's own devices otherwise.
 */
#include <rte_eal.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "lives.h"

static struct rte_mempool *pool;
static struct rte_ring *ring;

static __attribute__((noinline)) long inflight(long lives)
{
    long wrong = 0;
    void *object;
    for (long i = 0; i < lives; i++) {
        if (rte_ring_count(ring) == IN_FLIGHT && rte_ring_sc_dequeue(ring, &object) == 0)
            rte_pktmbuf_free(object);
        struct rte_mbuf *buffer = rte_pktmbuf_alloc(pool);
        wrong += buffer == NULL || rte_ring_sp_enqueue(ring, buffer) != 0;
    }
    while (rte_ring_sc_dequeue(ring, &object) == 0)
        rte_pktmbuf_free(object);
    return wrong;
}

static __attribute__((noinline)) long bulk(long lives)
{
    long wrong = 0;
    struct rte_mbuf *in[IN_FLIGHT], *out[IN_FLIGHT];
    for (long i = 0; i < lives; i += IN_FLIGHT) {
        wrong += rte_pktmbuf_alloc_bulk(pool, in, IN_FLIGHT) != 0;
        wrong += rte_ring_sp_enqueue_bulk(ring, (void **)in, IN_FLIGHT, NULL) != IN_FLIGHT;
        wrong += rte_ring_sc_dequeue_bulk(ring, (void **)out, IN_FLIGHT, NULL) != IN_FLIGHT;
        rte_pktmbuf_free_bulk(out, IN_FLIGHT);
    }
    return wrong;
}

int main(int argc, char **argv)
{
    char *words[] = {argv[0], "--no-huge", "--no-pci", "-m", "64", "--no-telemetry", "--no-shconf", "--log-level=1"};
    if (rte_eal_init(sizeof(words) / sizeof(*words), words) < 0)
        return 2;
    pool = rte_pktmbuf_pool_create("bench", BUFFERS - 1, 256, 0, BUFFER_BYTES + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
    ring = rte_ring_create("bench", 2 * IN_FLIGHT, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
    if (pool == NULL || ring == NULL)
        return 2;
    static const struct way ways[] = {{"inflight32", inflight}, {"bulk32", bulk}};
    return lives_main(argc, argv, ways, sizeof(ways) / sizeof(*ways));
}
