/* What the providers here have in common: numbers of the UMAMI interface, version 1, as far as they are
 * used, invariants of an event, and the exchange of a photon and a Z boson.
 *
 * Every function returns 0, or one of the numbers of `STATUS_..`. Arrays are column-major with the event
 * index fastest: momenta[event + stride * (particle + particles * component)], components
 * (E, px, py, pz) in GeV, incoming particles first. */
#ifndef THALWEG_ELECTROWEAK_H
#define THALWEG_ELECTROWEAK_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

enum { META_DEVICE, META_PARTICLE_COUNT, META_MASSES = 5, META_ABI_MAJOR, META_ABI_MINOR };
enum { IN_MOMENTA, IN_ALPHA_S, IN_FLAVOR_INDEX, INPUTS = 10 };
enum { OUT_MATRIX_ELEMENT };
enum { STATUS_OK, STATUS_ERROR };

static const double PI = 3.14159265358979323846;
static const double ALPHA = 1.0 / 127.95;
static const double Z_MASS = 91.188;
static const double Z_WIDTH = 2.4952;
static const double SIN2 = 0.2312;

/* Charge and third component of the weak isospin. */
struct kind { double charge, isospin; };
static const struct kind LEPTON = {-1.0, -0.5};

/* Where the values of one event are. */
struct event { double const *momenta; size_t particles, stride, index; };

static inline double component(struct event const *e, size_t particle, size_t component)
{
    return e->momenta[e->index + e->stride * (particle + e->particles * component)];
}

/* 2 p_i . p_j: the mass squared of two massless particles up to its sign. */
static inline double invariant(struct event const *e, size_t i, size_t j)
{
    double sum = component(e, i, 0) * component(e, j, 0);
    for (size_t k = 1; k < 4; ++k) sum -= component(e, i, k) * component(e, j, k);
    return 2.0 * sum;
}

/* Coupling to the Z in units of e of the helicity that is left-handed, or not. */
static inline double z_coupling(struct kind kind, bool left)
{
    return ((left ? kind.isospin : 0.0) - kind.charge * SIN2) / sqrt(SIN2 * (1.0 - SIN2));
}

/* |Q_1 Q_2 + g_1 g_2 s/(s - M_Z^2 + i M_Z Gamma_Z)|^2: photon and Z between two currents at mass
 * squared s, in units of e^4/s^2. */
static inline double exchange(struct kind a, bool a_left, struct kind b, bool b_left, double s)
{
    double distance = s - Z_MASS * Z_MASS, width = Z_MASS * Z_WIDTH;
    double charges = a.charge * b.charge;
    double couplings = z_coupling(a, a_left) * z_coupling(b, b_left) * s;
    double real = charges * distance + couplings, imaginary = charges * width;
    return (real * real + imaginary * imaginary) / (distance * distance + width * width);
}

/* e^4 */
static inline double e4(void) { return 16.0 * PI * PI * ALPHA * ALPHA; }

/* Quarks by their flavour index: 0 d, 1 u, 2 s, 3 c, 4 b. */
static inline bool quark(int flavor, struct kind *kind)
{
    static const struct kind DOWN = {-1.0 / 3.0, -0.5}, UP = {2.0 / 3.0, 0.5};
    if (flavor < 0 || flavor > 4) return false;
    *kind = flavor % 2 ? UP : DOWN;
    return true;
}

/* f fbar -> l- l+, summed over the helicities, without colours: 4 e^4 [u^2 (LL + RR) + t^2 (LR + RL)]/s^2
 * with t = (f - l-)^2, u = (f - l+)^2. */
static inline double annihilation(struct event const *e, struct kind f)
{
    double s = invariant(e, 0, 1), t = -invariant(e, 0, 2), u = -invariant(e, 0, 3);
    double equal = 0.0, opposite = 0.0;
    for (int left = 0; left < 2; ++left) {
        equal += exchange(f, left, LEPTON, left, s);
        opposite += exchange(f, left, LEPTON, !left, s);
    }
    return 4.0 * e4() * (u * u * equal + t * t * opposite) / (s * s);
}

#endif
