/* Misuse of the C interface: each case returns the status that is documented, and under
 * AddressSanitizer and valgrind nothing is found. The last line counts the cases. */
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg.h>

static int cases, failures;

static void compare(thalweg_status found, thalweg_status expected, const char *what, int line) {
  ++cases;
  if (found != expected) {
    ++failures;
    printf("line %d: %s: status %d (%s) where %d is right; %s\n", line, what, (int)found,
           thalweg_status_name(found), (int)expected, thalweg_last_error());
  }
}

static void hold(int is, const char *what, int line) {
  ++cases;
  if (!is) {
    ++failures;
    printf("line %d: %s does not hold\n", line, what);
  }
}

#define IS(expected, call) compare((call), THALWEG_##expected, #call, __LINE__)
#define HOLDS(claim) hold((claim), #claim, __LINE__)

/* what the integrands below are told to do */
typedef struct task {
  int code, calls, after;
  double value;
  thalweg_settings settings;
  thalweg_sampler sampler;
  pthread_t thread;
  int other_thread;
  thalweg_status nested;
} task;

static int constant(size_t n, size_t dim, const double *x, size_t outputs, double *values,
                    void *user_data) {
  task *t = user_data;
  (void)x;
  (void)dim;
  ++t->calls;
  t->other_thread |= !pthread_equal(t->thread, pthread_self());
  for (size_t i = 0; i < n * outputs; ++i) values[i] = t->value;
  return t->calls > t->after ? t->code : 0;
}

/* f(x) = x; needs no data, may be called from all threads */
static int linear(size_t n, size_t dim, const double *x, size_t outputs, double *values,
                  void *user_data) {
  (void)user_data;
  for (size_t i = 0; i < n; ++i)
    for (size_t k = 0; k < outputs; ++k) values[i * outputs + k] = x[i * dim];
  return 0;
}

static int writes_nothing(size_t n, size_t dim, const double *x, size_t outputs, double *values,
                          void *user_data) {
  (void)n, (void)dim, (void)x, (void)outputs, (void)values, (void)user_data;
  return 0;
}

static int fails_at_once(size_t n, size_t dim, const double *x, size_t outputs, double *values,
                         void *user_data) {
  (void)n, (void)dim, (void)x, (void)outputs, (void)values, (void)user_data;
  return 3;
}

/* a run within the run, with the settings of the outer one, which are freed then */
static int nests(size_t n, size_t dim, const double *x, size_t outputs, double *values,
                 void *user_data) {
  task *t = user_data;
  if (t->calls++ == 0) {
    const thalweg_integrand inner = {linear, NULL, dim, 1, 0, 0};
    thalweg_report report;
    t->nested = thalweg_integrate(t->settings, &inner, NULL, &report, NULL);
    thalweg_report_free(report);
    thalweg_settings_free(t->settings);
    thalweg_sampler_free(t->sampler);
  }
  return linear(n, dim, x, outputs, values, NULL);
}

static int stop_at_once(const thalweg_progress *progress, void *user_data) {
  (void)progress, (void)user_data;
  return 1;
}

static thalweg_settings small(void) {
  thalweg_settings s;
  IS(OK, thalweg_settings_new(&s));
  IS(OK, thalweg_settings_set_method(s, THALWEG_METHOD_PLAIN));
  IS(OK, thalweg_settings_set_max_calls(s, 600));
  IS(OK, thalweg_settings_set_rel_error(s, 0.0));
  IS(OK, thalweg_settings_set_threads(s, 2));
  return s;
}

