//! Libraries that are not as they should be.

use std::fs;
use std::path::Path;

use thalweg::{Error, Integrand as _, IntegrandError, Integrator, Points, Settings};
use thalweg_process::umami::UmamiError;
use thalweg_process::{ProcessError, ProcessFile, Scattering};

use super::{provider, scratch, written};

const FILE: &str = "[beams]\nids = [11, -11]\nenergies = [50, 50]\n\
                    [particles]\nin = [11, -11]\nout = [13, -13]\n";

/// A provider with the given answers to meta keys 1 (particles) and 6 (version), and the given body of
/// `umami_matrix_element`, which has `n` events and `values`.
fn source(particles: i32, version: i32, body: &str) -> String {
    format!(
        "#include <math.h>\n#include <stddef.h>\n\
         int umami_get_meta(int key, void *out)\n{{\n\
         if (key == 1) *(int *)out = {particles};\n\
         else if (key == 6) *(int *)out = {version};\n\
         else return 9;\n\
         return 0;\n}}\n\
         int umami_initialize(void **handle, char const *card)\n\
         {{ *handle = NULL; return card == NULL; }}\n\
         int umami_free(void *handle) {{ return handle != NULL; }}\n\
         int umami_matrix_element(void *handle, size_t n, size_t stride, size_t offset, size_t inputs,\n\
         int const *keys, void const *const *input, size_t outputs, int const *output_keys,\n\
         void *const *output)\n{{\n\
         double *values = output[0];\n\
         (void)handle, (void)stride, (void)offset, (void)inputs, (void)keys, (void)input, (void)outputs;\n\
         (void)output_keys;\n\
         for (size_t i = 0; i < n; ++i) values[i] = 1.0;\n\
         {body}\n}}\n"
    )
}

fn scattering(library: &Path, text: &str) -> Result<Scattering, ProcessError> {
    let file = ProcessFile::parse(text, Path::new("process.toml"))?;
    file.scattering(library, Path::new(""))
}

#[test]
fn a_library_without_optional_functions_is_fine() {
    let library = written("bare", &source(4, 1, "return 0;")).unwrap();
    let process = scattering(&library, FILE).unwrap();
    let mut value = [0.0];
    let points = [0.3, 0.4];
    process.eval(&Points::new(&points, 2), &mut value).unwrap();
    assert!(value[0] > 0.0);
}

#[test]
fn a_status_is_told_with_its_function() {
    let library = written("status", &source(4, 1, "return 7;")).unwrap();
    let process = scattering(&library, FILE).unwrap();
    let mut value = [0.0];
    let error = process
        .eval(&Points::new(&[0.3, 0.4], 2), &mut value)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the integrand failed: umami_matrix_element failed with status 7"
    );
}

#[test]
fn a_handle_that_is_not_made_is_told() {
    let text = source(4, 1, "return 0;").replace("return card == NULL;", "return card[0] != 'c';");
    let library = written("handle", &text).unwrap();
    let status = |text: &str| scattering(&library, text).unwrap_err().to_string();
    assert_eq!(
        status(FILE),
        "umami_initialize failed with status 1 (without a param_card)"
    );
    assert_eq!(
        status(&format!("param_card = \"p.dat\"\n{FILE}")),
        "umami_initialize failed with status 1 for the param_card p.dat"
    );
    scattering(&library, &format!("param_card = \"c.dat\"\n{FILE}")).unwrap();
}

#[test]
fn other_particles_versions_and_libraries_are_refused() {
    let five = written("five", &source(5, 1, "return 0;")).unwrap();
    let error = scattering(&five, FILE).unwrap_err();
    let (found, expected) = (5, 4);
    assert_eq!(error, UmamiError::Particles { found, expected }.into());

    let next = written("next", &source(4, 2, "return 0;")).unwrap();
    let error = scattering(&next, FILE).unwrap_err();
    assert_eq!(error, UmamiError::Version { major: 2, minor: 0 }.into());

    let plain = written(
        "plain",
        "double f(const double *x, int n) { return x[n - 1]; }\n",
    )
    .unwrap();
    let error = scattering(&plain, FILE).unwrap_err();
    assert!(
        matches!(&error, ProcessError::Umami(UmamiError::NotUmami { symbol, .. })
            if *symbol == "umami_get_meta"),
        "{error}"
    );

    let without = source(4, 1, "return 0;").replace("umami_free", "other_free");
    let without = written("without", &without).unwrap();
    let error = scattering(&without, FILE).unwrap_err();
    assert!(
        error.to_string().contains("it has no function umami_free"),
        "{error}"
    );

    let missing = scattering(Path::new("no-such.so"), FILE).unwrap_err();
    assert_eq!(missing.to_string(), "there is no file `no-such.so`");

    let notes = scratch("notes.so");
    fs::write(
        &notes,
        "no library at all, but long enough to be looked at\n",
    )
    .unwrap();
    let error = scattering(&notes, FILE).unwrap_err();
    assert!(
        matches!(error, ProcessError::Umami(UmamiError::Load { .. })),
        "{error}"
    );
}

