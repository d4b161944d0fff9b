//! Values as small numbers, equal exactly when the values are.

use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

/// The number of an interned value.
pub(crate) type Number = u32;

/// Every value once.
pub(crate) struct Interner<T> {
    numbers: HashMap<Rc<T>, Number>,
    values: Vec<Rc<T>>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { numbers: HashMap::default(), values: Vec::default() }
    }
}

impl<T: Eq + Hash> Interner<T> {
    /// The value's number.
    pub(crate) fn number(&mut self, value: T) -> Number {
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        let number = Number::try_from(self.values.len()).unwrap();
        let value = Rc::new(value);
        self.values.push(value.clone());
        self.numbers.insert(value, number);
        number
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The value of a number.
    pub(crate) fn value(&self, number: Number) -> Rc<T> {
        self.values[number as usize].clone()
    }
}