static void settings_cases(void) {
  const thalweg_settings none = {0}, invented = {UINT64_C(0x123456789abcdef)};
  thalweg_settings s = small(), freed = small();
  thalweg_sampler as_sampler;
  char text[16], *all;
  size_t length;
  const double low[] = {0.0, 1.0}, high[] = {1.0, 0.0}, bad[] = {0.0, NAN};
  const double narrow[] = {1.0, 1.0 + 1e-16};
  double moved[4] = {0};
  IS(NULL_POINTER, thalweg_settings_new(NULL));
  IS(INVALID_HANDLE, thalweg_settings_set_seed(none, 1));
  IS(INVALID_HANDLE, thalweg_settings_set_seed(invented, 1));
  IS(OK, thalweg_settings_free(none));
  IS(OK, thalweg_settings_free(freed));
  IS(INVALID_HANDLE, thalweg_settings_free(freed));
  IS(INVALID_HANDLE, thalweg_settings_set_seed(freed, 1));
  HOLDS(strstr(thalweg_last_error(), "freed") != NULL);
  /* the place is given away again, the handle is another */
  thalweg_settings again = small();
  IS(INVALID_HANDLE, thalweg_settings_set_seed(freed, 1));
  IS(OK, thalweg_settings_free(again));
  as_sampler.id = s.id;
  IS(WRONG_KIND, thalweg_sampler_free(as_sampler));
  IS(WRONG_KIND, thalweg_sampler_dim(as_sampler, &length));

  IS(INVALID_ARGUMENT, thalweg_settings_set_method(s, 4));
  IS(INVALID_ARGUMENT, thalweg_settings_set_method(s, -1));
  IS(INVALID_ARGUMENT, thalweg_settings_set_placement(s, 99));
  IS(INVALID_ARGUMENT, thalweg_settings_set_cost(s, INT32_MIN));
  IS(INVALID_ARGUMENT, thalweg_settings_set_rel_error(s, NAN));
  IS(INVALID_ARGUMENT, thalweg_settings_set_rel_error(s, -1.0));
  IS(INVALID_ARGUMENT, thalweg_settings_set_abs_error(s, INFINITY));
  IS(INVALID_ARGUMENT, thalweg_settings_set_max_seconds(s, -INFINITY));
  IS(INVALID_ARGUMENT, thalweg_settings_set_threads(s, SIZE_MAX));
  IS(INVALID_ARGUMENT, thalweg_settings_set_non_finite_share(s, 1.5));
  IS(INVALID_ARGUMENT, thalweg_set_threads(1u << 20));
  IS(OK, thalweg_set_threads(2));

  IS(INVALID_ARGUMENT, thalweg_settings_set_ranges(s, 2, low, high)); /* reversed */
  IS(INVALID_ARGUMENT, thalweg_settings_set_ranges(s, 2, low, low));  /* empty */
  IS(INVALID_ARGUMENT, thalweg_settings_set_ranges(s, 2, low, bad));
  IS(INVALID_ARGUMENT, thalweg_settings_set_ranges(s, 1, narrow, narrow + 1));
  IS(INVALID_ARGUMENT, thalweg_settings_set_ranges(s, 0, NULL, NULL));
  IS(NULL_POINTER, thalweg_settings_set_ranges(s, 2, NULL, high));
  IS(NULL_POINTER, thalweg_settings_set_ranges(s, 2, low, NULL));
  IS(TOO_LARGE, thalweg_settings_set_ranges(s, SIZE_MAX, low, high));
  IS(INVALID_ARGUMENT,
     thalweg_settings_set_ranges(s, 1, (const double *)(const void *)((char *)moved + 1), high));

  IS(NULL_POINTER, thalweg_settings_merge_json(s, NULL));
  IS(INVALID_TEXT, thalweg_settings_merge_json(s, "{\"seed\": "));
  IS(INVALID_TEXT, thalweg_settings_merge_json(s, "[1, 2]"));
  IS(INVALID_TEXT, thalweg_settings_merge_json(s, "\xff\xfe"));
  IS(INVALID_TEXT, thalweg_settings_merge_json(s, "{\"seed\": -1}"));
  IS(INVALID_TEXT, thalweg_settings_merge_json(s, "{\"method\": \"magic\"}"));
  IS(INVALID_ARGUMENT, thalweg_settings_merge_json(s, "{\"sede\": 3}"));
  IS(INVALID_ARGUMENT, thalweg_settings_merge_json(s, "{\"stop\": {\"calls\": 3}}"));
  IS(INVALID_ARGUMENT,
     thalweg_settings_merge_json(s, "{\"domain\": {\"ranges\": [[1.0, 0.0]]}}"));
  IS(OK, thalweg_settings_merge_json(s, "{\"stop\": {\"max_calls\": 700}}"));

  IS(OK, thalweg_settings_json(s, NULL, 0, &length));
  IS(NULL_POINTER, thalweg_settings_json(s, NULL, 0, NULL));
  IS(NULL_POINTER, thalweg_settings_json(s, NULL, 10, &length));
  IS(BUFFER_TOO_SMALL, thalweg_settings_json(s, text, sizeof text, NULL));
  HOLDS(strlen(text) == sizeof text - 1);
  IS(BUFFER_TOO_SMALL, thalweg_settings_json(s, text, 0, NULL));
  all = malloc(length + 1);
  IS(BUFFER_TOO_SMALL, thalweg_settings_json(s, all, length, NULL));
  IS(OK, thalweg_settings_json(s, all, length + 1, NULL));
  HOLDS(strlen(all) == length && strstr(all, "700") != NULL);
  free(all);
  IS(OK, thalweg_settings_free(s));
}

