//! Owns: which corners of a mesh are one, by their bits. Must never know: what meshes are for.
//!
//! Sorted by a digest of 32 bits with the place beside it in one word, because words sort several times faster than corners,
//! and a table of digests would be slow on a file that was made to be. Corners of one digest that differ are sorted by all
//! their bits.

use super::check::vertex_key;

/// Corner numbers of each triangle, from 1, and how many corners there are. The order of the numbers means nothing, and is the
/// same everywhere.
pub(crate) fn numbered(triangles: &[[[f32; 3]; 3]]) -> (Vec<[u32; 3]>, usize) {
    let all = triangles.as_flattened();
    let key = |place: u32| vertex_key(all[place as usize]);
    let words = (0_u32..).zip(all);
    let mut words: Vec<u64> = words
        .map(|(place, &corner)| u64::from(digest(vertex_key(corner))) << 32 | u64::from(place))
        .collect();
    words.sort_unstable();
    let place = |word: &u64| *word as u32;
    let mut numbers = vec![[0; 3]; triangles.len()];
    let mut last = 0;
    let mut group = Vec::new();
    for same in words.chunk_by(|a, b| a >> 32 == b >> 32) {
        group.clear();
        group.extend(same.iter().map(place));
        let first = key(group[0]);
        if group.iter().any(|&place| key(place) != first) {
            group.sort_unstable_by_key(|&place| (key(place), place));
        }
        for corners in group.chunk_by(|&a, &b| key(a) == key(b)) {
            last += 1;
            for &place in corners {
                numbers[place as usize / 3][place as usize % 3] = last;
            }
        }
    }
    (numbers, last as usize)
}

/// Every bit counts, and low ones of coordinates, which are often zero, no less.
fn digest([x, y, z]: [u32; 3]) -> u32 {
    let mixed = [x, y, z]
        .into_iter()
        .fold(0x9e37_79b9_7f4a_7c15, |mixed: u64, word| {
            let mixed = (mixed ^ u64::from(word)).wrapping_mul(0xd134_2543_de82_ef95);
            mixed ^ mixed >> 32
        });
    (mixed >> 16) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_are_one_when_their_bits_are() {
        let triangles = [
            [[0.0, 1.0, 2.0], [-0.0, 1.0, 2.0], [1.0, 0.0, 2.0]],
            [
                [1.0, 0.0, 2.0],
                [1.0, 2.0, 0.0],
                [1.0, f32::MIN_POSITIVE, 2.0],
            ],
        ];
        let (numbers, count) = numbered(&triangles);
        let [[a, b, c], [d, e, f]] = numbers[..] else {
            panic!("two triangles have two");
        };
        assert!(a == b && c == d && count == 4, "{numbers:?}");
        let mut all = [a, c, e, f];
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3, 4]);
    }

    #[test]
    fn corners_of_one_digest_are_told_apart() {
        // By search: the digest has 32 bits, so among 200,000 corners some share theirs.
        let corner = |i: u32| [(i % 449) as f32, (i / 449) as f32, 0.5];
        let all: Vec<[f32; 3]> = (0..200_001).map(corner).collect();
        let mut digests: Vec<u32> = all.iter().map(|&c| digest(vertex_key(c))).collect();
        digests.sort_unstable();
        assert!(
            digests.windows(2).any(|pair| pair[0] == pair[1]),
            "none to tell apart"
        );
        let (_, count) = numbered(all.as_chunks::<3>().0);
        assert_eq!(count, all.len());
    }
}
