// thalweg for C++11 and later: objects that free themselves, errors as exceptions, functions of any kind
// as integrands. What they throw comes out of the call that called them.
#ifndef THALWEG_HPP
#define THALWEG_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "thalweg.h"

namespace thalweg {

/// What thalweg refuses.
class error : public std::runtime_error {
 public:
  explicit error(thalweg_status status)
      : std::runtime_error(thalweg_last_error()), status_(status) {}
  thalweg_status status() const noexcept { return status_; }

 private:
  thalweg_status status_;
};

inline void check(thalweg_status status) {
  if (status != THALWEG_OK) throw error(status);
}

/// Owns a handle.
template <class Raw, thalweg_status (*Free)(Raw)>
class handle {
 public:
  handle() : raw_{0} {}
  handle(handle &&other) noexcept : raw_(other.raw_) { other.raw_.id = 0; }
  handle &operator=(handle &&other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  handle(const handle &) = delete;
  handle &operator=(const handle &) = delete;
  ~handle() { Free(raw_); }
  /// The handle of the C interface.
  Raw raw() const noexcept { return raw_; }
  /// Where a function of the C interface puts a handle.
  Raw *place() noexcept {
    Free(raw_);
    raw_.id = 0;
    return &raw_;
  }

 private:
  Raw raw_;
};

/// What a run is asked to do.
class settings : public handle<thalweg_settings, thalweg_settings_free> {
 public:
  settings() { check(thalweg_settings_new(place())); }
  settings &ranges(const std::vector<double> &low, const std::vector<double> &high) {
    if (low.size() != high.size()) throw std::invalid_argument("as many low as high ends are needed");
    check(thalweg_settings_set_ranges(raw(), low.size(), low.data(), high.data()));
    return *this;
  }
  settings &method(thalweg_method m) { return done(thalweg_settings_set_method(raw(), m)); }
  settings &placement(thalweg_placement p) { return done(thalweg_settings_set_placement(raw(), p)); }
  settings &cost(thalweg_cost c) { return done(thalweg_settings_set_cost(raw(), c)); }
  settings &seed(std::uint64_t s) { return done(thalweg_settings_set_seed(raw(), s)); }
  settings &rel_error(double e) { return done(thalweg_settings_set_rel_error(raw(), e)); }
  settings &abs_error(double e) { return done(thalweg_settings_set_abs_error(raw(), e)); }
  settings &max_calls(std::uint64_t n) { return done(thalweg_settings_set_max_calls(raw(), n)); }
  settings &max_seconds(double s) { return done(thalweg_settings_set_max_seconds(raw(), s)); }
  settings &threads(std::size_t n) { return done(thalweg_settings_set_threads(raw(), n)); }
  settings &merge(const std::string &json) {
    return done(thalweg_settings_merge_json(raw(), json.c_str()));
  }

 private:
  settings &done(thalweg_status status) {
    check(status);
    return *this;
  }
};

/// What a run found.
class report : public handle<thalweg_report, thalweg_report_free> {
 public:
  thalweg_summary summary() const {
    thalweg_summary made;
    check(thalweg_report_summary(raw(), &made, sizeof made));
    return made;
  }
  thalweg_output output(std::size_t index = 0) const {
    thalweg_output made;
    check(thalweg_report_output(raw(), index, &made, sizeof made));
    return made;
  }
  std::string text(thalweg_text_kind kind = THALWEG_TEXT_KIND_TEXT, std::size_t index = 0) const {
    std::size_t length = 0;
    check(thalweg_report_text(raw(), kind, index, nullptr, 0, &length));
    std::vector<char> made(length + 1);
    check(thalweg_report_text(raw(), kind, index, made.data(), made.size(), nullptr));
    return std::string(made.data(), length);
  }
};

/// A function `void f(const double *x, double *values)` for the C interface.
template <class F>
class integrand {
 public:
  integrand(F &f, std::size_t dim, std::size_t outputs) : f_(f) {
    raw_.evaluate = evaluate;
    raw_.user_data = this;
    raw_.dim = dim;
    raw_.outputs = outputs;
    raw_.batch = 0;
    raw_.concurrent = 0;
  }
  integrand(const integrand &) = delete;
  integrand &operator=(const integrand &) = delete;
  const thalweg_integrand *raw() const noexcept { return &raw_; }
  /// Throws what the function threw, or what thalweg says.
  void check(thalweg_status status) const {
    if (thrown_) std::rethrow_exception(thrown_);
    thalweg::check(status);
  }

