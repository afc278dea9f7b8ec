/* thalweg: Monte Carlo integration and importance sampling with normalizing flows and VEGAS.
 *
 * Made by cbindgen; changes belong into capi/src/. Usage: docs/c.md.
 *
 * What holds for all functions:
 *
 * - They return a thalweg_status, THALWEG_OK where all went well; thalweg_last_error tells the last
 *   failure of the thread in words. Results are written through pointers.
 * - Handles are numbers in structures. {0} is no handle. What was freed is refused with
 *   THALWEG_INVALID_HANDLE, a handle of another kind with THALWEG_WRONG_KIND. What a function has given
 *   must be freed.
 * - Pointers are null only where it is said; then THALWEG_NULL_POINTER is returned. A pointer beside a
 *   number of elements 0 may be null. Arrays have the lengths that are written in brackets, and their
 *   memory is the caller's before and after the call. Points and values are stored row by row.
 * - Texts are UTF-8 and end with a zero byte. A text that does not fit into its buffer is cut, and
 *   THALWEG_BUFFER_TOO_SMALL is returned.
 * - Objects may be used by several threads. Settings, reports and samplers may be used by several at once;
 *   a thalweg_run or a thalweg_vegas that another thread is using is THALWEG_BUSY.
 * - Functions of the caller's are called by the thread that called thalweg, unless they allow more
 *   (thalweg_integrand.concurrent). They may call thalweg. They must not leave by longjmp; a C++
 *   exception that leaves one ends the process (thalweg.hpp catches it and throws it again later).
 */


#ifndef THALWEG_H
#define THALWEG_H

#include <stddef.h>
#include <stdint.h>

/**
 * What an integrand or a progress function returns so that the run ends with what there is.
 */
#define THALWEG_END_RUN -999

/**
 * What a function returns. The numbers never change their meaning.
 */
typedef enum {
  /**
   * it was done
   */
  THALWEG_OK = 0,
  /**
   * a pointer that must not be null is
   */
  THALWEG_NULL_POINTER = 1,
  /**
   * the handle was freed, or is none that thalweg gave
   */
  THALWEG_INVALID_HANDLE = 2,
  /**
   * the handle is one of another kind of object
   */
  THALWEG_WRONG_KIND = 3,
  /**
   * a number or choice that is not allowed, or sizes that do not fit together
   */
  THALWEG_INVALID_ARGUMENT = 4,
  /**
   * a text that is not UTF-8, or not of the form it must have
   */
  THALWEG_INVALID_TEXT = 5,
  /**
   * the buffer does not hold the text or the bytes; the length that is needed was told
   */
  THALWEG_BUFFER_TOO_SMALL = 6,
  /**
   * more numbers than a call handles
   */
  THALWEG_TOO_LARGE = 7,
  /**
   * a call at a time when it makes no sense, as tell without ask
   */
  THALWEG_OUT_OF_TURN = 8,
  /**
   * another thread is using the object
   */
  THALWEG_BUSY = 9,
  /**
   * the integrand returned a code that is neither 0 nor `THALWEG_END_RUN`
   */
  THALWEG_INTEGRAND_FAILED = 10,
  /**
   * the integrand gave NaN or an infinity, or one after the Jacobian of the range
   */
  THALWEG_NON_FINITE = 11,
  /**
   * all weights are zero: there is nothing to draw events from
   */
  THALWEG_NO_SIGNAL = 12,
  /**
   * stopped before there was anything to report
   */
  THALWEG_STOPPED = 13,
  /**
   * a file could not be read or written
   */
  THALWEG_FILE = 14,
  /**
   * not a model, a damaged one, or one of a newer format
   */
  THALWEG_INVALID_MODEL = 15,
  /**
   * threads could not be started
   */
  THALWEG_THREADS = 16,
  /**
   * a fault of thalweg; the object at hand should be freed
   */
  THALWEG_PANIC = 17,
} thalweg_status;

/**
 * How far a result may be trusted.
 */
typedef enum {
  /**
   * the target was reached
   */
  THALWEG_VERDICT_CONVERGED = 0,
  /**
   * the budget was spent
   */
  THALWEG_VERDICT_BUDGET = 1,
  /**
   * a diagnostic objects; the reasons say why
   */
  THALWEG_VERDICT_UNRELIABLE = 2,
  /**
   * f was zero wherever it was looked at
   */
  THALWEG_VERDICT_NO_SIGNAL = 3,
  /**
   * stopped by the integrand, an observer, or `thalweg_run_stop`
   */
  THALWEG_VERDICT_INTERRUPTED = 4,
} thalweg_verdict;

