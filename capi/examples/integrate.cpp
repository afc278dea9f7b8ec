// The three ways in C++: callbacks, ask and tell, and a trained sampler; and an exception.
#include <cmath>
#include <iostream>
#include <numeric>
#include <stdexcept>
#include <thalweg.hpp>

namespace {

const char *yes(bool is) { return is ? "yes" : "no"; }

double peak(const double *x) {
  return std::exp(-50.0 * ((x[0] - 0.3) * (x[0] - 0.3) + (x[1] - 0.6) * (x[1] - 0.6)));
}

const double exact = 0.0627446;

}  // namespace

int main(int argc, char **argv) {
  thalweg::settings settings;
  settings.method(THALWEG_METHOD_VEGAS).rel_error(1e-3).seed(5);
  std::uint64_t calls = 0;
  const auto f = [&calls](const double *x, double *values) {
    ++calls;
    values[0] = peak(x);
  };
  const thalweg::outcome direct = thalweg::integrate(settings, f, 2);
  const thalweg_output found = direct.report.output();
  std::cout << "within 4 errors: " << yes(std::abs(found.value - exact) < 4.0 * found.error)
            << ", all calls counted: " << yes(direct.report.summary().calls == calls) << '\n';

  thalweg::run run(settings, 2);
  for (;;) {
    const std::vector<double> points = run.ask(1000);
    if (points.empty()) break;
    std::vector<double> values;
    for (std::size_t i = 0; i < points.size(); i += 2) values.push_back(peak(&points[i]));
    run.tell(values);
  }
  const thalweg::outcome asked = run.finish();
  std::cout << "the same bits by ask and tell: "
            << yes(asked.report.output().value == found.value) << '\n';

  const std::string path = argc > 1 ? argv[1] : "peak.model";
  thalweg::train(settings, f, 2).sampler.save(path);
  const thalweg::sampler sampler = thalweg::sampler::load(path);
  const thalweg::batch events = sampler.weighted(f, 4000, 1);
  const double mean = std::accumulate(events.numbers.begin(), events.numbers.end(), 0.0) / 4000.0;
  std::cout << "the mean weight within 5 %: " << yes(std::abs(mean / exact - 1.0) < 0.05) << '\n';
  std::remove(path.c_str());

  try {
    thalweg::integrate(settings, [](const double *, double *) { throw std::domain_error("no phase space"); }, 2);
  } catch (const std::domain_error &e) {
    std::cout << "thrown by the integrand: " << e.what() << '\n';
  }
  try {
    settings.rel_error(-1.0);
  } catch (const thalweg::error &e) {
    std::cout << thalweg_status_name(e.status()) << ": " << e.what() << '\n';
  }
}
