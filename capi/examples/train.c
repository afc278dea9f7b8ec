/* Trains a flow, saves and loads it, draws points and makes unweighted events. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <thalweg.h>

enum { DIM = 2, N = 2000 };

/* a ridge along the diagonal of [0, 2]^2 */
static int ridge(size_t n, size_t dim, const double *x, size_t outputs, double *values,
                 void *user_data) {
  (void)outputs;
  (void)user_data;
  for (size_t i = 0; i < n; ++i) {
    const double d = x[i * dim] - x[i * dim + 1];
    values[i] = exp(-20.0 * d * d);
  }
  return 0;
}

static void check(thalweg_status status) {
  if (status != THALWEG_OK) {
    fprintf(stderr, "%s: %s\n", thalweg_status_name(status), thalweg_last_error());
    exit(1);
  }
}

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : "ridge.model";
  const double low[DIM] = {0.0, 0.0}, high[DIM] = {2.0, 2.0};
  thalweg_settings settings;
  thalweg_sampler trained, sampler;
  thalweg_integrand f = {0};
  f.evaluate = ridge;
  f.dim = DIM;
  f.outputs = 1;
  check(thalweg_settings_new(&settings));
  check(thalweg_settings_set_ranges(settings, DIM, low, high));
  check(thalweg_settings_set_method(settings, THALWEG_METHOD_FLOW));
  check(thalweg_settings_set_max_calls(settings, 20000));
  /* Every setting there is has a name in JSON. */
  check(thalweg_settings_merge_json(settings, "{\"stop\": {\"rel_error\": null}}"));
  check(thalweg_train(settings, &f, (thalweg_sampler){0}, NULL, NULL, &trained));
  check(thalweg_sampler_save(trained, path));
  check(thalweg_sampler_load(path, &sampler));

  double points[N * DIM], log_density[N], again[N], weights[N];
  check(thalweg_sampler_draw(sampler, N, DIM, 1, 0, points, log_density));
  check(thalweg_sampler_log_density(sampler, N, DIM, points, again));
  double largest = 0.0;
  for (int i = 0; i < N; ++i) largest = fmax(largest, fabs(again[i] - log_density[i]));
  printf("densities agree: %s\n", largest < 1e-9 ? "yes" : "no");

  /* The mean of the weights is the integral; their squares tell the error. */
  double mean = 0.0, square = 0.0;
  check(thalweg_sampler_weighted(sampler, &f, N, 1, 0, points, weights));
  for (int i = 0; i < N; ++i) {
    mean += weights[i] / N;
    square += weights[i] * weights[i] / N;
  }
  const double exact = 0.7426655;
  const double error = sqrt((square - mean * mean) / N);
  printf("the integral by weighted events within 4 errors: %s, error below 1 %%: %s\n",
         fabs(mean - exact) < 4.0 * error ? "yes" : "no", error < 0.01 * mean ? "yes" : "no");

  thalweg_unweighting_result result;
  check(thalweg_sampler_unweighted(sampler, &f, N, 1, NULL, points, weights, &result));
  int near = 0;
  for (int i = 0; i < N; ++i) near += fabs(points[i * DIM] - points[i * DIM + 1]) < 0.5;
  printf("unweighting efficiency above 0.5: %s, events near the ridge: %.0f %%\n",
         result.efficiency > 0.5 ? "yes" : "no", 100.0 * near / N);
  check(thalweg_sampler_free(trained));
  check(thalweg_sampler_free(sampler));
  check(thalweg_settings_free(settings));
  remove(path);
  return 0;
}
