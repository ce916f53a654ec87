//! Progress as calls of a Python function.

use provenn_service::stage::Stage;
use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Who is told of the stages of a piece of work, with the first error of telling.
pub struct Heard {
    callback: Option<Py<PyAny>>,
    failed: Mutex<Option<PyErr>>,
}

impl Heard {
    pub fn new(callback: Option<Py<PyAny>>) -> Self {
        Self {
            callback,
            failed: Mutex::new(None),
        }
    }

    /// The work has come to a stage: its name, and the share of the work before it.
    pub fn stage(&self, stage: impl Into<Stage>) {
        let (Some(callback), stage) = (&self.callback, stage.into()) else {
            return;
        };
        let called = Python::attach(|py| callback.call1(py, (stage.name(), stage.progress())));
        if let Err(error) = called {
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed.get_or_insert(error);
        }
    }

    /// What went wrong in the callback, which does not stop the work.
    pub fn end(self) -> PyResult<()> {
        let failed = self.failed.into_inner().unwrap_or_else(PoisonError::into_inner);
        failed.map_or(Ok(()), Err)
    }
}