/**
 * How to integrate.
 */
typedef enum {
  /**
   * chosen among the others by pilot points
   */
  THALWEG_METHOD_AUTO = 0,
  /**
   * uniform points
   */
  THALWEG_METHOD_PLAIN = 1,
  /**
   * points from an adapted VEGAS grid
   */
  THALWEG_METHOD_VEGAS = 2,
  /**
   * points from a trained flow
   */
  THALWEG_METHOD_FLOW = 3,
} thalweg_method;

/**
 * How the points of the estimate are placed.
 */
typedef enum {
  /**
   * by the method
   */
  THALWEG_PLACEMENT_AUTO = 0,
  /**
   * independent points
   */
  THALWEG_PLACEMENT_RANDOM = 1,
  /**
   * randomised Sobol points
   */
  THALWEG_PLACEMENT_SOBOL = 2,
  /**
   * strata with more points where the weights vary more; VEGAS only
   */
  THALWEG_PLACEMENT_STRATA = 3,
} thalweg_placement;

/**
 * How dear a call of the integrand is.
 */
typedef enum {
  /**
   * as measured, which the method auto depends on
   */
  THALWEG_COST_MEASURED = 0,
  /**
   * below 2 microseconds
   */
  THALWEG_COST_FREE = 1,
  /**
   * up to 200 microseconds
   */
  THALWEG_COST_CHEAP = 2,
  /**
   * more
   */
  THALWEG_COST_DEAR = 3,
} thalweg_cost;

/**
 * Texts of a report.
 */
typedef enum {
  /**
   * some lines for people
   */
  THALWEG_TEXT_KIND_TEXT = 0,
  /**
   * everything, as JSON
   */
  THALWEG_TEXT_KIND_JSON = 1,
  /**
   * what was sampled, in one line
   */
  THALWEG_TEXT_KIND_PROPOSAL = 2,
  /**
   * what the method auto took and why, in one line; empty for other methods
   */
  THALWEG_TEXT_KIND_CHOICE = 3,
  /**
   * a reason why the result is unreliable
   */
  THALWEG_TEXT_KIND_REASON = 4,
  /**
   * a warning
   */
  THALWEG_TEXT_KIND_WARNING = 5,
} thalweg_text_kind;

/**
 * An integrand as Cuba's: `f[ncomp * nvec]` at `x[ndim * nvec]` in the unit cube. The value -999 ends
 * the run, all others are taken for 0. It is called with two more arguments, `const int *nvec` and
 * `const int *core` (-1), which functions that have them may read: they are cast to this type. Those
 * that Cuba's Vegas hands over after these, weight and iteration, are not there.
 */
typedef int (*thalweg_cuba_integrand)(const int *ndim,
                                      const double *x,
                                      const int *ncomp,
                                      double *f,
                                      void *userdata);

/**
 * What a run is asked to do.
 */
typedef struct {
  /**
   * 0 is none
   */
  uint64_t id;
} thalweg_settings;

/**
 * What a run found.
 */
typedef struct {
  /**
   * 0 is none
   */
  uint64_t id;
} thalweg_report;

/**
 * A frozen proposal that points are drawn from.
 */
typedef struct {
  /**
   * 0 is none
   */
  uint64_t id;
} thalweg_sampler;

/**
 * A run that is asked for points and told values.
 */
typedef struct {
  /**
   * 0 is none
   */
  uint64_t id;
} thalweg_run;

/**
 * VEGAS+, iteration by iteration.
 */
typedef struct {
  /**
   * 0 is none
   */
  uint64_t id;
} thalweg_vegas;

/**
 * An integrand: writes the values f, `values[n * outputs]`, at the points `x[n * dim]`, both row by row,
 * and returns 0, or `THALWEG_END_RUN` to end the run with what there is, or any other number to say
 * that it failed. Values that it does not write are NaN.
 */
typedef int (*thalweg_evaluate)(size_t n,
                                size_t dim,
                                const double *x,
                                size_t outputs,
                                double *values,
                                void *user_data);

/**
 * A function to be integrated. What is not named in an initialiser is 0, as it should be.
 */
