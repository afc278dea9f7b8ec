//! The direction numbers of Joe and Kuo, unpacked for as many dimensions as are needed.
//!
//! Dimension j has a primitive polynomial x^s + `a_1` x^(s-1) + ... + `a_(s-1)` x + 1 over two
//! elements and odd `m_1`..`m_s` with `m_i` < 2^i. The direction numbers are
//! `V_i` = `m_i` 2^(32-i) for i <= s, and after that
//! `V_i` = `a_1` `V_(i-1)` ^ ... ^ `a_(s-1)` `V_(i-s+1)` ^ `V_(i-s)` ^ (`V_(i-s)` >> s).
//! S. Joe, F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections",
//! SIAM J. Sci. Comput. 30 (2008) 2635; their file new-joe-kuo-6.21201, of which
//! `joe-kuo-2008.bin` holds dimensions 2 to 4096 (licence beside it). That is a string of bits,
//! the lowest of each byte and of each number first: for each dimension s (5 bits), the
//! coefficients a (s - 1 bits, `a_1` the highest), and (`m_i` - 1)/2 for i = 1..s (i - 1 bits).
//! Weakness: a dimension can only be reached through those before it, some 0.1 ms for all.

use std::array;

/// Dimensions of the table.
pub(crate) const MAX_DIM: usize = 4096;

/// Bits of a coordinate, and of an index.
pub(super) const BITS: usize = 32;

static PACKED: &[u8] = include_bytes!("joe-kuo-2008.bin");

/// Reads numbers of some bits each; zeros after the end.
struct Bits {
    at: usize,
}

impl Bits {
    fn take(&mut self, bits: usize) -> u32 {
        let bit = |at: usize| {
            let byte = PACKED.get(at / 8).copied().unwrap_or(0);
            u32::from(byte >> (at % 8) & 1)
        };
        let number = (0..bits).fold(0, |n, i| n | bit(self.at + i) << i);
        self.at += bits;
        number
    }
}

/// The direction numbers of dimensions 1 to `dim`, `[BITS * dim]`, each with its bits reversed:
/// the first binary digit of a coordinate is the lowest bit.
pub(super) fn reversed(dim: usize) -> Vec<u32> {
    let mut all = vec![0; BITS * dim];
    let mut bits = Bits { at: 0 };
    for j in 0..dim {
        let v = if j == 0 {
            array::from_fn(|i| 1 << (BITS - 1 - i))
        } else {
            dimension(&mut bits)
        };
        for (i, v) in v.iter().enumerate() {
            all[i * dim + j] = v.reverse_bits();
        }
    }
    all
}

/// `V_1`..`V_32` of the next dimension.
fn dimension(bits: &mut Bits) -> [u32; BITS] {
    let s = bits.take(5) as usize;
    let a = bits.take(s - 1);
    let mut v = [0_u32; BITS];
    for (i, v) in v.iter_mut().enumerate().take(s) {
        let m = bits.take(i) << 1 | 1;
        *v = m << (BITS - 1 - i);
    }
    for i in s..BITS {
        v[i] = v[i - s] ^ v[i - s] >> s;
        for k in 1..s {
            if a >> (s - 1 - k) & 1 == 1 {
                v[i] ^= v[i - k];
            }
        }
    }
    v
}

#[cfg(test)]
mod tests {
    use super::*;

    /// s, a and m of a dimension, read back.
    fn row(dim: usize) -> (usize, u32, Vec<u32>) {
        let mut bits = Bits { at: 0 };
        for _ in 2..dim {
            dimension(&mut bits);
        }
        let s = bits.take(5) as usize;
        let a = bits.take(s - 1);
        (s, a, (0..s).map(|i| bits.take(i) << 1 | 1).collect())
    }

    #[test]
    fn rows_are_those_of_the_published_file() {
        assert_eq!(row(2), (1, 0, vec![1]));
        assert_eq!(row(3), (2, 1, vec![1, 3]));
        assert_eq!(row(7), (4, 4, vec![1, 3, 5, 13]));
        assert_eq!(row(10), (5, 7, vec![1, 1, 7, 11, 19]));
        let m = vec![1, 1, 5, 11, 11, 33, 37, 29, 263, 1019, 657, 1453, 7807];
        assert_eq!(row(1024), (13, 3538, m));
        let m = vec![
            1, 3, 5, 1, 3, 15, 63, 103, 119, 801, 1681, 3463, 6083, 6453, 11379, 8205,
        ];
        assert_eq!(row(4096), (16, 7009, m));
        assert_eq!(crc32fast::hash(PACKED), 0xa2e9_e9df);
    }

    #[test]
    fn matrices_are_triangular() {
        // Then each coordinate of 2^m points has one in each interval of 2^-m.
        let dim = MAX_DIM;
        for (at, v) in reversed(dim).iter().enumerate() {
            let i = at / dim;
            assert_eq!(v >> i, 1, "dimension {}", at % dim + 1);
        }
    }
}
