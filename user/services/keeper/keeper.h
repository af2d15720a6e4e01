/* SPDX-License-Identifier: Apache-2.0 */
/* What one may ask of a keeper: a service that remembers words, holds requests back, and dies on request. */
#ifndef TENURE_SERVICES_KEEPER_H
#define TENURE_SERVICES_KEEPER_H

enum { KEEPER_WORDS = 16 };

enum keeper_opcode {
    KEEPER_STORE = 1,  /* the argument is put behind what is there */
    KEEPER_RECALL = 2, /* the argument is a place: answer word 0 = what is there, word 1 = how many there are */
    KEEPER_HOLD = 3,   /* with or without a buffer: not answered */
    KEEPER_DIE = 4,    /* not answered: the process ends by a fault */
    KEEPER_LET_GO = 5, /* answers what it holds */
    KEEPER_END = 6,    /* the process exits with the argument as its status */
};

#endif