static void run_cases(void) {
  thalweg_settings s = small(), freed = small();
  task t = {0};
  thalweg_report report = {1};
  thalweg_sampler sampler = {1};
  thalweg_summary summary;
  thalweg_integrand f = {linear, NULL, 2, 1, 0, 0};
  const thalweg_observer stops = {stop_at_once, NULL}, none = {NULL, NULL};
  thalweg_settings_free(freed);
  t.after = 1000;
  t.thread = pthread_self();

  IS(NULL_POINTER, thalweg_integrate(s, NULL, NULL, NULL, NULL));
  IS(INVALID_HANDLE, thalweg_integrate(freed, &f, NULL, &report, &sampler));
  HOLDS(report.id == 0 && sampler.id == 0);
  f.evaluate = NULL;
  IS(NULL_POINTER, thalweg_integrate(s, &f, NULL, &report, NULL));
  f.evaluate = linear, f.dim = 0;
  IS(INVALID_ARGUMENT, thalweg_integrate(s, &f, NULL, &report, NULL));
  f.dim = SIZE_MAX;
  IS(TOO_LARGE, thalweg_integrate(s, &f, NULL, &report, NULL));
  f.dim = 2, f.outputs = 0;
  IS(INVALID_ARGUMENT, thalweg_integrate(s, &f, NULL, &report, NULL));
  f.outputs = SIZE_MAX / 2;
  IS(TOO_LARGE, thalweg_integrate(s, &f, NULL, &report, NULL));
  IS(OK, thalweg_settings_set_covariance(s, 1));
  f.outputs = 65536;
  IS(TOO_LARGE, thalweg_integrate(s, &f, NULL, &report, NULL));
  IS(OK, thalweg_settings_set_covariance(s, 0));
  f.outputs = 1, f.concurrent = 2;
  IS(INVALID_ARGUMENT, thalweg_integrate(s, &f, NULL, &report, NULL));
  f.concurrent = 0;
  IS(OK, thalweg_integrate(s, &f, &none, NULL, NULL));
  const double low[] = {0.0, 0.0, 0.0}, high[] = {1.0, 1.0, 1.0};
  IS(OK, thalweg_settings_set_ranges(s, 3, low, high));
  IS(INVALID_ARGUMENT, thalweg_integrate(s, &f, NULL, &report, NULL));
  IS(OK, thalweg_settings_merge_json(s, "{\"domain\": null}"));
  IS(OK, thalweg_settings_set_max_calls(s, 3));
  IS(INVALID_ARGUMENT, thalweg_integrate(s, &f, NULL, &report, NULL));
  IS(OK, thalweg_settings_set_max_calls(s, 600));
  IS(OK, thalweg_settings_set_placement(s, THALWEG_PLACEMENT_STRATA));
  IS(INVALID_ARGUMENT, thalweg_integrate(s, &f, NULL, &report, NULL));
  IS(OK, thalweg_settings_set_placement(s, THALWEG_PLACEMENT_RANDOM));

  /* called from several threads at once, with the same bits */
  thalweg_output serial, parallel;
  IS(OK, thalweg_integrate(s, &f, NULL, &report, NULL));
  IS(OK, thalweg_report_output(report, 0, &serial, sizeof serial));
  IS(OK, thalweg_report_free(report));
  f.concurrent = 1;
  IS(OK, thalweg_integrate(s, &f, NULL, &report, NULL));
  IS(OK, thalweg_report_output(report, 0, &parallel, sizeof parallel));
  IS(OK, thalweg_report_free(report));
  f.concurrent = 0;
  HOLDS(serial.value == parallel.value && serial.error == parallel.error);
  HOLDS(fabs(serial.value - 0.5) < 5.0 * serial.error);
  IS(OK, thalweg_settings_merge_json(s, "{\"flow\": {\"bins\": 16}}"));

  /* what integrands do */
  f.evaluate = fails_at_once;
  IS(INTEGRAND_FAILED, thalweg_integrate(s, &f, NULL, &report, NULL));
  HOLDS(strstr(thalweg_last_error(), "returned 3") != NULL);
  f.concurrent = 1;
  IS(INTEGRAND_FAILED, thalweg_integrate(s, &f, NULL, &report, NULL));
  f.evaluate = writes_nothing;
  IS(NON_FINITE, thalweg_integrate(s, &f, NULL, &report, NULL));
  f.concurrent = 0;
  IS(NON_FINITE, thalweg_integrate(s, &f, NULL, &report, NULL));
  f.evaluate = constant, f.user_data = &t;
  t.value = INFINITY;
  IS(NON_FINITE, thalweg_integrate(s, &f, NULL, &report, NULL));
  IS(OK, thalweg_settings_set_non_finite_share(s, 1.0));
  IS(OK, thalweg_integrate(s, &f, NULL, &report, NULL));
  IS(OK, thalweg_report_summary(report, &summary, sizeof summary));
  HOLDS(summary.non_finite > 0 && summary.verdict != THALWEG_VERDICT_CONVERGED);
  IS(OK, thalweg_report_free(report));
  t.value = 1.0;
  t.code = THALWEG_END_RUN, t.after = t.calls + 1;
  IS(OK, thalweg_integrate(s, &f, NULL, &report, NULL));
  IS(OK, thalweg_report_summary(report, &summary, sizeof summary));
  HOLDS(summary.verdict == THALWEG_VERDICT_INTERRUPTED);
  IS(OK, thalweg_report_free(report));
  t.after = 1 << 30;
  IS(OK, thalweg_integrate(s, &f, &stops, &report, NULL));
  IS(OK, thalweg_report_summary(report, &summary, sizeof summary));
  HOLDS(summary.verdict == THALWEG_VERDICT_INTERRUPTED);
  HOLDS(!t.other_thread);

  /* reports */
  thalweg_output output;
  double covariance[4];
  char text[400];
  struct {
    thalweg_output output;
    double more;
  } larger;
  IS(NULL_POINTER, thalweg_report_summary(report, NULL, sizeof summary));
  IS(INVALID_ARGUMENT, thalweg_report_summary(report, &summary, sizeof summary - 1));
  IS(INVALID_ARGUMENT, thalweg_report_summary(report, &summary, SIZE_MAX));
  IS(INVALID_ARGUMENT, thalweg_report_output(report, 1, &output, sizeof output));
  IS(INVALID_ARGUMENT, thalweg_report_output(report, 0, &output, 0));
  IS(NULL_POINTER, thalweg_report_output(report, 0, NULL, sizeof output));
  larger.more = 1.0;
  IS(OK, thalweg_report_output(report, 0, &larger.output, sizeof larger));
  HOLDS(larger.more == 0.0);
  IS(INVALID_ARGUMENT, thalweg_report_covariance(report, 1, covariance));
  IS(INVALID_ARGUMENT, thalweg_report_text(report, 6, 0, text, sizeof text, NULL));
  IS(INVALID_ARGUMENT,
     thalweg_report_text(report, THALWEG_TEXT_KIND_REASON, 7, text, sizeof text, NULL));
  IS(OK, thalweg_report_text(report, THALWEG_TEXT_KIND_PROPOSAL, 0, text, sizeof text, NULL));
  IS(OK, thalweg_report_free(report));
  IS(INVALID_HANDLE, thalweg_report_summary(report, &summary, sizeof summary));

  /* re-entry: a run within a run, and settings that are freed while they are used */
  t = (task){.settings = s, .nested = THALWEG_PANIC};
  f.evaluate = nests, f.user_data = &t;
  IS(OK, thalweg_integrate(s, &f, NULL, &report, NULL));
  IS(OK, t.nested);
  IS(INVALID_HANDLE, thalweg_integrate(s, &f, NULL, NULL, NULL));
  IS(OK, thalweg_report_free(report));
}

