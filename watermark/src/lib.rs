//! Mark text to mesh to photograph: the identity that a printed part carries as relief.
//!
//! Owns: STL meshes and what makes one solid, how far the 3D scan of a part is from a mesh (`scan`), the declared mark zone, the QR symbol, its recess in the mesh, and
//! reading the symbol back from a photograph, and how good it is there.
//!
//! Must never know: what a mark means. To embed, it takes the text; to read, it takes a function that says which
//! texts are marks. It does no I/O, reads no clock and makes no randomness: same input, same bytes.

pub mod grade;
pub mod mesh;
pub mod part;
pub mod process;
pub mod read;
pub mod relief;
#[cfg(feature = "render")]
pub mod render;
pub mod scan;
pub mod symbol;
pub mod tag;
pub mod threemf;
mod vec3;
pub mod zone;

#[cfg(test)]
mod fixtures;
