/* SPDX-License-Identifier: Apache-2.0 */
/* Every order of moves on core/gather.c (gather_model.c). */
c_decl {
\#include "gather_model.h"
extern int readtrail;
}
c_track "&model" "sizeof(struct model)"

#define MOVE(move, who) :: atomic { c_expr { (model_may(move, who)) } -> c_code { model_do(move, who, readtrail != 0); now.wrong = model.wrong; }; assert(!wrong) }

bool wrong;

init {
  c_code { model_start(); };
  do
  MOVE(ADD, 0) MOVE(BEGIN, 0) MOVE(BEGIN, 1) MOVE(FINISH, 0) MOVE(FINISH, 1) MOVE(REPEAT, 0) MOVE(INVENT, 0) MOVE(INVENT, 1) MOVE(INVENT, 2) MOVE(INVENT, 3) MOVE(INVENT, 4) MOVE(INVENT, 5) MOVE(INVENT, 6) MOVE(LEAVE, 0)
  od
}
