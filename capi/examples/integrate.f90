! The three ways in Fortran: callbacks, ask and tell, and a trained sampler that is saved and loaded.
module peaks
  use, intrinsic :: iso_c_binding
  use thalweg
  implicit none
  integer(c_size_t), parameter :: dim = 2, most = 500
  real(c_double), parameter :: exact = 0.0627446d0
contains
  pure function peak(x) result(f)
    real(c_double), intent(in) :: x(:)
    real(c_double) :: f
    f = exp(-50 * ((x(1) - 0.3d0)**2 + (x(2) - 0.6d0)**2))
  end function

  function evaluate(n, dim, x, outputs, values, user_data) result(code) bind(c)
    integer(c_size_t), value :: n, dim, outputs
    real(c_double), intent(in) :: x(dim, n)
    real(c_double), intent(out) :: values(outputs, n)
    type(c_ptr), value :: user_data
    integer(c_int) :: code
    integer(c_size_t) :: i
    do i = 1, n
      values(1, i) = peak(x(:, i))
    end do
    code = merge(1, 0, c_associated(user_data)) ! none is expected
  end function

  subroutine check(status)
    integer(c_int), intent(in) :: status
    if (status == thalweg_ok) return
    print '(a)', thalweg_last_error()
    stop 1
  end subroutine

  subroutine tell(what, output)
    character(*), intent(in) :: what
    type(thalweg_output), intent(in) :: output
    print '(a, f7.4, a, l2)', what, output%value, ', within 4 errors:', &
      abs(output%value - exact) < 4 * output%error
  end subroutine
end module

program integrate
  use peaks
  implicit none
  type(thalweg_settings) :: settings
  type(thalweg_integrand) :: f
  type(thalweg_report) :: report
  type(thalweg_sampler) :: sampler, loaded
  type(thalweg_run) :: run
  type(thalweg_output) :: output, asked
  type(thalweg_summary) :: summary
  real(c_double) :: points(dim, most), values(most), log_density(most)
  integer(c_size_t) :: n, i
  character(256) :: path
  integer :: status, unit

  f%evaluate = c_funloc(evaluate)
  f%dim = dim
  call check(thalweg_settings_new(settings))
  call check(thalweg_settings_set_method(settings, thalweg_method_vegas))
  call check(thalweg_settings_set_rel_error(settings, 1d-3))
  call check(thalweg_integrate(settings, f, c_null_ptr, report, sampler))
  call check(thalweg_report_summary(report, summary, c_sizeof(summary)))
  call check(thalweg_report_output(report, 0_c_size_t, output, c_sizeof(output)))
  print '(a, l2)', 'converged:', summary%verdict == thalweg_converged
  call tell('by callbacks', output)
  call check(thalweg_report_free(report))
  call check(thalweg_sampler_free(sampler))

  call check(thalweg_run_start(settings, dim, 1_c_size_t, run))
  do
    call check(thalweg_run_ask(run, most, points, n))
    if (n == 0) exit
    do i = 1, n
      values(i) = peak(points(:, i))
    end do
    call check(thalweg_run_tell(run, n, values))
  end do
  call check(thalweg_run_finish(run, report, sampler))
  call check(thalweg_run_free(run))
  call check(thalweg_report_output(report, 0_c_size_t, asked, c_sizeof(asked)))
  call tell('by ask and tell', asked)
  print '(a, l2)', 'the same bits:', .not. abs(asked%value - output%value) > 0

  call get_command_argument(1, path, status=status)
  if (status /= 0) path = 'peak.model'
  call check(thalweg_sampler_save(sampler, trim(path)//c_null_char))
  call check(thalweg_sampler_load(trim(path)//c_null_char, loaded))
  call check(thalweg_sampler_draw(loaded, most, dim, 1_c_int64_t, 0_c_int64_t, points, log_density))
  do i = 1, most
    values(i) = peak(points(:, i)) / exp(log_density(i))
  end do
  print '(a, l2)', 'the mean of f over the density within 10 %:', &
    abs(sum(values) / real(most, c_double) / exact - 1) < 0.1d0
  open (newunit=unit, file=trim(path))
  close (unit, status='delete')
  print '(a, i0)', 'a wrong method: status ', thalweg_settings_set_method(settings, 77_c_int)
  print '(a)', thalweg_last_error()
  call check(thalweg_report_free(report))
  call check(thalweg_sampler_free(sampler))
  call check(thalweg_sampler_free(loaded))
  call check(thalweg_settings_free(settings))
end program
