//! What a file says of its columns.

/// The columns of a file that says beforehand which there are.
pub(crate) struct Header {
    pub(crate) names: Vec<String>,
    /// The row that has the names, in a table of texts.
    pub(crate) row: Option<Vec<u8>>,
    /// Those among them whose values are floats, of which some may be no numbers.
    pub(crate) floats: Vec<String>,
}
