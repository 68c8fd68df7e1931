use super::*;
use crate::fixtures::{self, TEXT};

#[test]
fn every_fixture_takes_its_mark() {
    for part in fixtures::all() {
        let t=std::time::Instant::now();
        let marked = part.marked(TEXT);
        println!("{} {:?} {} {} {} {}", part.name, t.elapsed(), marked.removed_mm3, marked.kept_triangles, marked.added_triangles, part.symbol(TEXT).size);
    }
}
