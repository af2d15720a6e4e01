/* SPDX-License-Identifier: Apache-2.0 */
/* What sessions hold, counted from what is there; see channel.h. */
#include "cap/channel_inside.h"

#include <stddef.h>

#include "proc/process.h"

uint32_t channels_of(const struct process *client)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < channel_count; i++)
        n += channels[i].service && channels[i].identity.owner_epoch == client->epoch;
    return n;
}

uint32_t fences_of(const struct process *client, const struct device *device)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < service_count; i++) {
        const struct service *s = &services[i];
        for (uint32_t slot = 0; slot < s->queue.slots.count; slot++) {
            if (tn_fence_name(&s->queue, slot) == TN_HANDLE_NONE)
                continue;
            const struct process *of = s->orphan[slot].left_by ? s->orphan[slot].left_by : s->request[slot].client;
            n += client ? of == client : s->device == device;
        }
    }
    return n;
}
