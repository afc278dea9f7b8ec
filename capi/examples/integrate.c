/* Integrates two functions over infinite and finite ranges, and watches the run. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <thalweg.h>

/* exp(-s (x^2 + y^2)) z and its square root; s comes with the user data */
static int gauss(size_t n, size_t dim, const double *x, size_t outputs, double *values,
                 void *user_data) {
  const double s = *(const double *)user_data;
  for (size_t i = 0; i < n; ++i) {
    const double *p = x + i * dim;
    const double f = exp(-s * (p[0] * p[0] + p[1] * p[1])) * p[2];
    values[i * outputs] = f;
    values[i * outputs + 1] = sqrt(f);
  }
  return 0;
}

static int count(const thalweg_progress *progress, void *user_data) {
  (void)progress;
  ++*(int *)user_data;
  return 0; /* another number would end the run */
}

/* Every function returns a status, 0 where all went well. */
static void check(thalweg_status status) {
  if (status != THALWEG_OK) {
    fprintf(stderr, "%s: %s\n", thalweg_status_name(status), thalweg_last_error());
    exit(1);
  }
}

int main(void) {
  const double low[] = {-INFINITY, -INFINITY, 0.0};
  const double high[] = {INFINITY, INFINITY, 1.0};
  double s = 2.0;
  int steps = 0;
  thalweg_settings settings;
  thalweg_report report;
  check(thalweg_settings_new(&settings));
  check(thalweg_settings_set_ranges(settings, 3, low, high));
  check(thalweg_settings_set_method(settings, THALWEG_METHOD_VEGAS));
  check(thalweg_settings_set_rel_error(settings, 1e-3));
  check(thalweg_settings_set_seed(settings, 7));

  const thalweg_integrand f = {.evaluate = gauss, .user_data = &s, .dim = 3, .outputs = 2};
  const thalweg_observer observer = {.progress = count, .user_data = &steps};
  check(thalweg_integrate(settings, &f, &observer, &report, NULL));

  thalweg_summary summary;
  check(thalweg_report_summary(report, &summary, sizeof summary));
  printf("converged: %s, steps seen: %s\n",
         summary.verdict == THALWEG_VERDICT_CONVERGED ? "yes" : "no", steps > 3 ? "yes" : "no");
  const double exact[] = {acos(-1.0) / 4.0, acos(-1.0) * 2.0 / 3.0};
  for (size_t i = 0; i < summary.outputs; ++i) {
    thalweg_output output;
    check(thalweg_report_output(report, i, &output, sizeof output));
    printf("output %zu: %.4f, relative error below 2e-2: %s, within 4 errors: %s\n", i,
           output.value, output.error < 2e-2 * output.value ? "yes" : "no",
           fabs(output.value - exact[i]) < 4.0 * output.error ? "yes" : "no");
  }

  /* Texts are copied into memory of the caller's, whose size a first call tells. */
  size_t length;
  check(thalweg_report_text(report, THALWEG_TEXT_KIND_JSON, 0, NULL, 0, &length));
  char *json = malloc(length + 1);
  check(thalweg_report_text(report, THALWEG_TEXT_KIND_JSON, 0, json, length + 1, NULL));
  printf("the report as JSON begins with %.1s and ends with %s\n", json, json + length - 1);
  free(json);
  check(thalweg_report_free(report));
  check(thalweg_settings_free(settings));
  return 0;
}