static thalweg_sampler some_sampler(void) {
  thalweg_settings s = small();
  thalweg_sampler sampler;
  const thalweg_integrand f = {linear, NULL, 2, 1, 0, 0};
  IS(OK, thalweg_settings_set_method(s, THALWEG_METHOD_VEGAS));
  IS(OK, thalweg_settings_set_max_calls(s, 3000));
  IS(OK, thalweg_train(s, &f, (thalweg_sampler){0}, NULL, NULL, &sampler));
  IS(OK, thalweg_settings_free(s));
  return sampler;
}

static void sampler_cases(const char *folder) {
  thalweg_sampler sampler = some_sampler(), other;
  double points[20], numbers[10], low[2], high[2];
  size_t length, dim;
  char path[500], line[8];
  unsigned char *bytes;
  task t = {0};
  thalweg_integrand f = {linear, NULL, 2, 1, 0, 0};

  IS(NULL_POINTER, thalweg_sampler_dim(sampler, NULL));
  IS(OK, thalweg_sampler_dim(sampler, &dim));
  IS(INVALID_ARGUMENT, thalweg_sampler_ranges(sampler, 3, low, high));
  IS(NULL_POINTER, thalweg_sampler_ranges(sampler, 2, low, NULL));
  IS(OK, thalweg_sampler_ranges(sampler, 2, low, high));
  IS(BUFFER_TOO_SMALL, thalweg_sampler_describe(sampler, line, sizeof line, &length));
  HOLDS(strlen(line) == 7 && length > 7);

  IS(NULL_POINTER, thalweg_sampler_draw(sampler, 10, 2, 1, 0, NULL, NULL));
  IS(OK, thalweg_sampler_draw(sampler, 10, 2, 1, 0, points, NULL));
  IS(OK, thalweg_sampler_draw(sampler, 0, 2, 1, 0, NULL, NULL));
  IS(INVALID_ARGUMENT, thalweg_sampler_draw(sampler, 10, 3, 1, 0, points, numbers));
  IS(INVALID_ARGUMENT, thalweg_sampler_draw(sampler, 10, 2, 1, UINT64_MAX, points, numbers));
  IS(TOO_LARGE, thalweg_sampler_draw(sampler, SIZE_MAX, 2, 1, 0, points, numbers));
  IS(TOO_LARGE, thalweg_sampler_draw(sampler, SIZE_MAX / 16, 2, 1, 0, points, numbers));
  points[3] = NAN, points[4] = 7.0, points[6] = -INFINITY;
  IS(OK, thalweg_sampler_log_density(sampler, 10, 2, points, numbers));
  HOLDS(numbers[0] > -10.0 && numbers[1] == -INFINITY && numbers[2] == -INFINITY &&
        numbers[3] == -INFINITY);
  IS(NULL_POINTER, thalweg_sampler_log_density(sampler, 10, 2, NULL, numbers));
  IS(NULL_POINTER, thalweg_sampler_log_density(sampler, 10, 2, points, NULL));
  IS(INVALID_ARGUMENT, thalweg_sampler_log_density(sampler, 10, 1, points, numbers));

  IS(NULL_POINTER, thalweg_sampler_weighted(sampler, NULL, 10, 1, 0, points, numbers));
  IS(NULL_POINTER, thalweg_sampler_weighted(sampler, &f, 10, 1, 0, points, NULL));
  f.dim = 3;
  IS(INVALID_ARGUMENT, thalweg_sampler_weighted(sampler, &f, 6, 1, 0, points, numbers));
  f.dim = 2, f.evaluate = fails_at_once;
  IS(INTEGRAND_FAILED, thalweg_sampler_weighted(sampler, &f, 10, 1, 0, points, numbers));
  f.evaluate = writes_nothing;
  IS(NON_FINITE, thalweg_sampler_weighted(sampler, &f, 10, 1, 0, points, numbers));
  t.thread = pthread_self();
  f.evaluate = constant, f.user_data = &t;
  t.code = THALWEG_END_RUN;
  IS(STOPPED, thalweg_sampler_weighted(sampler, &f, 10, 1, 0, points, numbers));
  t.code = 0;
  IS(NO_SIGNAL, thalweg_sampler_unweighted(sampler, &f, 10, 1, NULL, points, numbers, NULL));
  thalweg_unweighting how = {.quantile = -0.5};
  IS(INVALID_ARGUMENT, thalweg_sampler_unweighted(sampler, &f, 10, 1, &how, points, numbers, NULL));
  how.quantile = 1.0, how.trials = UINT64_MAX;
  IS(TOO_LARGE, thalweg_sampler_unweighted(sampler, &f, 10, 1, &how, points, numbers, NULL));
  IS(TOO_LARGE, thalweg_sampler_unweighted(sampler, &f, SIZE_MAX, 1, NULL, points, numbers, NULL));
  how.trials = 500;
  t.value = 2.0;
  const double bad[] = {-0.5, -DBL_MIN, 1.0 + DBL_EPSILON, NAN, -INFINITY, INFINITY};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
    how.partial = bad[i];
    IS(INVALID_ARGUMENT,
       thalweg_sampler_unweighted(sampler, &f, 10, 1, &how, points, numbers, NULL));
  }
  how.partial = 0.0;
  thalweg_unweighting_result result;
  IS(OK, thalweg_sampler_unweighted(sampler, &f, 10, 1, &how, points, numbers, &result));
  HOLDS(result.trials >= 10 && !t.other_thread);
  HOLDS(result.efficiency_by_max > 0.0 && result.efficiency_by_max <= 1.0);
  HOLDS(result.negative_fraction == 0.0 && result.negative_efficiency == 1.0);
  HOLDS(result.pooled_value == result.absolute_value && result.pooled_error <= result.error);
  /* all that are above a tenth of the maximum are kept, with their weights */
  how.partial = 0.1;
  thalweg_unweighting_result partly;
  IS(OK, thalweg_sampler_unweighted(sampler, &f, 10, 1, &how, points, numbers, &partly));
  HOLDS(partly.max_weight == 0.1 * result.max_weight);
  HOLDS(partly.overweight_share > 0.0 && partly.overweight_reach > 1.0);
  for (int i = 0; i < 10; ++i) HOLDS(numbers[i] >= 1.0 && numbers[i] <= partly.overweight_reach);

  /* a sampler that the integrand frees while it is weighed with */
  other = some_sampler();
  t = (task){.settings = small(), .sampler = other};
  f.evaluate = nests;
  IS(OK, thalweg_sampler_weighted(other, &f, 10, 1, 0, points, numbers));
  IS(INVALID_HANDLE, thalweg_sampler_weighted(other, &f, 10, 1, 0, points, numbers));

  /* files and bytes */
  snprintf(path, sizeof path, "%s/no/such/folder/model", folder);
  IS(FILE, thalweg_sampler_save(sampler, path));
  IS(FILE, thalweg_sampler_load(path, &other));
  IS(FILE, thalweg_sampler_load(folder, &other));
  IS(FILE, thalweg_sampler_load("", &other));
  IS(INVALID_TEXT, thalweg_sampler_load("\xc3\x28", &other));
  IS(INVALID_TEXT, thalweg_sampler_save(sampler, "\xff"));
  IS(NULL_POINTER, thalweg_sampler_load(NULL, &other));
  IS(NULL_POINTER, thalweg_sampler_load(path, NULL));
  IS(NULL_POINTER, thalweg_sampler_save(sampler, NULL));
  snprintf(path, sizeof path, "%s/misuse.model", folder);
  FILE *file = fopen(path, "wb");
  if (file) fputs("no model at all", file), fclose(file);
  IS(INVALID_MODEL, thalweg_sampler_load(path, &other));
  HOLDS(other.id == 0);
  remove(path);
  IS(NULL_POINTER, thalweg_sampler_bytes(sampler, NULL, 0, NULL));
  IS(OK, thalweg_sampler_bytes(sampler, NULL, 0, &length));
  bytes = malloc(length);
  IS(BUFFER_TOO_SMALL, thalweg_sampler_bytes(sampler, bytes, length - 1, &length));
  IS(OK, thalweg_sampler_bytes(sampler, bytes, length, &length));
  IS(INVALID_MODEL, thalweg_sampler_from_bytes(bytes, length - 1, &other));
  IS(INVALID_MODEL, thalweg_sampler_from_bytes(bytes, 0, &other));
  IS(NULL_POINTER, thalweg_sampler_from_bytes(NULL, length, &other));
  IS(TOO_LARGE, thalweg_sampler_from_bytes(bytes, SIZE_MAX, &other));
  bytes[length / 2] ^= 1;
  IS(INVALID_MODEL, thalweg_sampler_from_bytes(bytes, length, &other));
  free(bytes);

  /* training and estimating with samplers that do not fit */
  thalweg_settings s = small();
  thalweg_sampler wrong;
  thalweg_report report;
  f = (thalweg_integrand){linear, NULL, 3, 1, 0, 0};
  IS(OK, thalweg_settings_set_method(s, THALWEG_METHOD_VEGAS));
  IS(INVALID_ARGUMENT, thalweg_train(s, &f, sampler, NULL, NULL, &other));
  IS(INVALID_ARGUMENT, thalweg_estimate(s, &f, sampler, NULL, &report));
  f.dim = 2;
  IS(INVALID_HANDLE, thalweg_estimate(s, &f, (thalweg_sampler){0}, NULL, &report));
  wrong.id = s.id;
  IS(WRONG_KIND, thalweg_train(s, &f, wrong, NULL, NULL, &other));
  IS(OK, thalweg_estimate(s, &f, sampler, NULL, &report));
  IS(OK, thalweg_report_free(report));
  IS(OK, thalweg_settings_free(s));
  IS(OK, thalweg_sampler_free(sampler));
}

