/* A generator that keeps its own loop: it asks for points, computes, and tells the values. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <thalweg.h>

enum { DIM = 2, MOST = 500 };

static double peak(const double *x) {
  const double a = x[0] - 0.3, b = x[1] - 0.6;
  return exp(-50.0 * (a * a + b * b));
}

static void check(thalweg_status status) {
  if (status != THALWEG_OK) {
    fprintf(stderr, "%s: %s\n", thalweg_status_name(status), thalweg_last_error());
    exit(1);
  }
}

/* The whole run, whatever the method. */
static void whole_run(thalweg_settings settings) {
  double points[MOST * DIM], values[MOST];
  thalweg_run run;
  thalweg_report report;
  thalweg_output output;
  size_t n, calls = 0;
  check(thalweg_run_start(settings, DIM, 1, &run));
  for (;;) {
    check(thalweg_run_ask(run, MOST, points, &n));
    if (n == 0) break;
    for (size_t i = 0; i < n; ++i) values[i] = peak(points + i * DIM);
    check(thalweg_run_tell(run, n, values));
    calls += n;
  }
  check(thalweg_run_finish(run, &report, NULL));
  check(thalweg_run_free(run));
  thalweg_summary summary;
  check(thalweg_report_summary(report, &summary, sizeof summary));
  check(thalweg_report_output(report, 0, &output, sizeof output));
  printf("run: %.5f, all points counted: %s, within 4 errors: %s\n", output.value,
         summary.calls == calls ? "yes" : "no",
         fabs(output.value - 0.0627446) < 4.0 * output.error ? "yes" : "no");
  check(thalweg_report_free(report));
}

/* VEGAS+, where the generator decides how many iterations there are, and averages them. */
static void iterations(thalweg_settings settings) {
  double points[MOST * DIM], weights[MOST], values[MOST];
  double sum = 0.0, variance = 0.0;
  thalweg_vegas vegas;
  check(thalweg_vegas_new(settings, DIM, &vegas));
  for (int iteration = 0; iteration < 8; ++iteration) {
    double value, covariance, by_hand = 0.0;
    size_t n;
    check(thalweg_vegas_begin(vegas, 1, 4000, 1, NULL));
    for (;;) {
      check(thalweg_vegas_ask(vegas, MOST, points, weights, &n));
      if (n == 0) break;
      for (size_t i = 0; i < n; ++i) {
        values[i] = peak(points + i * DIM);
        by_hand += weights[i] * values[i];
      }
      check(thalweg_vegas_tell(vegas, n, values));
    }
    check(thalweg_vegas_end(vegas, 1, &value, &covariance));
    if (fabs(by_hand / value - 1.0) > 1e-12) printf("the weights do not fit\n");
    if (iteration >= 4) { /* equal weights: those of errors would be biased */
      sum += value / 4.0;
      variance += covariance / 16.0;
    }
  }
  printf("iterations: %.4f, within 4 errors: %s\n", sum,
         fabs(sum - 0.0627446) < 4.0 * sqrt(variance) ? "yes" : "no");
  check(thalweg_vegas_free(vegas));
}

int main(void) {
  thalweg_settings settings;
  check(thalweg_settings_new(&settings));
  check(thalweg_settings_set_cost(settings, THALWEG_COST_CHEAP));
  whole_run(settings);
  iterations(settings);
  check(thalweg_settings_free(settings));
  return 0;
}
