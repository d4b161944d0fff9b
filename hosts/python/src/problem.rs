//! What is wrong with an event, as Python has it.

use pik_core::Rejection;
use pyo3::PyErr;

pyo3::import_exception!(pik_client.problem, EventRejected);

/// One thing that is wrong: its code, where, and what to do about it. Python makes a `Problem` of it.
type Problem = (&'static str, String, String);

/// Everything that is wrong with one event.
pub(crate) struct Refusal(pub(crate) Vec<Problem>);

impl Refusal {
    /// The exception that says so.
    pub(crate) fn raised(self) -> PyErr {
        EventRejected::new_err((self.0,))
    }
}

impl From<&Rejection> for Refusal {
    fn from(rejection: &Rejection) -> Self {
        let problems = rejection.problems().iter();
        Self(problems.map(|problem| (problem.code.as_str(), problem.path.clone(), problem.message.clone())).collect())
    }
}