static thalweg_run run;

static void *hammer(void *unused) {
  double points[20];
  size_t n;
  int *strange = unused;
  for (int i = 0; i < 200; ++i) {
    const thalweg_status status = thalweg_run_ask(run, 10, points, &n);
    *strange |= status != THALWEG_OK && status != THALWEG_BUSY && status != THALWEG_OUT_OF_TURN;
    if (status == THALWEG_OK && n > 0)
      while (thalweg_run_tell(run, n, points) == THALWEG_BUSY) {
      }
  }
  return NULL;
}

static void ask_tell_cases(void) {
  thalweg_settings s = small();
  double points[2000], values[1000] = {0};
  size_t n;
  thalweg_report report;
  thalweg_sampler sampler;
  thalweg_summary summary;
  IS(NULL_POINTER, thalweg_run_start(s, 2, 1, NULL));
  IS(INVALID_ARGUMENT, thalweg_run_start(s, 0, 1, &run));
  IS(TOO_LARGE, thalweg_run_start(s, 2, SIZE_MAX, &run));
  const double low[] = {0.0, 0.0, 0.0}, high[] = {1.0, 1.0, 1.0};
  IS(OK, thalweg_settings_set_ranges(s, 3, low, high));
  IS(INVALID_ARGUMENT, thalweg_run_start(s, 2, 1, &run));
  IS(OK, thalweg_settings_merge_json(s, "{\"domain\": null}"));
  IS(OK, thalweg_run_start(s, 2, 1, &run));
  IS(OUT_OF_TURN, thalweg_run_tell(run, 1, values)); /* without ask */
  IS(OUT_OF_TURN, thalweg_run_finish(run, &report, &sampler));
  IS(INVALID_ARGUMENT, thalweg_run_ask(run, 0, points, &n));
  IS(NULL_POINTER, thalweg_run_ask(run, 10, NULL, &n));
  IS(NULL_POINTER, thalweg_run_ask(run, 10, points, NULL));
  IS(TOO_LARGE, thalweg_run_ask(run, SIZE_MAX, points, &n));
  /* The first batch may be of one point: how long a call takes is looked at. */
  IS(OK, thalweg_run_ask(run, 10, points, &n));
  HOLDS(n >= 1);
  IS(OUT_OF_TURN, thalweg_run_ask(run, 10, points, &n)); /* twice */
  HOLDS(n == 0);
  IS(INVALID_ARGUMENT, thalweg_run_tell(run, 11, values));
  IS(INVALID_ARGUMENT, thalweg_run_tell(run, 0, values));
  IS(TOO_LARGE, thalweg_run_tell(run, SIZE_MAX, values));
  IS(NULL_POINTER, thalweg_run_tell(run, 1, NULL));
  IS(OK, thalweg_run_stop(run));
  IS(OUT_OF_TURN, thalweg_run_tell(run, 1, values));
  IS(OK, thalweg_run_ask(run, 10, points, &n));
  HOLDS(n == 0);
  thalweg_status status = thalweg_run_finish(run, &report, NULL);
  HOLDS(status == THALWEG_OK || status == THALWEG_STOPPED);
  IS(OK, thalweg_report_free(report));
  IS(OUT_OF_TURN, thalweg_run_finish(run, &report, NULL));
  IS(OUT_OF_TURN, thalweg_run_ask(run, 10, points, &n));
  IS(OK, thalweg_run_free(run));
  IS(INVALID_HANDLE, thalweg_run_ask(run, 10, points, &n));

  /* freed in the middle, with points that wait */
  IS(OK, thalweg_run_start(s, 2, 1, &run));
  IS(OK, thalweg_run_ask(run, 10, points, &n));
  IS(OK, thalweg_run_free(run));

  /* not finite */
  IS(OK, thalweg_run_start(s, 2, 1, &run));
  do {
    IS(OK, thalweg_run_ask(run, 1000, points, &n));
    for (size_t i = 0; i < n; ++i) values[i] = NAN;
    if (n > 0) IS(OK, thalweg_run_tell(run, n, values));
  } while (n > 0);
  IS(NON_FINITE, thalweg_run_finish(run, &report, NULL));
  HOLDS(report.id == 0);
  IS(OK, thalweg_run_free(run));

  /* two threads, who take turns as they come */
  pthread_t thread;
  int strange[2] = {0, 0};
  IS(OK, thalweg_run_start(s, 2, 1, &run));
  pthread_create(&thread, NULL, hammer, strange);
  hammer(strange + 1);
  pthread_join(thread, NULL);
  HOLDS(!strange[0] && !strange[1]);
  IS(OK, thalweg_run_stop(run));
  status = thalweg_run_finish(run, &report, NULL);
  HOLDS(status == THALWEG_OK || status == THALWEG_STOPPED);
  if (status == THALWEG_OK) IS(OK, thalweg_report_summary(report, &summary, sizeof summary));
  IS(OK, thalweg_report_free(report));
  IS(OK, thalweg_run_free(run));
  IS(OK, thalweg_settings_free(s));
}

