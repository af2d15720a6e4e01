/* SPDX-License-Identifier: Apache-2.0 */
/* `kill`, `stop` and `restart`: what a person does to a process. `retry`: to a device. */
#include <stddef.h>

#include "arch/x86_64/percpu.h"
#include "cap/channel.h"
#include "device/device.h"
#include "diag/command.h"
#include "lib/string.h"
#include "proc/process.h"

/* The process that the argument names; NULL, and said why, if there is none or nothing may be done to it. */
static struct process *target(struct command_call *call, const char *command)
{
    for (uint32_t i = 0; i < process_count; i++) {
        struct process *p = &process_table[i];
        if (!text_equal(p->name, call->argument))
            continue;
        if (p != this_cpu()->current)
            return p;
        command_print(call, "%s: %s asks for it itself; `exit` ends it", command, p->name);
        return NULL;
    }
    command_print(call, "%s: no process has the label \"%s\"; `ps` lists them", command, call->argument);
    return NULL;
}

static void kill(struct command_call *call, const char *command, struct process *p, enum tn_killed how)
{
    if (process_is_live(p))
        process_end(p, TN_END_KILLED, how);
    else
        command_print(call, "%s: %s %s", command, p->name,
                      p->state == PROCESS_ENDING ? "is on its way out" : "has ended already");
}

void command_kill_run(struct command_call *call)
{
    struct process *p = target(call, "kill");
    if (!p)
        return;
    kill(call, "kill", p, TN_KILLED);
    if (!process_may_come_back(p))
        command_print(call, "kill: nobody starts %s again", p->name);
}

void command_stop_run(struct command_call *call)
{
    struct process *p = target(call, "stop");
    if (!p)
        return;
    p->given_up = true;
    kill(call, "stop", p, TN_KILLED);
    if (p->state == PROCESS_ENDED)
        services_given_up(p);
}

/* Of one that was stopped or given up too; its supervisor, if it waits for it, finds it alive. */
void command_restart_run(struct command_call *call)
{
    struct process *p = target(call, "restart");
    if (!p)
        return;
    if (p->manifest->flags & TN_PROCESS_JOB) {
        command_print(call, "restart: %s is a job: the run ends with it", p->name);
        return;
    }
    p->given_up = false;
    if (process_is_live(p) && process_may_come_back(p)) {
        kill(call, "restart", p, TN_KILLED_TO_RESTART);
        return;
    }
    enum tn_status status = process_start_again(p);
    if (status != TN_OK)
        command_print(call, "restart: %s: %s%s", p->name, tn_status_name(status),
                      status == TN_ESTATE ? "; it lives, or is on its way out" : "");
}

void command_retry_run(struct command_call *call)
{
    for (uint32_t i = 0; device_at(i); i++) {
        struct device *d = device_at(i);
        if (!text_equal(pci_name(d->function->bdf).text, call->argument))
            continue;
        enum tn_status status = device_retry(d);
        if (status == TN_EAGAIN)
            command_print(call, "retry: %s: its bus is being reset for another device; ask again", call->argument);
        else if (status != TN_OK)
            command_print(call, "retry: %s is not in quarantine: %s", call->argument, tn_device_state_name(d->state));
        return;
    }
    command_print(call, "retry: there is no device \"%s\"; `dma` lists them", call->argument);
}
