/* SPDX-License-Identifier: Apache-2.0 */
/* The nine mistakes with DPDK as the distribution has it. A ring stands for the device. */
#include <rte_eal.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "mistakes.h"

static struct rte_mempool *pool;
static struct rte_ring *ring;

static struct rte_mbuf *taken(void)
{
    struct rte_mbuf *buffer = rte_pktmbuf_alloc(pool);
    if (buffer == NULL)
        _exit(0);
    return buffer;
}

/* Takes buffers until this one comes round again. False: it does not. */
static bool taken_again(const struct rte_mbuf *wanted)
{
    for (int i = 0; i < 1000; i++) {
        const struct rte_mbuf *buffer = rte_pktmbuf_alloc(pool);
        if (buffer == NULL || buffer == wanted)
            return buffer == wanted;
    }
    return false;
}

static bool double_free(void)
{
    struct rte_mbuf *buffer = taken();
    rte_pktmbuf_free(buffer);
    rte_pktmbuf_free(buffer);
    return false;
}

static bool double_submit(void)
{
    struct rte_mbuf *buffer = taken();
    return rte_ring_sp_enqueue(ring, buffer) != 0 || rte_ring_sp_enqueue(ring, buffer) != 0;
}

static bool use_after_submit(void)
{
    struct rte_mbuf *buffer = taken();
    return rte_ring_sp_enqueue(ring, buffer) != 0 || rte_pktmbuf_mtod(buffer, char *) == NULL;
}

static bool use_after_free(void)
{
    struct rte_mbuf *buffer = taken();
    rte_pktmbuf_free(buffer);
    return rte_pktmbuf_mtod(buffer, char *) == NULL;
}

static bool free_in_flight(void)
{
    struct rte_mbuf *buffer = taken();
    if (rte_ring_sp_enqueue(ring, buffer) != 0)
        return true;
    rte_pktmbuf_free(buffer);
    return false;
}

static bool write_after_submit(void)
{
    struct rte_mbuf *buffer = taken();
    volatile char *kept = rte_pktmbuf_mtod(buffer, char *);
    if (rte_ring_sp_enqueue(ring, buffer) != 0)
        return true;
    *kept = 1;
    return false;
}

static bool stale_contents(void)
{
    struct rte_mbuf *buffer = taken();
    strcpy(rte_pktmbuf_mtod(buffer, char *), "secret");
    rte_pktmbuf_free(buffer);
    return taken_again(buffer) && strcmp(rte_pktmbuf_mtod(buffer, char *), "secret") != 0;
}

static bool stale_completion_after_reuse(void)
{
    struct rte_mbuf *late = taken();
    rte_pktmbuf_free(late);
    if (!taken_again(late))
        return true;
    rte_pktmbuf_free(late); /* the late completion ends the next holder's tenure, and nobody says so */
    return false;
}

static bool leak(void)
{
    (void)taken();
    rte_mempool_free(pool);
    return false;
}

int main(int argc, char **argv)
{
    char *words[] = {argv[0], "--no-huge", "--no-pci", "-m", "64", "--no-telemetry", "--no-shconf", "--log-level=1"};
    (void)argc;
    if (rte_eal_init(sizeof(words) / sizeof(*words), words) < 0)
        return 2;
    pool = rte_pktmbuf_pool_create("bench", 255, 0, 0, 2048 + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
    ring = rte_ring_create("bench", 64, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
    if (pool == NULL || ring == NULL)
        return 2;
    static const struct mistake mistakes[] = {
        {"double_free", double_free},
        {"double_submit", double_submit},
        {"use_after_submit", use_after_submit},
        {"use_after_free", use_after_free},
        {"free_in_flight", free_in_flight},
        {"write_after_submit", write_after_submit},
        {"stale_contents", stale_contents},
        {"stale_completion_after_reuse", stale_completion_after_reuse},
        {"leak", leak},
    };
    return make_mistakes(mistakes, sizeof(mistakes) / sizeof(*mistakes));
}
