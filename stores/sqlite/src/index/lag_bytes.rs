//! Lags by bin, as bytes: for each bin its distance from the one before and its count, seven bits a byte.

/// Writes bins in ascending order.
pub(crate) fn write(bins: impl Iterator<Item = (i32, u64)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut before = 0;
    for (bin, count) in bins {
        let distance = i64::from(bin) - before;
        // The first may lie below zero: the sign goes into the lowest bit.
        write_number((distance << 1 ^ distance >> 63) as u64, &mut bytes);
        write_number(count, &mut bytes);
        before = i64::from(bin);
    }
    bytes
}

/// Reads what [`write()`] wrote; ends where that ends.
pub(crate) fn read(bytes: &[u8]) -> impl Iterator<Item = (i32, u64)> {
    let mut rest = bytes;
    let mut before = 0;
    std::iter::from_fn(move || {
        let zigzag = read_number(&mut rest)?;
        before += (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
        Some((i32::try_from(before).ok()?, read_number(&mut rest)?))
    })
}

fn write_number(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_read_back() {
        let cases: [&[(i32, u64)]; 5] = [
            &[],
            &[(0, 1)],
            &[(-7_000, 1), (-1, u64::MAX), (0, 127), (1, 128), (7_167, 3)],
            &[(i32::MIN, 1), (i32::MAX, 2)],
            &[(300, 5), (301, 6)],
        ];
        for bins in cases {
            let bytes = write(bins.iter().copied());
            assert_eq!(read(&bytes).collect::<Vec<_>>(), bins);
        }
        assert_eq!(write([(300, 5), (301, 6)].into_iter()).len(), 5);
    }

    #[test]
    fn what_is_cut_off_ends_early() {
        let bytes = write([(300, 5), (301, 600)].into_iter());
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).count() < 2);
        }
        assert_eq!(read(&[0xff; 12]).count(), 0);
    }
}
