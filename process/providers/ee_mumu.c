/* e- e+ -> mu- mu+ through a photon and a Z boson at lowest order, massless, with a fixed width.
 *
 * Consoli, Hollik, Jegerlehner in "Z physics at LEP 1", CERN 89-08 (1989). 2012.88390898 pb at
 * 91.188 GeV.
 *
 *     cc -O2 -shared -fPIC -o ee_mumu.so ee_mumu.c -lm */
#include "electroweak.h"

static const int particles = 4;
static const bool supported[INPUTS] = {[IN_MOMENTA] = true};
static const bool required[INPUTS] = {[IN_MOMENTA] = true};

static int squared(struct event const *event, double alpha_s, int flavor, double *value)
{
    (void)alpha_s;
    (void)flavor;
    *value = annihilation(event, LEPTON) / 4.0;
    return STATUS_OK;
}

#include "interface.h"
