/* SPDX-License-Identifier: Apache-2.0 */
/* See gather_model.h. */
#include "gather_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct model model;

static uint64_t made[MOVES]; /* in the whole search; no part of a state */

static const char *const move_names[MOVES] = {"add", "begin", "finish", "repeat", "invent", "leave"};

static void require(bool condition, const char *what)
{
    if (!condition && !model.wrong)
        printf("model: %s\n", what);
    model.wrong = model.wrong || !condition;
}

/* Printed at the end of a search: moves that were never made have shown nothing. */
static void count_kinds(void)
{
    uint32_t kinds = 0;
    for (uint32_t i = 0; i < MOVES; i++)
        kinds += made[i] != 0;
    printf("model: %u kinds of moves\n", kinds);
}

void model_start(void)
{
    atexit(count_kinds);
    memset(&model, 0, sizeof model);
    if (!tn_gather_init(&model.gather, model.gathered, PLACES))
        abort();
}

bool model_may(enum move move, int who)
{
    switch (move) {
    case ADD:
        return model.added < ITEMS && tn_gather_add_decide(&model.gather) == TN_OK;
    case BEGIN:
        return !model.flush[who].running;
    case FINISH:
        return model.flush[who].running;
    case REPEAT:
        return model.last != 0;
    case INVENT:
        for (uint32_t i = 0; i < FLUSHES; i++)
            if (model.flush[i].running && model.flush[i].number == (uint64_t)who)
                return false;
        return true;
    default:
        return tn_gather_has_next(&model.gather);
    }
}

static void begin(struct flush *f)
{
    f->number = tn_gather_flush_begin(&model.gather);
    f->running = true;
    for (uint32_t i = 0; i < ITEMS; i++)
        f->covers[i] = i < model.added;
}

static void hear(uint64_t number)
{
    if (tn_gather_flush_end_decide(&model.gather, number) == TN_OK)
        tn_gather_flush_end_commit(&model.gather, number);
}

static void finish(struct flush *f)
{
    for (uint32_t i = 0; i < ITEMS; i++)
        if (f->covers[i])
            model.reachable[i] = false;
    hear(f->number);
    model.last = f->number;
    *f = (struct flush){0};
}

/* Items are named 1, 2, 3, …: they leave in this order, each once. */
static void leave(void)
{
    uint64_t name = tn_gather_next_commit(&model.gather);
    require(name == model.left + 1u, "an end is dropped, doubled or out of order");
    model.left++;
    if (name >= 1 && name <= ITEMS)
        require(!model.reachable[name - 1], "a buffer goes back before the flush that covers it has finished");
}

void model_do(enum move move, int who, bool tell)
{
    made[move]++;
    if (tell)
        printf("model: %s %d\n", move_names[move], who);
    switch (move) {
    case ADD:
        model.reachable[model.added++] = true;
        tn_gather_add_commit(&model.gather, model.added);
        break;
    case BEGIN:
        begin(&model.flush[who]);
        break;
    case FINISH:
        finish(&model.flush[who]);
        break;
    case REPEAT:
        hear(model.last);
        break;
    case INVENT:
        require(tn_gather_flush_end_decide(&model.gather, (uint64_t)who) != TN_OK,
                "a flush that does not run has ended");
        hear((uint64_t)who);
        break;
    default:
        leave();
        break;
    }
    require(model.left <= model.added && model.added - model.left <= PLACES, "more wait than there are places");
    require(model.added == model.gather.tail && model.left == model.gather.head, "an end is lost");
}
