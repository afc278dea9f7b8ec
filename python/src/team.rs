//! A communicator of mpi4py, or what looks like one, as the team of a run.

use std::io;

use pyo3::prelude::{Bound, Py, PyAny, PyAnyMethods as _, PyResult, Python};
use pyo3::types::{PyBytes, PyBytesMethods as _};
use thalweg::Team;

/// Has `Get_rank()`, `Get_size()` and `allgather(object)`.
#[derive(Debug)]
pub(crate) struct Communicator {
    comm: Py<PyAny>,
    rank: usize,
    size: usize,
}

impl Communicator {
    pub(crate) fn new(comm: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self {
            rank: comm.call_method0("Get_rank")?.extract()?,
            size: comm.call_method0("Get_size")?.extract()?,
            comm: comm.clone().unbind(),
        })
    }
}

impl Team for Communicator {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn all_gather(&self, mine: &[u8], all: &mut Vec<u8>) -> io::Result<Vec<usize>> {
        all.clear();
        // The thread that asked for the run waits without the GIL.
        let gathered = Python::attach(|py| {
            let mine = PyBytes::new(py, mine);
            let gathered = self.comm.bind(py).call_method1("allgather", (mine,))?;
            let length = |one: PyResult<Bound<'_, PyAny>>| {
                let one = one?;
                let bytes = one.cast::<PyBytes>()?.as_bytes();
                all.extend_from_slice(bytes);
                Ok(bytes.len())
            };
            gathered
                .try_iter()?
                .map(length)
                .collect::<PyResult<Vec<_>>>()
        });
        gathered.map_err(io::Error::other)
    }
}
