//! SHA3-256 (FIPS 202) of several equally long inputs at once, one in each lane of the processor's vectors.
//!
//! Owns Keccak-f[1600] over vectors, because no kept crate has it on stable Rust for x86-64. What the processor has is asked at run
//! time: eight lanes with AVX-512, four with AVX2, else nothing. `sha3` is the reference that the tests compare with.

use super::Digest;
use pulp::bytemuck::cast;
use pulp::x86::{V3, V4};
use std::arch::x86_64::{__m256i, __m512i};
use std::array::from_fn;

/// Bytes of a block of SHA3-256.
const RATE: usize = 136;
/// Words of 64 bits in a block.
const RATE_WORDS: usize = RATE / 8;

/// Round constants of iota, FIPS 202 §3.2.5.
const ROUNDS: [u64; 24] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808a,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808b,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008a,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000a,
    0x0000_0000_8000_808b,
    0x8000_0000_0000_008b,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800a,
    0x8000_0000_8000_000a,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];

/// What this processor can hash at once.
#[derive(Clone, Copy)]
pub enum Lanes {
    /// Eight inputs.
    Eight(V4),
    /// Four inputs.
    Four(V3),
}

impl Lanes {
    /// Asks the processor; `None` when it has no vectors that are wide enough.
    pub fn find() -> Option<Lanes> {
        let eight = V4::try_new().map(Lanes::Eight);
        eight.or_else(|| V3::try_new().map(Lanes::Four))
    }

    /// How many inputs [`Lanes::sha3`] takes.
    pub fn count(self) -> usize {
        match self {
            Lanes::Eight(_) => 8,
            Lanes::Four(_) => 4,
        }
    }

    /// The digests of [`Lanes::count`] inputs of one length; `None` for another number, or other lengths.
    pub fn sha3(self, inputs: &[&[u8]]) -> Option<Vec<Digest>> {
        if inputs.windows(2).any(|pair| pair[0].len() != pair[1].len()) {
            return None;
        }
        Some(match self {
            Lanes::Eight(v4) => v4.vectorize(Hash(v4, inputs.try_into().ok()?)).to_vec(),
            Lanes::Four(v3) => v3.vectorize(Hash(v3, inputs.try_into().ok()?)).to_vec(),
        })
    }
}

