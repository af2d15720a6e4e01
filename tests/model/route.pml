/* SPDX-License-Identifier: Apache-2.0 */
/* Every order of moves on core/route.c (route_model.c). */
c_decl {
\#include "route_model.h"
extern int readtrail;
}
c_track "&model" "sizeof(struct model)"

#define MOVE(move, who) :: atomic { c_expr { (model_may(move, who)) } -> c_code { model_do(move, who, readtrail != 0); now.wrong = model.wrong; }; assert(!wrong) }

bool wrong;

init {
  c_code { model_start(); };
  do
  MOVE(BIND, 0) MOVE(BIND, 1) MOVE(ARM, 0) MOVE(RAISE, 0) MOVE(SEND, 0) MOVE(DISPATCH, 0) MOVE(END_OF_INTERRUPT, 0)
  MOVE(ACKNOWLEDGE, 0) MOVE(ACKNOWLEDGE_OLD, 0) MOVE(REVOKE, 0) MOVE(MASK, 0) MOVE(LET_OUT, 0) MOVE(DRAINED, 0) MOVE(FREE, 0)
  od
}
