// Exceptions of C++ in functions of the user's: the wrapper hands them through; without it the process
// ends, which is documented.
#include <csignal>
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <sys/wait.h>
#include <thalweg.hpp>
#include <unistd.h>

namespace {

const char *yes(bool is) { return is ? "yes" : "no"; }

struct odd {
  int number;
};

int throws(std::size_t, std::size_t, const double *, std::size_t, double *, void *) {
  throw odd{7};
}

void fails(const double *, double *) { throw odd{3}; }

void fine(const double *x, double *values) { values[0] = x[0]; }

template <class F>
bool hands_through(F call) {
  try {
    call();
  } catch (const odd &thrown) {
    return thrown.number == 3;
  }
  return false;
}

}  // namespace

int main() {
  thalweg::settings settings;
  settings.method(THALWEG_METHOD_VEGAS).max_calls(3000).threads(2);
  std::cout << "from a run: " << yes(hands_through([&] { thalweg::integrate(settings, fails, 2); })) << '\n';
  std::cout << "from training: " << yes(hands_through([&] { thalweg::train(settings, fails, 2); })) << '\n';
  const thalweg::sampler sampler = std::move(thalweg::train(settings, fine, 2).sampler);
  std::cout << "from weighing: " << yes(hands_through([&] { sampler.weighted(fails, 10, 1); })) << '\n';
  std::cout << "from unweighting: " << yes(hands_through([&] { sampler.unweighted(fails, 10, 1); }))
            << '\n' << std::flush;
  const pid_t child = fork();
  if (child == 0) {
    std::freopen("/dev/null", "w", stderr);
    thalweg_integrand f = {throws, nullptr, 2, 1, 0, 0};
    thalweg_integrate(settings.raw(), &f, nullptr, nullptr, nullptr);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  std::cout << "without the wrapper the process ends: "
            << yes(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << '\n';
  return 0;
}
