//! Where in an object something stands.

use pik_core::MAX_POINTER_BYTES;

/// The steps from the outside to where a writer is.
#[derive(Default)]
pub(crate) struct Steps(Vec<Step>);

pub(crate) enum Step {
    Name(String),
    Index(usize),
}

impl Steps {
    pub(crate) fn enter(&mut self, step: Step) {
        self.0.push(step);
    }

    pub(crate) fn leave(&mut self) {
        self.0.pop();
    }

    /// The JSON Pointer to here, cut to the longest whole ancestor that fits, as the core cuts its own.
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.0 {
            let segment = match step {
                Step::Name(name) => name.replace('~', "~0").replace('/', "~1"),
                Step::Index(index) => index.to_string(),
            };
            if pointer.len() + 1 + segment.len() > MAX_POINTER_BYTES {
                break;
            }
            pointer.push('/');
            pointer.push_str(&segment);
        }
        pointer
    }
}
