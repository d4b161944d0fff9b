//! The canonical form of numbers: the exact decimal value, written as ECMAScript writes numbers
//! (`docs/contract.md`, section 2).

use crate::scan::NumberToken;

/// The largest scientific exponent, either way, that a non-zero number may have.
const MAX_EXPONENT: i64 = 1_000_000;

/// Beyond what a body's digits can cancel, so a larger written exponent makes no difference.
const SATURATED: i64 = 1_000_000_000;

/// The number's scientific exponent is outside −1,000,000 … 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutOfRange;

/// Whether the written form is the canonical one. May say no of some that are.
#[inline]
pub(crate) fn is_canonical(number: &NumberToken<'_>) -> bool {
    if !number.exponent.is_empty() || number.integer.len() > 21 {
        return false;
    }
    match (number.integer, number.fraction) {
        ([b'0'], []) => !number.negative,
        (_, []) => true,
        // Up to five zeros behind the point; with six the form is scientific.
        ([b'0'], fraction) => {
            fraction[fraction.len() - 1] != b'0' && fraction.iter().take(6).any(|digit| *digit != b'0')
        }
        (_, fraction) => fraction[fraction.len() - 1] != b'0',
    }
}

/// Appends the canonical form.
pub(crate) fn write_number(number: &NumberToken<'_>, out: &mut Vec<u8>) -> Result<(), OutOfRange> {
    let Some(digits) = Digits::significant(number.integer, number.fraction) else {
        out.push(b'0');
        return Ok(());
    };
    // The value is 0.d1d2…dk × 10^n.
    let k = digits.len() as i64;
    let n = number.integer.len() as i64 - digits.leading_zeros as i64 + written_exponent(number.exponent);
    if !(-MAX_EXPONENT..=MAX_EXPONENT).contains(&(n - 1)) {
        return Err(OutOfRange);
    }
    if number.negative {
        out.push(b'-');
    }
    if k <= n && n <= 21 {
        digits.write(0..digits.len(), out);
        out.extend(core::iter::repeat_n(b'0', (n - k) as usize));
    } else if 0 < n && n <= 21 {
        digits.write(0..n as usize, out);
        out.push(b'.');
        digits.write(n as usize..digits.len(), out);
    } else if -6 < n && n <= 0 {
        out.extend_from_slice(b"0.");
        out.extend(core::iter::repeat_n(b'0', -n as usize));
        digits.write(0..digits.len(), out);
    } else {
        digits.write(0..1, out);
        if k > 1 {
            out.push(b'.');
            digits.write(1..digits.len(), out);
        }
        out.extend_from_slice(if n > 0 { b"e+" } else { b"e-" });
        out.extend_from_slice((n - 1).unsigned_abs().to_string().as_bytes());
    }
    Ok(())
}

/// The exponent as written, 0 when absent, cut to ±[`SATURATED`].
fn written_exponent(text: &[u8]) -> i64 {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let mut value: i64 = 0;
    for digit in digits {
        value = SATURATED.min(value * 10 + i64::from(digit - b'0'));
    }
    if negative { -value } else { value }
}

/// The digits from the first to the last that is not zero, across the decimal point.
struct Digits<'a> {
    integer: &'a [u8],
    fraction: &'a [u8],
    leading_zeros: usize,
}

impl<'a> Digits<'a> {
    /// `None` for zero.
    fn significant(integer: &'a [u8], fraction: &'a [u8]) -> Option<Self> {
        let not_zero = |digit: &u8| *digit != b'0';
        let (fraction, integer) = match fraction.iter().rposition(not_zero) {
            Some(last) => (&fraction[..=last], integer),
            None => (&fraction[..0], &integer[..=integer.iter().rposition(not_zero)?]),
        };
        match integer.iter().position(not_zero) {
            Some(first) => Some(Self { integer: &integer[first..], fraction, leading_zeros: first }),
            None => {
                let first = fraction.iter().position(not_zero)?;
                Some(Self { integer: &[], fraction: &fraction[first..], leading_zeros: integer.len() + first })
            }
        }
    }

    fn len(&self) -> usize {
        self.integer.len() + self.fraction.len()
    }

    fn write(&self, range: core::ops::Range<usize>, out: &mut Vec<u8>) {
        let split = self.integer.len();
        out.extend_from_slice(&self.integer[range.start.min(split)..range.end.min(split)]);
        out.extend_from_slice(&self.fraction[range.start.max(split) - split..range.end.max(split) - split]);
    }
}