typedef struct {
  /**
   * computes values
   */
  thalweg_evaluate evaluate;
  /**
   * handed to `evaluate` as it is
   */
  void *user_data;
  /**
   * coordinates of a point
   */
  size_t dim;
  /**
   * values of a point
   */
  size_t outputs;
  /**
   * points of a call, as far as a run has so many at a time and they are fast; 0 is 10000
   */
  size_t batch;
  /**
   * 0: called by the thread that called thalweg, one call at a time; 1: called from several threads
   * at once, some hundred points each
   */
  int concurrent;
} thalweg_integrand;

/**
 * A step of a run.
 */
typedef struct {
  /**
   * 0 uniform points, 1 adapting the grid, 2 training the flow, 3 the estimate
   */
  int phase;
  /**
   * calls of this step
   */
  uint64_t step_calls;
  /**
   * calls so far
   */
  uint64_t calls;
  /**
   * the budget
   */
  uint64_t max_calls;
  /**
   * mean of the weights; a preview unless the phase is 3
   */
  double value;
  /**
   * its one-sigma error
   */
  double error;
  /**
   * sigma/|mean| of the weights
   */
  double rel_std;
} thalweg_progress;

/**
 * Sees each step of a run and returns 0, or any other number to end the run with what there is.
 */
typedef int (*thalweg_progress_function)(const thalweg_progress *progress, void *user_data);

/**
 * Watches a run.
 */
typedef struct {
  /**
   * called after each step by the thread that called thalweg
   */
  thalweg_progress_function progress;
  /**
   * handed to `progress` as it is
   */
  void *user_data;
} thalweg_observer;

/**
 * A run in numbers.
 */
typedef struct {
  /**
   * how far to trust it
   */
  thalweg_verdict verdict;
  /**
   * the method that was used, a `thalweg_method`
   */
  int method;
  /**
   * values of a point
   */
  size_t outputs;
  /**
   * reasons of an unreliable result
   */
  size_t reasons;
  /**
   * things worth knowing
   */
  size_t warnings;
  /**
   * calls of the integrand, all of them
   */
  uint64_t calls;
  /**
   * calls whose points the estimate is made of
   */
  uint64_t estimate_calls;
  /**
   * points where f was not finite and counted as zero
   */
  uint64_t non_finite;
  /**
   * seconds
   */
  double seconds;
  /**
   * a feature of smaller volume may have been missed by the uniform points (97 %)
   */
  double blind_volume;
} thalweg_summary;

/**
 * One output of the integrand. What is not known is NaN.
 */
typedef struct {
  /**
   * the integral
   */
  double value;
  /**
   * its one-sigma error
   */
  double error;
  /**
   * chi squared of equal batches of the estimate
   */
  double chi2;
  /**
   * its degrees of freedom
   */
  double dof;
  /**
   * probability of a larger chi squared, if all batches have the same mean
   */
  double p_value;
  /**
   * sigma/|mean| of the weights
   */
  double rel_std;
  /**
   * effective sample size divided by the number of points
   */
  double ess_fraction;
  /**
   * share of the largest weight in the sum of |w|
   */
  double max_share;
  /**
   * Pareto shape of the weights' tail: the error is unreliable above .5, the estimate above .7
   */
  double khat;
  /**
   * mean |w| / max |w|
   */
  double unweighting_efficiency;
} thalweg_output;

/**
 * How to unweight; 0 stands for the default.
 */
typedef struct {
  /**
   * weights above the maximum carry at most the share 1 - quantile of all: .999 by default; 1 takes
   * the largest weight of all draws, those of the events included, so that no event's is above 1
   */
  double quantile;
  /**
   * trial draws that fix the maximum, 20000 by default
   */
  uint64_t trials;
  /**
   * most trial draws per event before giving up, 100000 by default
   */
  uint64_t max_trials_per_event;
  /**
   * r in (0, 1], 1 by default: with less, events of a weight above r times the maximum are all kept,
   * with weights from 1 to 1/r
   */
  double partial;
} thalweg_unweighting;

/**
 * How unweighted events came about.
 */
