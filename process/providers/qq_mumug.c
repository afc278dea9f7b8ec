/* q qbar -> mu- mu+ g through a photon and a Z boson at lowest order. The flavour index is 0 d, 1 u, 2 s,
 * 3 c, 4 b; the quark is the first particle, the gluon the last.
 *
 * Each helicity amplitude is maximally helicity violating, |A|^2 = <ij>^4/(<qg> <g qbar> <l l>)^2, so
 * that with s_ij = 2 p_i . p_j and quark and lepton of equal helicity
 *
 *     |M|^2 = 8 g_s^2 C_F N e^4 |P|^2 (s_q+^2 + s_qbar-^2)/(s_qg s_qbarg s_ll)
 *
 * where + and - are the leptons, which change places where helicities differ, and P is that of
 * `exchange`. Bern, Dixon, Kosower 1998, Nucl. Phys. B 513, 3 (hep-ph/9708239), appendix IV.
 *
 *     cc -O2 -shared -fPIC -o qq_mumug.so qq_mumug.c -lm */
#include "electroweak.h"

static const int particles = 5;
static const bool supported[INPUTS] = {
    [IN_MOMENTA] = true, [IN_ALPHA_S] = true, [IN_FLAVOR_INDEX] = true};
static const bool required[INPUTS] = {[IN_MOMENTA] = true, [IN_ALPHA_S] = true};

static int squared(struct event const *event, double alpha_s, int flavor, double *value)
{
    enum { QUARK, ANTIQUARK, MINUS, PLUS, GLUON };
    struct kind kind;
    if (!quark(flavor, &kind)) return STATUS_ERROR;
    double pair = invariant(event, MINUS, PLUS);
    double collinear = invariant(event, QUARK, GLUON) * invariant(event, ANTIQUARK, GLUON);
    double same = pow(invariant(event, QUARK, PLUS), 2) + pow(invariant(event, ANTIQUARK, MINUS), 2);
    double other = pow(invariant(event, QUARK, MINUS), 2) + pow(invariant(event, ANTIQUARK, PLUS), 2);
    double sum = 0.0;
    for (int left = 0; left < 2; ++left) {
        sum += same * exchange(kind, left, LEPTON, left, pair);
        sum += other * exchange(kind, left, LEPTON, !left, pair);
    }
    double color = 4.0; /* C_F N */
    double strong = 4.0 * PI * alpha_s;
    *value = 8.0 * strong * color * e4() * sum / (collinear * pair) / 36.0;
    return STATUS_OK;
}

#include "interface.h"