static void vegas_cases(void) {
  thalweg_settings s = small();
  thalweg_vegas vegas;
  double points[200], values[200] = {0}, covariance[4];
  size_t n;
  uint64_t planned;
  IS(NULL_POINTER, thalweg_vegas_new(s, 2, NULL));
  IS(INVALID_ARGUMENT, thalweg_vegas_new(s, 0, &vegas));
  IS(OK, thalweg_vegas_new(s, 2, &vegas));
  IS(OUT_OF_TURN, thalweg_vegas_ask(vegas, 10, points, NULL, &n));
  IS(OUT_OF_TURN, thalweg_vegas_tell(vegas, 1, values));
  IS(OUT_OF_TURN, thalweg_vegas_end(vegas, 1, values, NULL));
  IS(INVALID_ARGUMENT, thalweg_vegas_begin(vegas, 0, 100, 1, NULL));
  IS(INVALID_ARGUMENT, thalweg_vegas_begin(vegas, 1, 0, 1, NULL));
  IS(TOO_LARGE, thalweg_vegas_begin(vegas, 65536, 100, 1, NULL));
  IS(OK, thalweg_vegas_begin(vegas, 2, 40, 1, &planned));
  HOLDS(planned >= 30);
  IS(OUT_OF_TURN, thalweg_vegas_begin(vegas, 2, 40, 1, NULL));
  IS(INVALID_ARGUMENT, thalweg_vegas_ask(vegas, 0, points, NULL, &n));
  IS(NULL_POINTER, thalweg_vegas_ask(vegas, 10, NULL, NULL, &n));
  IS(OK, thalweg_vegas_ask(vegas, 10, points, NULL, &n));
  IS(OUT_OF_TURN, thalweg_vegas_ask(vegas, 10, points, NULL, &n));
  IS(INVALID_ARGUMENT, thalweg_vegas_tell(vegas, 10, values));
  IS(OK, thalweg_vegas_tell(vegas, 20, values));
  IS(OUT_OF_TURN, thalweg_vegas_tell(vegas, 20, values));
  IS(OUT_OF_TURN, thalweg_vegas_end(vegas, 2, values, NULL));
  IS(INVALID_ARGUMENT, thalweg_vegas_end(vegas, 1, values, NULL));
  IS(OK, thalweg_vegas_ask(vegas, 100, points, NULL, &n));
  values[0] = NAN;
  IS(NON_FINITE, thalweg_vegas_tell(vegas, 2 * n, values));
  IS(OUT_OF_TURN, thalweg_vegas_end(vegas, 2, values, NULL));
  IS(OK, thalweg_vegas_begin(vegas, 2, 40, 1, NULL));
  IS(OK, thalweg_vegas_ask(vegas, 100, points, NULL, &n));
  values[0] = 0.0;
  IS(OK, thalweg_vegas_tell(vegas, 2 * n, values));
  IS(OK, thalweg_vegas_ask(vegas, 100, points, NULL, &n));
  HOLDS(n == 0);
  IS(NULL_POINTER, thalweg_vegas_end(vegas, 2, NULL, NULL));
  IS(OK, thalweg_vegas_end(vegas, 2, values, covariance));
  IS(NULL_POINTER, thalweg_vegas_sampler(vegas, NULL));
  IS(OK, thalweg_vegas_free(vegas));
  IS(INVALID_HANDLE, thalweg_vegas_free(vegas));
  IS(OK, thalweg_settings_free(s));
}

