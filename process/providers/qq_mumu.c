/* q qbar -> mu- mu+ through a photon and a Z boson at lowest order (Drell, Yan 1970). The flavour index
 * is 0 d, 1 u, 2 s, 3 c, 4 b; the quark is the first particle.
 *
 *     cc -O2 -shared -fPIC -o qq_mumu.so qq_mumu.c -lm */
#include "electroweak.h"

static const int particles = 4;
static const bool supported[INPUTS] = {[IN_MOMENTA] = true, [IN_FLAVOR_INDEX] = true};
static const bool required[INPUTS] = {[IN_MOMENTA] = true};

static int squared(struct event const *event, double alpha_s, int flavor, double *value)
{
    struct kind kind;
    (void)alpha_s;
    if (!quark(flavor, &kind)) return STATUS_ERROR;
    /* 3 colours, averaged over 4 spins and 9 colours. */
    *value = 3.0 * annihilation(event, kind) / 36.0;
    return STATUS_OK;
}

#include "interface.h"