 private:
  static int evaluate(std::size_t n, std::size_t dim, const double *x, std::size_t outputs,
                      double *values, void *user_data) {
    integrand &self = *static_cast<integrand *>(user_data);
    try {
      for (std::size_t i = 0; i < n; ++i) self.f_(x + i * dim, values + i * outputs);
      return 0;
    } catch (...) {
      self.thrown_ = std::current_exception();
      return 1;
    }
  }
  F &f_;
  thalweg_integrand raw_;
  std::exception_ptr thrown_;
};

/// Points, row by row, and a number for each: the logarithm of its density, or its weight.
struct batch {
  std::vector<double> points;
  std::vector<double> numbers;
};

/// A frozen proposal that points are drawn from.
class sampler : public handle<thalweg_sampler, thalweg_sampler_free> {
 public:
  static sampler load(const std::string &path) {
    sampler made;
    check(thalweg_sampler_load(path.c_str(), made.place()));
    return made;
  }
  void save(const std::string &path) const { check(thalweg_sampler_save(raw(), path.c_str())); }
  std::size_t dim() const {
    std::size_t made = 0;
    check(thalweg_sampler_dim(raw(), &made));
    return made;
  }
  batch draw(std::size_t n, std::uint64_t seed, std::uint64_t first = 0) const {
    batch made = room(n);
    check(thalweg_sampler_draw(raw(), n, dim(), seed, first, made.points.data(), made.numbers.data()));
    return made;
  }
  std::vector<double> log_density(const std::vector<double> &points) const {
    const std::size_t n = points.size() / dim();
    std::vector<double> made(n);
    check(thalweg_sampler_log_density(raw(), n, dim(), points.data(), made.data()));
    return made;
  }
  template <class F>
  batch weighted(F &&f, std::size_t n, std::uint64_t seed, std::uint64_t first = 0) const {
    batch made = room(n);
    integrand<F> g(f, dim(), 1);
    g.check(thalweg_sampler_weighted(raw(), g.raw(), n, seed, first, made.points.data(),
                                     made.numbers.data()));
    return made;
  }
  template <class F>
  batch unweighted(F &&f, std::size_t n, std::uint64_t seed,
                   thalweg_unweighting_result *result = nullptr,
                   const thalweg_unweighting *how = nullptr) const {
    batch made = room(n);
    integrand<F> g(f, dim(), 1);
    g.check(thalweg_sampler_unweighted(raw(), g.raw(), n, seed, how, made.points.data(),
                                       made.numbers.data(), result));
    return made;
  }

 private:
  batch room(std::size_t n) const {
    batch made;
    made.points.resize(n * dim());
    made.numbers.resize(n);
    return made;
  }
};

/// A finished run.
struct outcome {
  thalweg::report report;
  thalweg::sampler sampler;
};

/// Integrates `void f(const double *x, double *values)`.
template <class F>
outcome integrate(const settings &s, F &&f, std::size_t dim, std::size_t outputs = 1) {
  outcome made;
  integrand<F> g(f, dim, outputs);
  g.check(thalweg_integrate(s.raw(), g.raw(), nullptr, made.report.place(), made.sampler.place()));
  return made;
}

/// Trains a sampler and spends nothing on an estimate.
template <class F>
outcome train(const settings &s, F &&f, std::size_t dim) {
  outcome made;
  integrand<F> g(f, dim, 1);
  const thalweg_sampler none = {0};
  g.check(thalweg_train(s.raw(), g.raw(), none, nullptr, made.report.place(), made.sampler.place()));
  return made;
}

/// A run that is asked for points and told values.
class run : public handle<thalweg_run, thalweg_run_free> {
 public:
  run(const settings &s, std::size_t dim, std::size_t outputs = 1) : dim_(dim) {
    check(thalweg_run_start(s.raw(), dim, outputs, place()));
  }
  /// At most `most` points, row by row; none when the run needs no more.
  std::vector<double> ask(std::size_t most) {
    std::vector<double> points(most * dim_);
    std::size_t n = 0;
    check(thalweg_run_ask(raw(), most, points.data(), &n));
    points.resize(n * dim_);
    return points;
  }
  void tell(const std::vector<double> &values) {
    check(thalweg_run_tell(raw(), values.size(), values.data()));
  }
  outcome finish() {
    outcome made;
    check(thalweg_run_finish(raw(), made.report.place(), made.sampler.place()));
    return made;
  }

 private:
  std::size_t dim_;
};

}  // namespace thalweg

#endif  // THALWEG_HPP
