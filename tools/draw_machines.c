/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints docs/state-machines.md from the tables of core/machine.h (`make docs`). A test compares the file with what
 * this prints.
 */
#include <stdio.h>

#include <core/machine.h>

struct move {
    uint32_t from, to;
    const char *why;
};

#define AS_ROW(from, to, why) {from, to, why},
static const struct move pool_moves[] = {TN_POOL_MOVES(AS_ROW)};
static const struct move buffer_moves[] = {TN_BUFFER_MOVES(AS_ROW)};
static const struct move fence_moves[] = {TN_FENCE_MOVES(AS_ROW)};
static const struct move device_moves[] = {TN_DEVICE_MOVES(AS_ROW)};
static const struct move mmio_moves[] = {TN_MMIO_MOVES(AS_ROW)};
static const struct move route_moves[] = {TN_ROUTE_MOVES(AS_ROW)};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The first state is where one begins; a state without a way out is an end. */
static void draw(const char *title, const char *what, const struct move *move, size_t count,
                 const char *(*name)(uint32_t state), uint32_t states)
{
    printf("\n## %s\n\n%s\n\n```mermaid\nstateDiagram-v2\n    [*] --> %s\n", title, what, name(0));
    for (size_t i = 0; i < count; i++)
        printf("    %s --> %s: %s\n", name(move[i].from), name(move[i].to), move[i].why);
    for (uint32_t state = 0; state < states; state++) {
        size_t out = 0;
        for (size_t i = 0; i < count; i++)
            out += move[i].from == state;
        if (out == 0)
            printf("    %s --> [*]\n", name(state));
    }
    printf("```\n");
}

int main(void)
{
    printf("<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
           "<!-- Written by `make docs` from core/machine.h; changes here are lost. -->\n"
           "# State machines\n\n"
           "Drawn from the tables that the code runs on and the proof is about. What each move needs besides is in the "
           "headers\n"
           "of `core/`: a move that is not drawn is refused, or is a bug of ours that debug builds trap.\n");
    draw("DmaPool",
         "`revoking` to `invalidated` needs that no device may reach a buffer; to `scrubbed`, that every buffer is "
         "free or\n"
         "retired. A pool leaves quarantine when its device is silent after all and no fence has a buffer of it; what "
         "was\n"
         "in quarantine stays so, and the pool is made anew before it is reserved again.",
         pool_moves, COUNT(pool_moves), tn_pool_state_name, TN_POOL_STATES);
    draw("DmaBuffer",
         "Each arrow makes the buffer's mark larger, so every name from before it is stale. With slices, the way home "
         "waits\n"
         "for the other slices of the page.",
         buffer_moves, COUNT(buffer_moves), tn_buffer_state_name, TN_BUFFER_STATES);
    draw("Fence", "A fence ends once; its slot is free again when the last of its buffers has been taken.", fence_moves,
         COUNT(fence_moves), tn_fence_state_name, TN_FENCE_STATES);
    draw("Device",
         "What is claimed is the device with its windows and interrupt routes; quarantine lasts until an "
         "operator\n"
         "has the device silenced once more, with evidence.",
         device_moves, COUNT(device_moves), tn_device_state_name, TN_DEVICE_STATES);
    draw("DeviceMmio", "A window of a driver onto registers.", mmio_moves, COUNT(mmio_moves), tn_mmio_state_name,
         TN_MMIO_STATES);
    draw("Interrupt",
         "A route is nobody's from the revocation on. `draining` to `drained` needs what the hardware says: the source "
         "masked\n"
         "and idle, no remapping entry, no request, nothing in service.",
         route_moves, COUNT(route_moves), tn_route_state_name, TN_ROUTE_STATES);
    return 0;
}
