! thalweg for Fortran 2008: the functions of thalweg.h that generators need, by the same names and with
! the same arguments. All return a status, 0 (thalweg_ok) where all went well. Compile it with the
! program and link with -lthalweg_c.
module thalweg
  use, intrinsic :: iso_c_binding
  implicit none

  integer(c_int), parameter :: thalweg_ok = 0, thalweg_end_run = -999
  integer(c_int), parameter :: thalweg_method_auto = 0, thalweg_method_plain = 1, &
    thalweg_method_vegas = 2, thalweg_method_flow = 3
  integer(c_int), parameter :: thalweg_cost_measured = 0, thalweg_cost_free = 1, &
    thalweg_cost_cheap = 2, thalweg_cost_dear = 3
  integer(c_int), parameter :: thalweg_converged = 0, thalweg_budget = 1, thalweg_unreliable = 2, &
    thalweg_no_signal = 3, thalweg_interrupted = 4

  type, bind(c) :: thalweg_settings
    integer(c_int64_t) :: id = 0
  end type
  type, bind(c) :: thalweg_report
    integer(c_int64_t) :: id = 0
  end type
  type, bind(c) :: thalweg_sampler
    integer(c_int64_t) :: id = 0
  end type
  type, bind(c) :: thalweg_run
    integer(c_int64_t) :: id = 0
  end type

  ! evaluate is c_funloc of a function like thalweg_evaluate below
  type, bind(c) :: thalweg_integrand
    type(c_funptr) :: evaluate = c_null_funptr
    type(c_ptr) :: user_data = c_null_ptr
    integer(c_size_t) :: dim = 0, outputs = 1, batch = 0
    integer(c_int) :: concurrent = 0
  end type

  type, bind(c) :: thalweg_summary
    integer(c_int) :: verdict, method
    integer(c_size_t) :: outputs, reasons, warnings
    integer(c_int64_t) :: calls, estimate_calls, non_finite
    real(c_double) :: seconds, blind_volume
  end type

  type, bind(c) :: thalweg_output
    real(c_double) :: value, error, chi2, dof, p_value, rel_std, ess_fraction, max_share, khat, &
      unweighting_efficiency
  end type

  abstract interface
    ! values(outputs, n) at x(dim, n): columns here are what rows are in C
    function thalweg_evaluate(n, dim, x, outputs, values, user_data) result(code) bind(c)
      import :: c_size_t, c_double, c_ptr, c_int
      integer(c_size_t), value :: n, dim, outputs
      real(c_double), intent(in) :: x(dim, n)
      real(c_double), intent(out) :: values(outputs, n)
      type(c_ptr), value :: user_data
      integer(c_int) :: code
    end function
  end interface

  interface
    function thalweg_settings_new(settings) bind(c)
      import :: thalweg_settings, c_int
      type(thalweg_settings), intent(out) :: settings
      integer(c_int) :: thalweg_settings_new
    end function
    function thalweg_settings_free(settings) bind(c)
      import :: thalweg_settings, c_int
      type(thalweg_settings), value :: settings
      integer(c_int) :: thalweg_settings_free
    end function
    function thalweg_settings_set_ranges(settings, dim, low, high) bind(c)
      import :: thalweg_settings, c_int, c_size_t, c_double
      type(thalweg_settings), value :: settings
      integer(c_size_t), value :: dim
      real(c_double), intent(in) :: low(dim), high(dim)
      integer(c_int) :: thalweg_settings_set_ranges
    end function
    function thalweg_settings_set_method(settings, method) bind(c)
      import :: thalweg_settings, c_int
      type(thalweg_settings), value :: settings
      integer(c_int), value :: method
      integer(c_int) :: thalweg_settings_set_method
    end function
    function thalweg_settings_set_cost(settings, cost) bind(c)
      import :: thalweg_settings, c_int
      type(thalweg_settings), value :: settings
      integer(c_int), value :: cost
      integer(c_int) :: thalweg_settings_set_cost
    end function
    function thalweg_settings_set_seed(settings, seed) bind(c)
      import :: thalweg_settings, c_int, c_int64_t
      type(thalweg_settings), value :: settings
      integer(c_int64_t), value :: seed
      integer(c_int) :: thalweg_settings_set_seed
    end function
    function thalweg_settings_set_rel_error(settings, rel_error) bind(c)
      import :: thalweg_settings, c_int, c_double
      type(thalweg_settings), value :: settings
      real(c_double), value :: rel_error
      integer(c_int) :: thalweg_settings_set_rel_error
    end function
    function thalweg_settings_set_max_calls(settings, max_calls) bind(c)
      import :: thalweg_settings, c_int, c_int64_t
      type(thalweg_settings), value :: settings
      integer(c_int64_t), value :: max_calls
      integer(c_int) :: thalweg_settings_set_max_calls
    end function
    function thalweg_settings_set_threads(settings, threads) bind(c)
      import :: thalweg_settings, c_int, c_size_t
      type(thalweg_settings), value :: settings
      integer(c_size_t), value :: threads
      integer(c_int) :: thalweg_settings_set_threads
    end function
    ! json ends with c_null_char
    function thalweg_settings_merge_json(settings, json) bind(c)
      import :: thalweg_settings, c_int, c_char
      type(thalweg_settings), value :: settings
      character(kind=c_char), intent(in) :: json(*)
      integer(c_int) :: thalweg_settings_merge_json
    end function

    ! observer is c_null_ptr or the address of a thalweg_observer of C
    function thalweg_integrate(settings, integrand, observer, report, sampler) bind(c)
      import :: thalweg_settings, thalweg_integrand, thalweg_report, thalweg_sampler, c_ptr, c_int
      type(thalweg_settings), value :: settings
      type(thalweg_integrand), intent(in) :: integrand
      type(c_ptr), value :: observer
      type(thalweg_report), intent(out) :: report
      type(thalweg_sampler), intent(out) :: sampler
      integer(c_int) :: thalweg_integrate
    end function
    function thalweg_train(settings, integrand, start, observer, report, sampler) bind(c)
      import :: thalweg_settings, thalweg_integrand, thalweg_report, thalweg_sampler, c_ptr, c_int
      type(thalweg_settings), value :: settings
      type(thalweg_integrand), intent(in) :: integrand
      type(thalweg_sampler), value :: start
      type(c_ptr), value :: observer
      type(thalweg_report), intent(out) :: report
      type(thalweg_sampler), intent(out) :: sampler
      integer(c_int) :: thalweg_train
    end function

    function thalweg_report_free(report) bind(c)
      import :: thalweg_report, c_int
      type(thalweg_report), value :: report
      integer(c_int) :: thalweg_report_free
    end function
    ! size is c_sizeof(summary)
    function thalweg_report_summary(report, summary, size) bind(c)
      import :: thalweg_report, thalweg_summary, c_int, c_size_t
      type(thalweg_report), value :: report
      type(thalweg_summary), intent(out) :: summary
      integer(c_size_t), value :: size
      integer(c_int) :: thalweg_report_summary
    end function
    ! outputs are counted from 0; size is c_sizeof(output)
    function thalweg_report_output(report, index, output, size) bind(c)
      import :: thalweg_report, thalweg_output, c_int, c_size_t
      type(thalweg_report), value :: report
      integer(c_size_t), value :: index, size
      type(thalweg_output), intent(out) :: output
      integer(c_int) :: thalweg_report_output
    end function

    function thalweg_run_start(settings, dim, outputs, run) bind(c)
      import :: thalweg_settings, thalweg_run, c_int, c_size_t
      type(thalweg_settings), value :: settings
      integer(c_size_t), value :: dim, outputs
      type(thalweg_run), intent(out) :: run
      integer(c_int) :: thalweg_run_start
    end function
    function thalweg_run_train(settings, dim, outputs, start, run) bind(c)
      import :: thalweg_settings, thalweg_run, thalweg_sampler, c_int, c_size_t
      type(thalweg_settings), value :: settings
      integer(c_size_t), value :: dim, outputs
      type(thalweg_sampler), value :: start
      type(thalweg_run), intent(out) :: run
      integer(c_int) :: thalweg_run_train
    end function
    ! points(dim, most)
    function thalweg_run_ask(run, most, points, n) bind(c)
      import :: thalweg_run, c_int, c_size_t, c_double
      type(thalweg_run), value :: run
      integer(c_size_t), value :: most
      real(c_double), intent(inout) :: points(*)
      integer(c_size_t), intent(out) :: n
      integer(c_int) :: thalweg_run_ask
    end function
    function thalweg_run_tell(run, count, values) bind(c)
      import :: thalweg_run, c_int, c_size_t, c_double
      type(thalweg_run), value :: run
      integer(c_size_t), value :: count
      real(c_double), intent(in) :: values(*)
      integer(c_int) :: thalweg_run_tell
    end function
    function thalweg_run_stop(run) bind(c)
      import :: thalweg_run, c_int
      type(thalweg_run), value :: run
      integer(c_int) :: thalweg_run_stop
    end function
    function thalweg_run_finish(run, report, sampler) bind(c)
      import :: thalweg_run, thalweg_report, thalweg_sampler, c_int
      type(thalweg_run), value :: run
      type(thalweg_report), intent(out) :: report
      type(thalweg_sampler), intent(out) :: sampler
      integer(c_int) :: thalweg_run_finish
    end function
    function thalweg_run_free(run) bind(c)
      import :: thalweg_run, c_int
      type(thalweg_run), value :: run
      integer(c_int) :: thalweg_run_free
    end function

    function thalweg_sampler_free(sampler) bind(c)
      import :: thalweg_sampler, c_int
      type(thalweg_sampler), value :: sampler
      integer(c_int) :: thalweg_sampler_free
    end function
    ! path ends with c_null_char
    function thalweg_sampler_save(sampler, path) bind(c)
      import :: thalweg_sampler, c_int, c_char
      type(thalweg_sampler), value :: sampler
      character(kind=c_char), intent(in) :: path(*)
      integer(c_int) :: thalweg_sampler_save
    end function
    function thalweg_sampler_load(path, sampler) bind(c)
      import :: thalweg_sampler, c_int, c_char
      character(kind=c_char), intent(in) :: path(*)
      type(thalweg_sampler), intent(out) :: sampler
      integer(c_int) :: thalweg_sampler_load
    end function
    ! points(dim, n), log_density(n)
    function thalweg_sampler_draw(sampler, n, dim, seed, first, points, log_density) bind(c)
      import :: thalweg_sampler, c_int, c_size_t, c_int64_t, c_double
      type(thalweg_sampler), value :: sampler
      integer(c_size_t), value :: n, dim
      integer(c_int64_t), value :: seed, first
      real(c_double), intent(out) :: points(dim, n), log_density(n)
      integer(c_int) :: thalweg_sampler_draw
    end function
    function thalweg_sampler_log_density(sampler, n, dim, points, log_density) bind(c)
      import :: thalweg_sampler, c_int, c_size_t, c_double
      type(thalweg_sampler), value :: sampler
      integer(c_size_t), value :: n, dim
      real(c_double), intent(in) :: points(dim, n)
      real(c_double), intent(out) :: log_density(n)
      integer(c_int) :: thalweg_sampler_log_density
    end function
    function thalweg_sampler_weighted(sampler, integrand, n, seed, first, points, weights) bind(c)
      import :: thalweg_sampler, thalweg_integrand, c_int, c_size_t, c_int64_t, c_double
      type(thalweg_sampler), value :: sampler
      type(thalweg_integrand), intent(in) :: integrand
      integer(c_size_t), value :: n
      integer(c_int64_t), value :: seed, first
      real(c_double), intent(out) :: points(*), weights(n)
      integer(c_int) :: thalweg_sampler_weighted
    end function
    ! how and result are c_null_ptr or addresses of the structures of C
    function thalweg_sampler_unweighted(sampler, integrand, n, seed, how, points, weights, result) &
        bind(c)
      import :: thalweg_sampler, thalweg_integrand, c_int, c_size_t, c_int64_t, c_double, c_ptr
      type(thalweg_sampler), value :: sampler
      type(thalweg_integrand), intent(in) :: integrand
      integer(c_size_t), value :: n
      integer(c_int64_t), value :: seed
      type(c_ptr), value :: how, result
      real(c_double), intent(out) :: points(*), weights(n)
      integer(c_int) :: thalweg_sampler_unweighted
    end function

    function thalweg_last_error_text() bind(c, name="thalweg_last_error")
      import :: c_ptr
      type(c_ptr) :: thalweg_last_error_text
    end function
    function thalweg_strlen(text) bind(c, name="strlen")
      import :: c_ptr, c_size_t
      type(c_ptr), value :: text
      integer(c_size_t) :: thalweg_strlen
    end function
  end interface

contains

  ! The last failure of this thread in words.
  function thalweg_last_error() result(text)
    character(:), allocatable :: text
    character(kind=c_char), pointer :: letters(:)
    type(c_ptr) :: place
    integer(c_size_t) :: i, n
    place = thalweg_last_error_text()
    n = thalweg_strlen(place)
    call c_f_pointer(place, letters, [n])
    allocate (character(n) :: text)
    do i = 1, n
      text(i:i) = letters(i)
    end do
  end function

end module
