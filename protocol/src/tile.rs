//! Tiles (c2sp.org/tlog-tiles): the log cut into files of 256 hashes or 256 entries, each with its one path.
//!
//! Owns paths, which tiles a log of a size has, and what stands in them. Must never know where they are kept, nor what
//! an entry means.

use crate::tree::Tree;
use std::fmt;
use std::str::FromStr;

/// Hashes or entries in a full tile.
pub const TILE_WIDTH: u64 = 256;

/// Levels of the tree between two rows of tiles: a full tile is a subtree of this height.
const HEIGHT: u32 = 8;

/// Highest row that a path can name.
const ROW_MAX: u8 = 63;

/// Bytes of a hash.
const HASH_BYTES: usize = 32;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Row {
    /// The entries themselves: a bundle.
    Entries,
    /// Hashes: row 0 of leaves, each further one of the roots of the full tiles of the row below. At most 63.
    Hashes(u8),
}

/// One tile, full or partial. A partial one is the beginning of the full one that it grows into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    row: Row,
    index: u64,
    /// From 1 to 256.
    width: u16,
}

/// Why a path or a bundle is refused.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TileError {
    /// Not a path of the specification, in its one form.
    #[error("not a tile's path")]
    Path,
    /// An entry is longer than its length can say.
    #[error("an entry has more than 65,535 bytes")]
    EntryTooLong,
    /// The bundle breaks off within an entry.
    #[error("the bundle breaks off within an entry")]
    BrokenOff,
}

impl Tile {
    /// The full tile at `index` of its row.
    pub fn full(row: Row, index: u64) -> Tile {
        Tile {
            row,
            index,
            width: TILE_WIDTH as u16,
        }
    }

    /// The tile at `index` as far as it is filled with `width` items; `None` for none, or for a full tile or more.
    pub fn partial(row: Row, index: u64, width: u64) -> Option<Tile> {
        let width = u16::try_from(width).ok()?;
        (1..TILE_WIDTH as u16)
            .contains(&width)
            .then_some(Tile { row, index, width })
    }

    /// What it holds.
    pub fn row(&self) -> Row {
        self.row
    }

    /// Which of its row: from 0.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Items in it: 1 to 256.
    pub fn width(&self) -> u64 {
        self.width.into()
    }

    /// Whether it can grow no more.
    pub fn is_full(&self) -> bool {
        self.width() == TILE_WIDTH
    }

    /// The full tile of which this is the beginning.
    pub fn whole(&self) -> Tile {
        Tile::full(self.row, self.index)
    }

    /// Place of its first item in the row; `None` beyond every log.
    pub fn first(&self) -> Option<u64> {
        self.index.checked_mul(TILE_WIDTH)
    }

    /// Whether a log of `size` entries has it.
    pub fn is_within(&self, size: u64) -> bool {
        let level = match self.row {
            Row::Entries => 0,
            Row::Hashes(level) => level,
        };
        let items = size.checked_shr(HEIGHT * u32::from(level)).unwrap_or(0);
        let end = self
            .first()
            .and_then(|first| first.checked_add(self.width()));
        end.is_some_and(|end| end <= items)
    }

    /// The bytes of a tile of hashes; `None` when the tree has it not, or when it is a bundle.
    pub fn hashes(&self, tree: &Tree) -> Option<Vec<u8>> {
        let Row::Hashes(row) = self.row else {
            return None;
        };
        let first = self.first()?;
        let items = first..first.checked_add(self.width())?;
        let level = HEIGHT * u32::from(row);
        let mut bytes = Vec::with_capacity(self.width() as usize * HASH_BYTES);
        for place in items {
            bytes.extend(tree.node(level, place)?.0);
        }
        Some(bytes)
    }

    /// The bytes of this tile, taken from those of the full one or of any that is as wide at least.
    pub fn within<'a>(&self, wider: &'a [u8]) -> Option<&'a [u8]> {
        let bytes = match self.row {
            Row::Hashes(_) => self.width() as usize * HASH_BYTES,
            Row::Entries => {
                let lengths = entries(wider).take(self.width() as usize);
                let lengths = lengths.map(|entry| entry.map(|entry| 2 + entry.len()));
                let lengths: Vec<usize> = lengths.collect::<Result<_, _>>().ok()?;
                (lengths.len() as u64 == self.width()).then(|| lengths.iter().sum())?
            }
        };
        wider.get(..bytes)
    }
}

/// The full tiles that a log of `new` entries has and one of `old` has not, in the order in which they fill: first a
/// bundle, then its row of leaf hashes, then what is full above.
pub fn completed(old: u64, new: u64) -> impl Iterator<Item = Tile> {
    (old / TILE_WIDTH..new / TILE_WIDTH).flat_map(|index| {
        let rows = (0..).map_while(move |row: u8| {
            let tiles = TILE_WIDTH.checked_pow(row.into())?;
            ((index + 1) % tiles == 0)
                .then(|| Tile::full(Row::Hashes(row), (index + 1) / tiles - 1))
        });
        std::iter::once(Tile::full(Row::Entries, index)).chain(rows)
    })
}

/// A bundle: each entry behind its length, two bytes, big-endian.
///
/// # Errors
/// [`TileError::EntryTooLong`].
pub fn bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, TileError> {
    let mut bytes = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len()).map_err(|_| TileError::EntryTooLong)?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(entry);
    }
    Ok(bytes)
}

/// The entries of a bundle in their order; the last item is an error when it breaks off.
pub fn entries(bundle: &[u8]) -> impl Iterator<Item = Result<&[u8], TileError>> {
    let mut rest = bundle;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let whole = rest.split_first_chunk().and_then(|(length, behind)| {
            behind.split_at_checked(u16::from_be_bytes(*length).into())
        });
        let (entry, behind) = whole.unwrap_or((&[], &[]));
        rest = behind;
        Some(whole.map(|_| entry).ok_or(TileError::BrokenOff))
    })
}

/// `tile/<row>/<index>[.p/<width>]`.
impl fmt::Display for Tile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Row::Entries => out.write_str("tile/entries/")?,
            Row::Hashes(level) => write!(out, "tile/{level}/")?,
        }
        let (mut groups, mut rest) = (vec![self.index % 1000], self.index / 1000);
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for group in groups[1..].iter().rev() {
            write!(out, "x{group:03}/")?;
        }
        write!(out, "{:03}", groups[0])?;
        if self.is_full() {
            return Ok(());
        }
        write!(out, ".p/{}", self.width)
    }
}

impl FromStr for Tile {
    type Err = TileError;

    fn from_str(path: &str) -> Result<Tile, TileError> {
        // Whatever reads like a path and is not the one form of it is found by writing it again.
        let tile = parse(path).ok_or(TileError::Path)?;
        if tile.to_string() == path {
            Ok(tile)
        } else {
            Err(TileError::Path)
        }
    }
}

fn parse(path: &str) -> Option<Tile> {
    let (row, place) = path.strip_prefix("tile/")?.split_once('/')?;
    let row = match row {
        "entries" => Row::Entries,
        level => Row::Hashes(level.parse().ok().filter(|level| *level <= ROW_MAX)?),
    };
    let (groups, width) = match place.split_once(".p/") {
        Some((groups, width)) => (groups, Some(width.parse().ok()?)),
        None => (place, None),
    };
    let mut index = 0_u64;
    for group in groups.split('/') {
        let group: u64 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
        index = index.checked_mul(1000)?.checked_add(group)?;
    }
    match width {
        Some(width) => Tile::partial(row, index, width),
        None => Some(Tile::full(row, index)),
    }
}

#[cfg(test)]
mod tests;