typedef struct {
  /**
   * what weights were compared with: the maximum times `partial`
   */
  double max_weight;
  /**
   * events divided by trials
   */
  double efficiency;
  /**
   * share of the events with a weight above 1
   */
  double overweight_fraction;
  /**
   * the integral, from the draws that fixed the maximum
   */
  double value;
  /**
   * its one-sigma error
   */
  double error;
  /**
   * trial draws up to the last event
   */
  uint64_t trials;
  /**
   * calls of the integrand, all of them
   */
  uint64_t calls;
  /**
   * the integral, from all draws
   */
  double pooled_value;
  /**
   * its one-sigma error
   */
  double pooled_error;
  /**
   * the integral of |f|, from all draws: times weight/mean |weight| it makes weights whose mean is
   * the integral
   */
  double absolute_value;
  /**
   * its one-sigma error
   */
  double absolute_error;
  /**
   * mean weight over the largest weight of the draws that fixed the maximum
   */
  double efficiency_by_max;
  /**
   * the same over the median of the largest weights of replicas, each a tenth of these draws
   */
  double efficiency_by_bootstrap_median;
  /**
   * the same over the weight above which 0.1 % of the total lies
   */
  double efficiency_by_quantile;
  /**
   * share of the weight of all trials above `max_weight`: as much as the overweights carry
   */
  double overweight_share;
  /**
   * the largest weight of the trials over `max_weight`
   */
  double overweight_reach;
  /**
   * share f of negative weights in the sum of |weight| over the trials
   */
  double negative_fraction;
  /**
   * (1 - 2f)^2: as many positive events would tell as much
   */
  double negative_efficiency;
} thalweg_unweighting_result;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Integrates over the unit cube with the arguments of Cuba's Vegas. `flags`, `mineval`, `nstart`,
 * `nincrease`, `nbatch`, `gridno`, `statefile` and `spin` are not used; at least 512 calls are made. `fail`
 * is 0 where all components are as precise as asked for and nothing speaks against the result, 1
 * where not, -1 for a wrong `ndim`, -2 for a wrong `ncomp`, -99 where the integrand returned -999, and -3
 * for all else, which `thalweg_last_error` names. `prob` is 1 - p, where p is the probability of a
 * larger chi squared, and -1 where it is not known.
 */
void thalweg_cuba_vegas(int ndim,
                        int ncomp,
                        thalweg_cuba_integrand integrand,
                        void *userdata,
                        int nvec,
                        double epsrel,
                        double epsabs,
                        int flags,
                        int seed,
                        int mineval,
                        int maxeval,
                        int nstart,
                        int nincrease,
                        int nbatch,
                        int gridno,
                        const char *statefile,
                        void *spin,
                        int *neval,
                        int *fail,
                        double *integral,
                        double *error,
                        double *prob);

/**
 * As `thalweg_cuba_vegas`, with the wide integers of Cuba's llVegas.
 */
void thalweg_cuba_llvegas(int ndim,
                          int ncomp,
                          thalweg_cuba_integrand integrand,
                          void *userdata,
                          long long nvec,
                          double epsrel,
                          double epsabs,
                          int flags,
                          int seed,
                          long long mineval,
                          long long maxeval,
                          long long nstart,
                          long long nincrease,
                          long long nbatch,
                          int gridno,
                          const char *statefile,
                          void *spin,
                          long long *neval,
                          int *fail,
                          double *integral,
                          double *error,
                          double *prob);

/**
 * Frees settings; no handle (0) is no fault.
 */
thalweg_status thalweg_settings_free(thalweg_settings settings);

/**
 * Frees a report; no handle (0) is no fault.
 */
thalweg_status thalweg_report_free(thalweg_report report);

/**
 * Frees a sampler; no handle (0) is no fault.
 */
thalweg_status thalweg_sampler_free(thalweg_sampler sampler);

/**
 * Frees a run, and ends it where it goes on; no handle (0) is no fault.
 */
thalweg_status thalweg_run_free(thalweg_run run);

/**
 * Frees what `thalweg_vegas_new` made; no handle (0) is no fault.
 */
thalweg_status thalweg_vegas_free(thalweg_vegas vegas);

/**
 * Integrates. `observer` may be null, as may `report` and `sampler`, the frozen proposal; where they
 * are not, they are 0 unless the status is ok. Observers that end a run and integrands that return
 * `THALWEG_END_RUN` leave a report whose verdict is interrupted.
 */
thalweg_status thalweg_integrate(thalweg_settings settings,
                                 const thalweg_integrand *integrand,
                                 const thalweg_observer *observer,
                                 thalweg_report *report,
                                 thalweg_sampler *sampler);

