//! Mutations of bytes, the same in every run and on every machine.

/// How many mutations of each input: `FUZZ_ROUNDS`, or as many as a test of every day takes.
pub fn rounds(everyday: usize) -> usize {
    std::env::var("FUZZ_ROUNDS").map_or(everyday, |text| text.parse().unwrap())
}

/// Bytes that parsers trip over: ends of ranges, heads of CBOR, brackets, directions of text.
const TROUBLE: [&[u8]; 16] = [
    b"\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x5a\xff\xff\xff\xff",
    b"\x9f",
    b"\xbf",
    b"\xd2\x84",
    b"[[[[[[[[[[[[[[[[[",
    b"\"\\ud800\"",
    b"1e999",
    b"-9007199254740992",
    b"\xe2\x80\xae",
    b"\xef\xbb\xbf",
    b"nan",
    b"9999-12-31T23:59:59-23:59",
];

/// xorshift64*: good enough to be everywhere, and the same everywhere.
pub struct Dice(u64);

impl Dice {
    pub fn new(number: usize) -> Dice {
        Dice(0x9e37_79b9_7f4a_7c15 ^ number as u64)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound.max(1)
    }

    pub fn mutate(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(64)).min(bytes.len());
            match self.below(7) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..end)),
                2 => drop(bytes.splice(at..at, TROUBLE[self.below(TROUBLE.len())].to_vec())),
                3 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
                4 => {
                    let from = self.below(other.len() + 1);
                    let to = (from + self.below(64)).min(other.len());
                    drop(bytes.splice(at..end, other[from..to].to_vec()));
                }
                5 => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = self.below(256) as u8;
                    }
                }
                _ => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << self.below(8);
                    }
                }
            }
        }
    }
}