static int aborts(const int *ndim, const double *x, const int *ncomp, double *f, void *userdata) {
  (void)ndim, (void)x, (void)ncomp, (void)f, (void)userdata;
  return -999;
}

static int gives_nan(const int *ndim, const double *x, const int *ncomp, double *f,
                     void *userdata) {
  (void)ndim, (void)x, (void)userdata;
  for (int i = 0; i < *ncomp; ++i) f[i] = NAN;
  return 0;
}

/* reads all arguments; the user data take the most points of a call */
static int in_batches(const int *ndim, const double *x, const int *ncomp, double *f,
                      void *userdata, const int *nvec, const int *core) {
  int *most = userdata;
  if (*nvec > *most) *most = *nvec;
  if (*core != -1) return -999;
  for (int i = 0; i < *nvec; ++i)
    for (int k = 0; k < *ncomp; ++k) f[i * *ncomp + k] = x[i * *ndim];
  return 0;
}

static int cuba(int ndim, int ncomp, thalweg_cuba_integrand f, double *integral) {
  double error[2], prob[2];
  int neval, fail = 77, most = 0;
  thalweg_cuba_vegas(ndim, ncomp, f, &most, 7, 1e-1, 0.0, 0, 1, 0, 600, 100, 50, 100, 0, NULL,
                     NULL, &neval, &fail, integral, error, prob);
  if (fail == 0) HOLDS(most == 7 && fabs(integral[ncomp - 1] - 0.5) < 5.0 * error[ncomp - 1]);
  return fail;
}