/**
 * Explores, adapts and trains, and spends nothing on an estimate but a small check of the sampler.
 * `start` (0 for none) is the sampler whose proposal is trained on. The rest is as in
 * `thalweg_integrate`.
 */
thalweg_status thalweg_train(thalweg_settings settings,
                             const thalweg_integrand *integrand,
                             thalweg_sampler start,
                             const thalweg_observer *observer,
                             thalweg_report *report,
                             thalweg_sampler *sampler);

/**
 * Estimates with the proposal of `start` as it is: nothing is trained. `report` and `observer` may be
 * null. The ranges are those of the settings.
 */
thalweg_status thalweg_estimate(thalweg_settings settings,
                                const thalweg_integrand *integrand,
                                thalweg_sampler start,
                                const thalweg_observer *observer,
                                thalweg_report *report);

/**
 * Sets the number of threads that draw points and compute densities outside of runs, 0 for one per
 * core, as it is from the beginning. No bit depends on it.
 */
thalweg_status thalweg_set_threads(size_t threads);

/**
 * The run in numbers; `size` is `sizeof` of the structure.
 */
thalweg_status thalweg_report_summary(thalweg_report report,
                                      thalweg_summary *summary,
                                      size_t size);

/**
 * An output, counted from 0; `size` is `sizeof` of the structure.
 */
thalweg_status thalweg_report_output(thalweg_report report,
                                     size_t index,
                                     thalweg_output *output,
                                     size_t size);

/**
 * The covariance of the outputs' values, `covariance[outputs * outputs]`, where `outputs` is their
 * number; invalid argument if the settings did not ask for it.
 */
thalweg_status thalweg_report_covariance(thalweg_report report,
                                         size_t outputs,
                                         double *covariance);

/**
 * Writes a text of the report; `kind` is a `thalweg_text_kind`, `index` that of the reason or warning and
 * else 0. `length`, which may be null, is that of the text. A null buffer of capacity 0 asks for it.
 */
thalweg_status thalweg_report_text(thalweg_report report,
                                   int kind,
                                   size_t index,
                                   char *buffer,
                                   size_t capacity,
                                   size_t *length);

/**
 * Begins a run that integrates a function of `dim` coordinates and `outputs` values, which the caller
 * computes: see `thalweg_run_ask`.
 */
thalweg_status thalweg_run_start(thalweg_settings settings,
                                 size_t dim,
                                 size_t outputs,
                                 thalweg_run *run);

/**
 * As `thalweg_run_start`, for a run that only trains, as `thalweg_train` does, on the proposal of `start`
 * (0 for none).
 */
thalweg_status thalweg_run_train(thalweg_settings settings,
                                 size_t dim,
                                 size_t outputs,
                                 thalweg_sampler start,
                                 thalweg_run *run);

/**
 * Asks for the next points, at most `most`: `points[most * dim]` in the units of the box, and their
 * number `n`, which is 0 when the run needs no more. All values must be told before points are asked
 * for again. How they are divided changes no bit.
 */
thalweg_status thalweg_run_ask(thalweg_run run,
                               size_t most,
                               double *points,
                               size_t *n);

/**
 * Tells the values, `values[count]`, of the points asked for last: `count` is their number times the
 * outputs. Values that are not finite end the run as the settings say.
 */
thalweg_status thalweg_run_tell(thalweg_run run,
                                size_t count,
                                const double *values);

/**
 * Stops a run; `thalweg_run_finish` gives what there is.
 */
thalweg_status thalweg_run_stop(thalweg_run run);

/**
 * What came of a run that needs no more points, or was stopped; `report` and `sampler` may be null. It can
 * be asked once; the run must still be freed.
 */
thalweg_status thalweg_run_finish(thalweg_run run,
                                  thalweg_report *report,
                                  thalweg_sampler *sampler);

/**
 * Reads a sampler from a file. It may come from a stranger.
 */
thalweg_status thalweg_sampler_load(const char *path, thalweg_sampler *sampler);

/**
 * Writes a sampler to a file; one that is there is replaced once the new one is complete.
 */
thalweg_status thalweg_sampler_save(thalweg_sampler sampler, const char *path);

/**
 * Makes a sampler of the `size` bytes of a model file, as those that another process sends. They may
 * come from a stranger.
 */
