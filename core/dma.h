/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DMA pools, buffers and fences: who owns which buffer, until when.
 *
 * A pool is a fixed number of buffers of one size. A queue is a fixed number of fences, on the way to one device or
 * service. Submitting moves a buffer from its CPU owner to one fence; the end of the fence moves it back, or to
 * quarantine. Names are 64 bits (tenure/abi/handle.h): slot and generation. A buffer's generation grows at every change
 * of holder, so the name from before a submit, a completion or a release is stale for ever (G1, G3, G4).
 *
 * The embedder owns the memory of all records and of the buffers, and does what a commit allows: maps, posts, scrubs.
 * Nothing here locks: one owner at a time calls (the kernel is one CPU at a time in here; the host library locks
 * outside).
 */
#ifndef TENURE_CORE_DMA_H
#define TENURE_CORE_DMA_H

#include "dma_alloc.h"
#include "dma_direct.h"
#include "dma_pool.h"
#include "dma_queue.h"
#include "dma_submit.h"
#include "dma_take.h"
#include "dma_wait.h"

#endif