/// What Keccak needs of vectors of 64-bit words.
trait Vectors<const N: usize>: Copy {
    type Vector: Copy;
    fn gather(self, word: impl Fn(usize) -> u64) -> Self::Vector;
    fn words(self, vector: Self::Vector) -> [u64; N];
    fn xor(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a ^ (!b & c)`.
    fn chi(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// Rotates left by `LEFT`; `RIGHT` is 64 - `LEFT`.
    fn rotate<const LEFT: i32, const RIGHT: i32>(self, a: Self::Vector) -> Self::Vector;
}

impl Vectors<8> for V4 {
    type Vector = __m512i;

    #[inline(always)]
    fn gather(self, word: impl Fn(usize) -> u64) -> __m512i {
        cast::<[u64; 8], _>(from_fn(word))
    }

    #[inline(always)]
    fn words(self, vector: __m512i) -> [u64; 8] {
        cast(vector)
    }

    #[inline(always)]
    fn xor(self, a: __m512i, b: __m512i) -> __m512i {
        self.avx512f._mm512_xor_si512(a, b)
    }

    #[inline(always)]
    fn chi(self, a: __m512i, b: __m512i, c: __m512i) -> __m512i {
        // 0xD2 is the truth table of a ^ (!b & c).
        self.avx512f._mm512_ternarylogic_epi64::<0xD2>(a, b, c)
    }

    #[inline(always)]
    fn rotate<const LEFT: i32, const RIGHT: i32>(self, a: __m512i) -> __m512i {
        self.avx512f._mm512_rol_epi64::<LEFT>(a)
    }
}

impl Vectors<4> for V3 {
    type Vector = __m256i;

    #[inline(always)]
    fn gather(self, word: impl Fn(usize) -> u64) -> __m256i {
        cast::<[u64; 4], _>(from_fn(word))
    }

    #[inline(always)]
    fn words(self, vector: __m256i) -> [u64; 4] {
        cast(vector)
    }

    #[inline(always)]
    fn xor(self, a: __m256i, b: __m256i) -> __m256i {
        self.avx2._mm256_xor_si256(a, b)
    }

    #[inline(always)]
    fn chi(self, a: __m256i, b: __m256i, c: __m256i) -> __m256i {
        self.xor(a, self.avx2._mm256_andnot_si256(b, c))
    }

    #[inline(always)]
    fn rotate<const LEFT: i32, const RIGHT: i32>(self, a: __m256i) -> __m256i {
        let left = self.avx2._mm256_slli_epi64::<LEFT>(a);
        let right = self.avx2._mm256_srli_epi64::<RIGHT>(a);
        self.avx2._mm256_or_si256(left, right)
    }
}

/// The work as `pulp` compiles it for the processor's vectors.
struct Hash<'a, V, const N: usize>(V, [&'a [u8]; N]);

impl<V: Vectors<N>, const N: usize> pulp::NullaryFnOnce for Hash<'_, V, N> {
    type Output = [Digest; N];

    #[inline(always)]
    fn call(self) -> [Digest; N] {
        let Hash(v, inputs) = self;
        let mut state = [v.gather(|_| 0); 25];
        let whole = inputs[0].len() / RATE;
        for block in 0..whole {
            absorb(v, &mut state, inputs.map(|input| &input[block * RATE..]));
        }
        let last = inputs.map(|input| padded(&input[whole * RATE..]));
        absorb(v, &mut state, last.each_ref().map(|block| &block[..]));
        let words: [[u64; N]; 4] = from_fn(|word| v.words(state[word]));
        from_fn(|lane| {
            let mut digest = [0; 32];
            for (bytes, word) in digest.chunks_exact_mut(8).zip(words) {
                bytes.copy_from_slice(&word[lane].to_le_bytes());
            }
            Digest(digest)
        })
    }
}

/// The last block: domain bits 01 and the padding 10*1, FIPS 202 §6.1 and B.2.
fn padded(rest: &[u8]) -> [u8; RATE] {
    let mut block = [0; RATE];
    block[..rest.len()].copy_from_slice(rest);
    block[rest.len()] = 0x06;
    block[RATE - 1] |= 0x80;
    block
}

#[inline(always)]
fn absorb<V: Vectors<N>, const N: usize>(v: V, state: &mut [V::Vector; 25], blocks: [&[u8]; N]) {
    for (word, lane) in state.iter_mut().enumerate().take(RATE_WORDS) {
        let read = |input: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&blocks[input][word * 8..word * 8 + 8]);
            u64::from_le_bytes(bytes)
        };
        *lane = v.xor(*lane, v.gather(read));
    }
    for constant in ROUNDS {
        round(v, state, constant);
    }
}

/// Moves along the one cycle of pi, rotating by rho on the way: target and rotation of each step.
macro_rules! rho_pi {
    ($v:ident, $state:ident, $($to:literal $by:literal),*) => {
        let mut carried = $state[1];
        $(
            let next = $state[$to];
            $state[$to] = $v.rotate::<$by, { 64 - $by }>(carried);
            carried = next;
        )*
        let _ = carried;
    };
}

/// One round of Keccak-f[1600], FIPS 202 §3.2; lane (x, y) stands at 5y + x.
#[inline(always)]
fn round<V: Vectors<N>, const N: usize>(v: V, state: &mut [V::Vector; 25], constant: u64) {
    let column = |x: usize| {
        let ends = v.xor(v.xor(state[x], state[x + 5]), state[x + 10]);
        v.xor(v.xor(ends, state[x + 15]), state[x + 20])
    };
    let parity: [V::Vector; 5] = from_fn(column);
    for x in 0..5 {
        let theta = v.xor(parity[(x + 4) % 5], v.rotate::<1, 63>(parity[(x + 1) % 5]));
        for y in 0..5 {
            state[5 * y + x] = v.xor(state[5 * y + x], theta);
        }
    }
    rho_pi!(
        v, state, 10 1, 7 3, 11 6, 17 10, 18 15, 3 21, 5 28, 16 36, 8 45, 21 55, 24 2, 4 14,
        15 27, 23 41, 19 56, 13 8, 12 25, 2 43, 20 62, 14 18, 22 39, 9 61, 6 20, 1 44
    );
    for y in 0..5 {
        let row: [V::Vector; 5] = from_fn(|x| state[5 * y + x]);
        for x in 0..5 {
            state[5 * y + x] = v.chi(row[x], row[(x + 1) % 5], row[(x + 2) % 5]);
        }
    }
    state[0] = v.xor(state[0], v.gather(|_| constant));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way that this processor can take; the widest is not the only one that must be right.
    fn all() -> Vec<Lanes> {
        let eight = V4::try_new().map(Lanes::Eight);
        let four = V3::try_new().map(Lanes::Four);
        eight.into_iter().chain(four).collect()
    }

    #[test]
    fn lanes_agree_with_the_reference_at_every_length_around_a_block() {
        for lanes in all() {
            for length in (0..3 * RATE + 2).chain([4096, 10_000]) {
                let inputs: Vec<Vec<u8>> = (0..lanes.count())
                    .map(|lane| {
                        (0..length)
                            .map(|at| (at * 7 + lane * 31 + at / 256) as u8)
                            .collect()
                    })
                    .collect();
                let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
                let expected: Vec<_> = inputs.iter().map(|input| Digest::sha3(&[input])).collect();
                assert_eq!(lanes.sha3(&inputs), Some(expected), "length {length}");
            }
        }
    }

    #[test]
    fn other_numbers_and_lengths_are_not_taken() {
        for lanes in all() {
            let inputs = vec![&b"abc"[..]; lanes.count()];
            assert_eq!(lanes.sha3(&inputs[1..]), None);
            let mut other = inputs.clone();
            other[1] = b"ab";
            assert_eq!(lanes.sha3(&other), None);
        }
        assert!(Lanes::find().is_none_or(|lanes| lanes.sha3(&[]).is_none()));
    }
}
