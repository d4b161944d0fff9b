//! JSON values as values: two of them are equal exactly when the contract calls them the same.

/// A JSON value without any spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Decimal),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// The members of an object. Those of a valid one are sorted by name, each name once.
    Object(Vec<(String, Json)>),
    /// Text that is written as it stands, to plant faults.
    Text(String),
}

/// An exact number: 0.digits × 10^point, negative or not. Zero has no digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    digits: String,
    point: i64,
}

impl Decimal {
    /// The value 0.digits × 10^point, whatever zeros the digits have at their ends.
    pub fn new(negative: bool, digits: &str, point: i64) -> Self {
        let behind = digits.trim_start_matches('0');
        let point = point - (digits.len() - behind.len()) as i64;
        let digits = behind.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Self { negative: false, digits, point: 0 };
        }
        Self { negative, digits, point }
    }

    /// Below zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// The significant digits.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// Where the decimal point is, counted from before the first digit.
    pub fn point(&self) -> i64 {
        self.point
    }
}

impl Json {
    /// An object with its members sorted; of several members of one name the first is kept.
    pub fn object(mut members: Vec<(String, Json)>) -> Self {
        members.sort_by(|left, right| left.0.cmp(&right.0));
        members.dedup_by(|left, right| left.0 == right.0);
        Self::Object(members)
    }
}
