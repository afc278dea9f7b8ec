/* A program that was written for Cuba: header and function were renamed, nothing else. */
#include <math.h>
#include <stdio.h>
#include <thalweg.h> /* was: the header of Cuba */

#define NDIM 3
#define NCOMP 2
#define NVEC 1
#define EPSREL 1e-3
#define EPSABS 1e-12
#define VERBOSE 0
#define SEED 0
#define MINEVAL 0
#define MAXEVAL 200000
#define NSTART 1000
#define NINCREASE 500
#define NBATCH 1000
#define GRIDNO 0
#define STATEFILE NULL
#define SPIN NULL

static int Integrand(const int *ndim, const double xx[], const int *ncomp, double ff[],
                     void *userdata) {
  (void)ndim;
  (void)ncomp;
  (void)userdata;
  ff[0] = sin(xx[0]) * cos(xx[1]) * exp(xx[2]);
  ff[1] = xx[0] * xx[1] * xx[2];
  return 0;
}

int main(void) {
  int neval, fail;
  double integral[NCOMP], error[NCOMP], prob[NCOMP];

  /* was: Vegas */
  thalweg_cuba_vegas(NDIM, NCOMP, Integrand, NULL, NVEC, EPSREL, EPSABS, VERBOSE, SEED, MINEVAL,
                     MAXEVAL, NSTART, NINCREASE, NBATCH, GRIDNO, STATEFILE, SPIN, &neval, &fail,
                     integral, error, prob);

  printf("VEGAS RESULT:\tfail %d, neval within maxeval: %s\n", fail,
         neval > 0 && neval <= MAXEVAL ? "yes" : "no");
  const double exact[NCOMP] = {(1.0 - cos(1.0)) * sin(1.0) * (exp(1.0) - 1.0), 0.125};
  for (int comp = 0; comp < NCOMP; ++comp)
    printf("VEGAS RESULT:\t%.4f, relative error below 1e-3: %s, within 4 errors: %s\n",
           integral[comp], error[comp] < 1e-3 * integral[comp] ? "yes" : "no",
           fabs(integral[comp] - exact[comp]) < 4.0 * error[comp] ? "yes" : "no");
  return 0;
}
