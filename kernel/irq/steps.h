/* SPDX-License-Identifier: Apache-2.0 */
/* Inside route.c: the steps of binding and releasing a route, for kernels for tests that let a device raise before each
 * of them. In a release they are nothing. */
#ifndef TENURE_KERNEL_IRQ_STEPS_H
#define TENURE_KERNEL_IRQ_STEPS_H

#ifdef TN_PROVOKE
#include "diag/provoke_irq.h"
#define ROUTE_STEP(step, index) provoke_irq_step(step, &table[index].source)
#define ROUTE_STALE(index)      provoke_stale(table[index].holder, table[index].user_data)
#define ROUTE_UNDRAINED         provoke_undrained()
#else
#define ROUTE_STEP(step, index) ((void)0)
#define ROUTE_STALE(index)      ((void)0)
#define ROUTE_UNDRAINED         false
#endif

#endif
