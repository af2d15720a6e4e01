/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on the Console (tenure/abi/ring.h). */
#include "cap/operation.h"

#include "arch/x86_64/usercopy.h"
#include "diag/command.h"
#include "diag/input.h"
#include "diag/log.h"
#include "proc/process.h"

static_assert((uint32_t)PAGER_LINES == TN_CONSOLE_PAGE_LINES, "one page for all");

enum tn_status op_console_write(struct call *call)
{
    char text[TN_CONSOLE_WRITE_MAX];
    uint64_t length = call->sqe->arg[1];
    if (length == 0 || length > sizeof text)
        return TN_ERANGE;
    enum tn_status status = copy_from_user(text, call->sqe->arg[0], length);
    if (status == TN_OK)
        log_from(call->process->name, text, length);
    return status;
}

enum tn_status op_console_read(struct call *call)
{
    const struct tn_sqe *sqe = call->sqe;
    if (sqe->flags != 0 || sqe->arg[2] > TN_CONSOLE_KEY)
        return TN_EINVAL;
    if (sqe->arg[1] < TN_CONSOLE_LINE_MAX)
        return TN_ERANGE;
    return input_wait(&(struct input_request){call->process, sqe->user_data, sqe->arg[0], (uint32_t)sqe->arg[2]});
}

enum tn_status op_console_command(struct call *call)
{
    char line[TN_CONSOLE_LINE_MAX];
    const uint64_t *arg = call->sqe->arg;
    if (arg[1] == 0 || arg[1] >= sizeof line || arg[3] == 0 || arg[3] > TN_CONSOLE_PAGE_LINES)
        return TN_ERANGE;
    enum tn_status status = copy_from_user(line, arg[0], arg[1]);
    if (status != TN_OK)
        return status;
    line[arg[1]] = '\0';
    for (uint64_t i = 0; i < arg[1]; i++)
        if (line[i] < ' ' || line[i] > '~')
            return TN_EINVAL;
    struct command_call command = {.pager = {.first = arg[2], .count = arg[3]}};
    command_run(line, &command);
    call->value[0] = pager_next(&command.pager);
    call->value[1] = command_is_paged();
    return TN_OK;
}