thalweg_status thalweg_sampler_from_bytes(const uint8_t *bytes,
                                          size_t size,
                                          thalweg_sampler *sampler);

/**
 * Writes the bytes of a model file to `buffer` if they fit, and their number to `length`. A null
 * buffer of capacity 0 asks for the number.
 */
thalweg_status thalweg_sampler_bytes(thalweg_sampler sampler,
                                     uint8_t *buffer,
                                     size_t capacity,
                                     size_t *length);

/**
 * The number of coordinates of a point.
 */
thalweg_status thalweg_sampler_dim(thalweg_sampler sampler, size_t *dim);

/**
 * The box of the points, `low[dim]` and `high[dim]`, where `dim` is that of the sampler.
 */
thalweg_status thalweg_sampler_ranges(thalweg_sampler sampler,
                                      size_t dim,
                                      double *low,
                                      double *high);

/**
 * Writes one line that says what the proposal is; `length`, which may be null, is that of the text. A
 * null buffer of capacity 0 asks for the length.
 */
thalweg_status thalweg_sampler_describe(thalweg_sampler sampler,
                                        char *buffer,
                                        size_t capacity,
                                        size_t *length);

/**
 * Draws the points `first` to `first + n - 1` of a seed, `points[n * dim]`, and the logarithms of their
 * densities with respect to the volume of the box, `log_density[n]`, which may be null. A point of a
 * seed is the same however many are drawn.
 */
thalweg_status thalweg_sampler_draw(thalweg_sampler sampler,
                                    size_t n,
                                    size_t dim,
                                    uint64_t seed,
                                    uint64_t first,
                                    double *points,
                                    double *log_density);

/**
 * The logarithms of the densities, `log_density[n]`, at `points[n * dim]` in the units of the box; minus
 * infinity outside of it.
 */
thalweg_status thalweg_sampler_log_density(thalweg_sampler sampler,
                                           size_t n,
                                           size_t dim,
                                           const double *points,
                                           double *log_density);

/**
 * Makes settings: the unit cube, method auto, relative error 1e-3, at most 10 million calls, seed 1,
 * one thread per core.
 */
thalweg_status thalweg_settings_new(thalweg_settings *settings);

/**
 * Sets the box to integrate over, `low[dim]` and `high[dim]`; either end may be infinite.
 */
thalweg_status thalweg_settings_set_ranges(thalweg_settings settings,
                                           size_t dim,
                                           const double *low,
                                           const double *high);

/**
 * Sets the method, a `thalweg_method`.
 */
thalweg_status thalweg_settings_set_method(thalweg_settings settings, int method);

/**
 * Sets how the points of the estimate are placed, a `thalweg_placement`.
 */
thalweg_status thalweg_settings_set_placement(thalweg_settings settings, int placement);

/**
 * Sets how dear a call of the integrand is, a `thalweg_cost`. With method auto the same seed gives the
 * same bits only if this is set.
 */
thalweg_status thalweg_settings_set_cost(thalweg_settings settings,
                                         int cost);

/**
 * Sets the seed: the same seed gives the same bits.
 */
thalweg_status thalweg_settings_set_seed(thalweg_settings settings, uint64_t seed);

/**
 * Sets the one-sigma error divided by |value| to reach (first output); 0 for none.
 */
thalweg_status thalweg_settings_set_rel_error(thalweg_settings settings,
                                              double rel_error);

/**
 * Sets the one-sigma error to reach (first output); 0 for none. Without any error the calls are spent.
 */
thalweg_status thalweg_settings_set_abs_error(thalweg_settings settings,
                                              double abs_error);

/**
 * Sets the most points at which the integrand is called. Plain needs 128, vegas and auto 512, flow 8192.
 */
thalweg_status thalweg_settings_set_max_calls(thalweg_settings settings,
                                              uint64_t max_calls);

/**
 * Sets the time after which a run ends with what there is; 0 for none.
 */
thalweg_status thalweg_settings_set_max_seconds(thalweg_settings settings,
                                                double max_seconds);

/**
 * Sets the number of threads of thalweg, 0 for one per core. No bit depends on it.
 */
thalweg_status thalweg_settings_set_threads(thalweg_settings settings, size_t threads);

/**
 * Sets whether (not 0) the covariance of several outputs is computed.
 */