static void cuba_cases(void) {
  double integral[2];
  HOLDS(cuba(0, 1, aborts, integral) == -1);
  HOLDS(cuba(5000, 1, aborts, integral) == -1);
  HOLDS(cuba(2, 0, aborts, integral) == -2);
  HOLDS(cuba(2, -7, aborts, integral) == -2);
  HOLDS(cuba(2, 2, NULL, integral) == -3);
  HOLDS(cuba(2, 2, aborts, integral) == -99);
  /* as Cuba's own programs cast theirs */
  HOLDS(cuba(2, 2, (thalweg_cuba_integrand)(void (*)(void))in_batches, integral) == 0);
  HOLDS(cuba(2, 2, gives_nan, integral) == -3 && isnan(integral[1]));
  HOLDS(cuba(2, 2, gives_nan, NULL) == -3);
}

int main(int argc, char **argv) {
  const char *folder = argc > 1 ? argv[1] : ".";
  HOLDS(strcmp(thalweg_last_error(), "") == 0);
  HOLDS(strcmp(thalweg_status_name(THALWEG_BUSY), "busy") == 0);
  HOLDS(strcmp(thalweg_status_name(-1), "unknown status") == 0);
  settings_cases();
  run_cases();
  sampler_cases(folder);
  ask_tell_cases();
  vegas_cases();
  cuba_cases();
  if (failures > 0) {
    printf("%d of %d failed\n", failures, cases);
    return 1;
  }
  printf("all cases as documented: %s\n", cases > 250 ? "yes" : "too few");
  return 0;
}
