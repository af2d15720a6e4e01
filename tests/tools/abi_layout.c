/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints sizes, offsets and constants of the compiled manifest, `name value` a line, for the test that holds
 * tools/manifest_layout.py against the header.
 */
#include <stddef.h>
#include <stdio.h>

#include <tenure/abi/handle.h>
#include <tenure/abi/manifest.h>
#include <tenure/abi/ring.h>

#define VALUE(name)         printf(#name " %llu\n", (unsigned long long)(name))
#define SIZE(type)          printf("sizeof." #type " %zu\n", sizeof(struct type))
#define OFFSET(type, field) printf(#type "." #field " %zu\n", offsetof(struct type, field))

int main(void)
{
    VALUE(TN_MANIFEST_MAGIC);
    VALUE(TN_MANIFEST_VERSION);
    VALUE(TN_MANIFEST_PROCESSES_MAX);
    VALUE(TN_MANIFEST_DEVICES_MAX);
    VALUE(TN_MANIFEST_USES_MAX);
    VALUE(TN_NAME_MAX);
    VALUE(TN_ARGS_MAX);
    VALUE(TN_MATCH_CLASS);
    VALUE(TN_MATCH_ID);
    VALUE(TN_POLICY_BLOCKED);
    VALUE(TN_POLICY_TRUSTED);
    VALUE(TN_POLICY_POOL);
    VALUE(TN_POLICY_STRICT);
    VALUE(TN_RIGHT_READ);
    VALUE(TN_RIGHT_WRITE);
    VALUE(TN_PROCESS_JOB);
    VALUE(TN_PROCESS_GUARD_OFF);
    VALUE(TN_PROCESS_AUDITOR);
    VALUE(TN_PROCESS_CONSOLE);
    VALUE(TN_PROCESS_SUPERVISOR);
    VALUE(TN_DEVICE_LATER);
    VALUE(TN_DEVICE_WORD);
    VALUE(TN_DEVICE_DROPS_CACHE);
    VALUE(TN_RING_ENTRIES_MIN);
    VALUE(TN_RING_ENTRIES_MAX);

    SIZE(tn_manifest);
    OFFSET(tn_manifest, magic);
    OFFSET(tn_manifest, version);
    OFFSET(tn_manifest, bytes);
    OFFSET(tn_manifest, process_count);
    OFFSET(tn_manifest, name);

    SIZE(tn_manifest_process);
    OFFSET(tn_manifest_process, name);
    OFFSET(tn_manifest_process, image);
    OFFSET(tn_manifest_process, args);
    OFFSET(tn_manifest_process, serves);
    OFFSET(tn_manifest_process, flags);
    OFFSET(tn_manifest_process, device_count);
    OFFSET(tn_manifest_process, use_count);
    OFFSET(tn_manifest_process, budget);
    OFFSET(tn_manifest_process, restart);
    OFFSET(tn_manifest_process, device);
    OFFSET(tn_manifest_process, use);

    SIZE(tn_restart);
    OFFSET(tn_restart, limit);
    OFFSET(tn_restart, window_ms);
    OFFSET(tn_restart, backoff_ms);
    OFFSET(tn_restart, heartbeat_ms);

    SIZE(tn_budget);
    OFFSET(tn_budget, pool_bytes);
    OFFSET(tn_budget, mmio_bytes);
    OFFSET(tn_budget, memory_pages);
    OFFSET(tn_budget, buffers);
    OFFSET(tn_budget, interrupts);
    OFFSET(tn_budget, in_flight);
    OFFSET(tn_budget, cap_slots);
    OFFSET(tn_budget, channels);
    OFFSET(tn_budget, sq_entries);
    OFFSET(tn_budget, cq_entries);

    SIZE(tn_manifest_device);
    OFFSET(tn_manifest_device, match);
    OFFSET(tn_manifest_device, value);
    OFFSET(tn_manifest_device, index);
    OFFSET(tn_manifest_device, policy);
    OFFSET(tn_manifest_device, flags);

    SIZE(tn_manifest_use);
    OFFSET(tn_manifest_use, service);
    OFFSET(tn_manifest_use, rights);
    OFFSET(tn_manifest_use, deadline_ms);
    return 0;
}