thalweg_status thalweg_settings_set_covariance(thalweg_settings settings, int covariance);

/**
 * Lets NaN and infinities count as zero, for at most that share of all calls (0 to 1); 0, as it is
 * from the beginning, ends the run at the first.
 */
thalweg_status thalweg_settings_set_non_finite_share(thalweg_settings settings,
                                                     double max_share);

/**
 * Sets whatever a JSON object names, such as `{"flow": {"bins": 16}, "stop": {"max_calls": 1000000}}`;
 * all names and values are those that `thalweg_settings_json` writes.
 */
thalweg_status thalweg_settings_merge_json(thalweg_settings settings,
                                           const char *json);

/**
 * Writes all settings as JSON; `length`, which may be null, is that of the text. A null buffer of
 * capacity 0 asks for the length.
 */
thalweg_status thalweg_settings_json(thalweg_settings settings,
                                     char *buffer,
                                     size_t capacity,
                                     size_t *length);

/**
 * The text of the last failure on this thread, in UTF-8; empty if nothing failed yet. It is there until
 * the next failure on this thread.
 */
const char *thalweg_last_error(void);

/**
 * The name of a status, such as "invalid handle"; "unknown status" for other numbers.
 */
const char *thalweg_status_name(int32_t status);

/**
 * The version of the library, such as "0.1.0".
 */
const char *thalweg_version(void);

/**
 * Begins with a uniform grid on the ranges of the settings, or on the unit cube of `dim` axes where they
 * have none, and with their seed; nothing else of them counts.
 */
thalweg_status thalweg_vegas_new(thalweg_settings settings,
                                 size_t dim,
                                 thalweg_vegas *vegas);

/**
 * Begins an iteration of about `calls` points with `outputs` values each; grid and strata follow it where
 * `adapt` is not 0. `planned`, which may be null, is the number of its points.
 */
thalweg_status thalweg_vegas_begin(thalweg_vegas vegas,
                                   size_t outputs,
                                   uint64_t calls,
                                   int adapt,
                                   uint64_t *planned);

/**
 * Asks for the next points of the iteration, at most `most`: `points[most * dim]`, their weights
 * `weights[most]`, which may be null, and their number `n`, 0 after the last. The sum of weight times f
 * over an iteration is its estimate.
 */
thalweg_status thalweg_vegas_ask(thalweg_vegas vegas,
                                 size_t most,
                                 double *points,
                                 double *weights,
                                 size_t *n);

/**
 * Tells the values, `values[count]`, of the points asked for last: `count` is their number times the
 * outputs. A value that is not finite ends the iteration, and nothing adapts to it.
 */
thalweg_status thalweg_vegas_tell(thalweg_vegas vegas,
                                  size_t count,
                                  const double *values);

/**
 * Ends an iteration all of whose values were told: `values[outputs]` are its integrals, unbiased by
 * themselves, `covariance[outputs * outputs]`, which may be null, their covariance.
 */
thalweg_status thalweg_vegas_end(thalweg_vegas vegas,
                                 size_t outputs,
                                 double *values,
                                 double *covariance);

/**
 * A sampler of the grid as it is now.
 */
thalweg_status thalweg_vegas_sampler(thalweg_vegas vegas, thalweg_sampler *sampler);

/**
 * Draws the points `first` to `first + n - 1` of a seed, `points[n * dim]`, the same as
 * `thalweg_sampler_draw`, and weighs them with the first output of `integrand`: `weights[n]`, f divided by
 * the density, whose mean is the integral.
 */
thalweg_status thalweg_sampler_weighted(thalweg_sampler sampler,
                                        const thalweg_integrand *integrand,
                                        size_t n,
                                        uint64_t seed,
                                        uint64_t first,
                                        double *points,
                                        double *weights);

/**
 * Draws `n` unweighted events of a seed, `points[n * dim]`, with the first output of `integrand`.
 * Their `weights[n]` are 1, or more where a weight was above the maximum, and negative where f is. `how`
 * and `result` may be null.
 */
thalweg_status thalweg_sampler_unweighted(thalweg_sampler sampler,
                                          const thalweg_integrand *integrand,
                                          size_t n,
                                          uint64_t seed,
                                          const thalweg_unweighting *how,
                                          double *points,
                                          double *weights,
                                          thalweg_unweighting_result *result);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* THALWEG_H */