#[test]
fn a_value_that_is_no_number_is_told_with_its_point() {
    let library = written("nan", &source(4, 1, "values[n / 2] = NAN; return 0;")).unwrap();
    let process = scattering(&library, FILE).unwrap();
    let error = Integrator::new(Settings::default())
        .and_then(|integrator| integrator.integrate(&process))
        .unwrap_err();
    assert!(
        matches!(error, Error::Integrand(IntegrandError::NonFinite { .. })),
        "{error}"
    );
}

#[test]
fn other_masses_and_inputs_are_refused() {
    let library = provider("ee_mumu").unwrap();
    let massive = FILE.replace(
        "out = [13, -13]",
        "out = [13, -13]\nmasses = [0, 0, 0.1, 0.1]",
    );
    let error = scattering(&library, &massive).unwrap_err().to_string();
    assert!(
        error.contains("particle 3 has the mass 0 GeV in the library"),
        "{error}"
    );

    let flavors = format!("{FILE}[[subprocess]]\nin = [11, -11]\nout = [13, -13]\nflavor = 1\n");
    let error = scattering(&library, &flavors).unwrap_err().to_string();
    assert!(error.contains("takes no FLAVOR_INDEX"), "{error}");

    let error = scattering(
        &library,
        &FILE.replace("[beams]", "[parameters]\na = 1\n[beams]"),
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("takes no parameters")
    );

    let library = provider("qq_mumug").unwrap();
    let text = "[beams]\nids = [1, -1]\nenergies = [50, 50]\n\
                [particles]\nin = [1, -1]\nout = [13, -13, 21]\n";
    let error = scattering(&library, text).unwrap_err().to_string();
    assert!(error.contains("needs the input ALPHA_S"), "{error}");
    scattering(&library, &format!("alpha_s = 0.118\n{text}")).unwrap();
}

#[test]
fn many_threads_get_handles_of_their_own_and_all_are_freed() {
    // A handle that two threads use at once says so; what is made and freed is written down.
    let log = scratch("handles.log");
    fs::write(&log, "").unwrap();
    let text = r#"#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

struct handle { atomic_int busy; };

static int note(char c)
{
    FILE *file = fopen("LOG", "a");
    if (file == NULL) return 1;
    fputc(c, file);
    return fclose(file);
}
int umami_get_meta(int key, void *out)
{
    if (key != 1) return 9;
    *(int *)out = 4;
    return 0;
}
int umami_initialize(void **handle, char const *card)
{
    (void)card;
    *handle = calloc(1, sizeof(struct handle));
    return *handle == NULL ? 1 : note('+');
}
int umami_free(void *handle)
{
    free(handle);
    return note('-');
}
int umami_matrix_element(void *handle, size_t n, size_t stride, size_t offset, size_t inputs,
                         int const *keys, void const *const *input, size_t outputs,
                         int const *output_keys, void *const *output)
{
    struct handle *own = handle;
    (void)stride, (void)offset, (void)inputs, (void)keys, (void)input, (void)outputs;
    (void)output_keys;
    if (atomic_fetch_add(&own->busy, 1)) return 3;
    for (size_t i = 0; i < n; ++i) ((double *)output[0])[i] = 1.0;
    atomic_fetch_sub(&own->busy, 1);
    return 0;
}
"#;
    let text = text.replace("LOG", &log.display().to_string());
    let library = written("threads", &text).unwrap();
    let process = scattering(&library, FILE).unwrap();
    let settings = Settings {
        threads: Some(4),
        ..Settings::default()
    };
    let report = Integrator::new(settings)
        .unwrap()
        .integrate(&process)
        .unwrap();
    assert!(report.estimate.value > 0.0);
    drop(process);
    let noted = fs::read_to_string(&log).unwrap();
    let made = noted.matches('+').count();
    assert!((1..=4).contains(&made), "{noted}");
    assert_eq!(noted.matches('-').count(), made, "{noted}");
}
